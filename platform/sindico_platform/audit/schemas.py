"""What goes out about the audit trail."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta

from sindico_platform.schemas import Input, Output


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


class AuditErasureIn(Input, kw_only=True, frozen=True):
    """The record of which before and after are to be forgotten."""

    target_type: Annotated[str, Meta(pattern="^[a-z][a-z_-]{0,59}$", examples=["user"])]
    """Kind of record, as its events tell it."""
    target_id: UUID


class AuditErasureOut(Output, frozen=True):
    """What the trail holds of one record."""

    target_type: str
    target_id: UUID
    events: int
    """Told of the record; each stays."""
    with_changes: int
    """Of them, how many hold before and after now."""
    erased: int
    """Of them, how many lost before and after just now."""


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
