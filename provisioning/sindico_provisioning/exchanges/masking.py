"""What of a body is shown to those who may not see personal data."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote

import msgspec

from sindico_platform.database.tx import Actor
from sindico_provisioning.erp_tables.schemas import ErpTable

SEES_PERSONAL_DATA = "personal_data:view"
MASK = "***"
PAGING = frozenset({"after", "limit", "sort"})
HARMLESS = PAGING | {"atomic", "changed_since", "changed_until", "id_erp", "removed", "waiting"}
"""Query parameters that hold nothing about a person; keys are shown of rows too."""
KEPT = ":,+"
"""Characters that a query may have as they are, beside letters, digits and `_.-~`."""


def sees_all(actor: Actor) -> bool:
    """Whether bodies are shown to the actor as they are."""
    return actor.may(SEES_PERSONAL_DATA)


def mask_row(table: ErpTable, row: Mapping[str, Any]) -> dict[str, Any]:
    """Put a mask over what the table marks as personal, and over what it does not know.

    Nulls stay, so that one still sees what is missing.
    """
    plain = table.impersonal
    return {name: value if value is None or name in plain else MASK for name, value in row.items()}


def mask_json(table: ErpTable, rendered: str) -> str:
    """Put a mask over a row as JSON; over all of it if it is no object."""
    row = msgspec.json.decode(rendered)
    return msgspec.json.encode(mask_row(table, row) if isinstance(row, dict) else MASK).decode()


def mask_facts(table: ErpTable, field: str, facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """Put a mask over what a reason quotes of a field; numbers are limits and lengths."""
    if field in table.impersonal:
        return facts
    return {name: MASK if isinstance(fact, str) else fact for name, fact in facts.items()}


def mask_errors(table: ErpTable, errors: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Put a mask over what the reasons of a rejected row quote of it."""
    return [
        {**error, "facts": mask_facts(table, error["field"], error["facts"])} for error in errors
    ]


def mask_query(query: str) -> str:
    """Put a mask over the values of a query string, but for those of `HARMLESS` parameters.

    Whoever may look for a person by name, document or address writes it into the query; what the
    ledger keeps is shown to people who may not see it.
    """
    pairs = parse_qsl(query, keep_blank_values=True, errors="replace")
    return "&".join(_mask_pair(name, value) for name, value in pairs)


def _mask_pair(name: str, value: str) -> str:
    if name in HARMLESS:
        return f"{name}={quote(value, safe=KEPT)}"
    is_name = name.isidentifier() and value != ""
    return f"{quote(name) if is_name else MASK}={MASK}"
