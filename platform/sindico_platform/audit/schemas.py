"""What goes out about the audit trail."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sindico_platform.schemas import Output


class AuditActorOut(Output, frozen=True):
    """Who did it; of another tenant when the vendor's staff did."""

    tenant_id: UUID
    kind: str
    id: UUID | None
    name: str


class AuditChangeOut(Output, frozen=True):
    """One field, before and after."""

    field: str
    before: Any
    after: Any


class AuditEventOut(Output, frozen=True):
    """One thing that was done."""

    id: UUID
    at: datetime
    tag: str
    """``noun:verb``."""
    actor: AuditActorOut
    target_type: str | None
    target_id: UUID | None
    facts: dict[str, Any]
    changes: list[AuditChangeOut]
    is_erased: bool
    """The changes were recorded and have been erased since."""
    request_id: str | None
    seal_number: int | None
    """The seal that covers it; none in the first seconds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditFilters:
    """Which events; None does not restrict."""

    tag: str | None = None
    actor: str | None = None
    """A login or a client's name, exactly."""
    target_type: str | None = None
    target_id: UUID | None = None
    since: datetime | None = None
    """Inclusive."""
    until: datetime | None = None
    """Exclusive."""
