"""The watch over integrations as callers see it, and as the watchdog does."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from sindico_platform.schemas import Input, Output

MAX_CONTACTS = 10


class FreshnessIn(Input, kw_only=True, frozen=True):
    """How long an integration may go without success, and whom to tell."""

    max_hours: Annotated[int | None, Meta(examples=[24])] = None
    """From 1 to 8760; null watches nothing."""
    contacts: Annotated[tuple[str, ...], Meta(examples=[["ti@acme.com.br"]])] = ()
    """Mail addresses of active users, at most 10; without any, whoever may edit integrations is
    told."""


class SnoozeIn(Input, kw_only=True, frozen=True):
    """Why nobody is to be told for a while, and until when."""

    reason: Annotated[str, Meta(min_length=1, max_length=500, examples=["The ERP is updated"])]
    until: Annotated[datetime, Meta(tz=True, examples=["2126-01-31T12:00:00Z"])]
    """At most 30 days ahead."""


class IncidentState(StrEnum):
    """How an incident stands for people."""

    OPEN = "open"
    SNOOZED = "snoozed"
    """Open, and nobody is told until an instant."""
    CLOSED = "closed"


class IncidentItem(Output, kw_only=True, frozen=True):
    """A time in which an integration was late."""

    id: UUID
    integration_id: UUID
    integration: str
    """Its name."""
    state: str
    """`open`, `snoozed` or `closed`."""
    max_hours: int
    last_success_at: datetime | None
    opened_at: datetime
    told_at: datetime | None
    """When people were last told; null while that is still to come, as after a snooze."""
    tellings: int
    """How often people were told that it is open."""
    snoozed_until: datetime | None
    snooze_reason: str | None
    snoozed_by: str | None
    closed_at: datetime | None
    closed_code: str | None
    """`recovered`, or `settings-changed`."""


class FreshnessOut(Output, kw_only=True, frozen=True):
    """How fresh an integration is, and must be."""

    integration_id: UUID
    state: str
    """`unwatched`, `fresh`, `late` while a run that moves may still help, `down` in an incident."""
    max_hours: int | None
    is_default: bool
    """Nobody chose the limit: 24 hours, or twice the interval, for what runs by itself."""
    contacts: list[str]
    last_success_at: datetime | None
    late_at: datetime | None
    """When the limit passes, or passed."""
    incident_id: UUID | None
    """The one that is open."""
    opened_at: datetime | None
    snoozed_until: datetime | None
    snooze_reason: str | None
    snoozed_by: str | None
    revision: int


class OpenIncident(Output, kw_only=True, frozen=True):
    """An incident that is open and not snoozed, for the console's banner."""

    id: UUID
    integration_id: UUID
    integration: str
    max_hours: int
    last_success_at: datetime | None
    opened_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """Everything that follows from the rows about one integration now."""

    tenant_id: UUID
    integration_id: UUID
    name: str
    max_hours: int | None
    """None when it is not watched."""
    is_default: bool
    last_success_at: datetime | None
    late_at: datetime | None
    is_late: bool
    is_down: bool
    """Late, and no run that moves lets one wait a little longer."""
    incident_id: UUID | None
    opened_at: datetime | None
    is_snoozed: bool
    failures: int
    """Complete runs that failed since the last that succeeded."""
    failing_since: datetime | None
    must_open: bool
    must_close: bool
    must_tell: bool
    must_warn: bool
    must_pause: bool
