"""What goes out about integrations."""

from datetime import datetime
from typing import Self
from uuid import UUID

from sindico_platform.schemas import Input, Output
from sindico_provisioning.erp_tables.schemas import UnknownFields
from sindico_provisioning.integrations.models import Integration


class IntegrationOut(Output, frozen=True):
    """One source of ERP data."""

    id: UUID
    kind: str
    name: str
    state: str
    state_at: datetime
    is_default: bool
    unknown_fields: str
    """`reject` rows with fields that their table does not know, or `keep` those fields."""
    created_at: datetime

    @classmethod
    def from_row(cls, row: Integration) -> Self:
        return cls(
            id=row.id,
            kind=row.kind,
            name=row.name,
            state=row.state,
            state_at=row.state_at,
            is_default=row.is_default,
            unknown_fields=row.unknown_fields,
            created_at=row.created_at,
        )


class IntegrationSettingsIn(Input, kw_only=True, frozen=True):
    """What may be set of an integration."""

    unknown_fields: UnknownFields
    """`reject` a row with fields that the table does not know, or `keep` them with it."""
