"""What goes out about integrations."""

from datetime import datetime
from typing import Self
from uuid import UUID

from sindico_platform.schemas import Output
from sindico_provisioning.integrations.models import Integration


class IntegrationOut(Output, frozen=True):
    """One source of ERP data."""

    id: UUID
    kind: str
    name: str
    state: str
    state_at: datetime
    is_default: bool
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
            created_at=row.created_at,
        )
