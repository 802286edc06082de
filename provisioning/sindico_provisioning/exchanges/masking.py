"""What of a body is shown to those who may not see personal data."""

from collections.abc import Mapping
from typing import Any

from sindico_platform.database.tx import Actor
from sindico_provisioning.erp_tables.schemas import ErpTable

SEES_PERSONAL_DATA = "personal_data:view"
MASK = "***"


def sees_all(actor: Actor) -> bool:
    """Whether bodies are shown to the actor as they are."""
    return actor.may(SEES_PERSONAL_DATA)


def mask_row(table: ErpTable, row: Mapping[str, Any]) -> dict[str, Any]:
    """Put a mask over what the table marks as personal, and over what it does not know.

    Nulls stay, so that one still sees what is missing.
    """
    plain = {field.name for field in table.columns if not field.personal}
    return {name: value if value is None or name in plain else MASK for name, value in row.items()}
