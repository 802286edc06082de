"""Schedules as callers see them."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta

from sindico_platform.schemas import Input, Output

MIN_INTERVAL_MINUTES, MAX_INTERVAL_MINUTES = 15, 7 * 24 * 60
MAX_TIMES = 24


class ScheduleIn(Input, kw_only=True, frozen=True):
    """When an integration runs by itself."""

    kind: Annotated[Literal["none", "daily", "interval"], Meta(examples=["daily"])]
    times: Annotated[tuple[str, ...], Meta(examples=[["00:00", "12:30"]])] = ()
    """`HH:MM` in the tenant's zone, one at least; only of a `daily` schedule."""
    interval_minutes: Annotated[int | None, Meta(examples=[None])] = None
    """From 15 to 10080; only of an `interval` schedule."""


class PauseIn(Input, kw_only=True, frozen=True):
    """Why the schedule is to stand still."""

    reason: Annotated[str, Meta(min_length=1, max_length=500, examples=["Inventory"])]


class RefusalOut(Output, kw_only=True, frozen=True):
    """Why no load could begin."""

    code: str
    detail: str


class ScheduledRunOut(Output, kw_only=True, frozen=True):
    """What came of one time at which a load was to run."""

    planned_at: datetime
    at: datetime
    """When it was seen to; later than planned after an outage."""
    outcome: str
    """`started`, `skipped` because the load before had not ended, or `refused`."""
    load_id: UUID | None
    missed: int
    """Later times that had passed as well and that this run stands for."""
    refusal: RefusalOut | None


class ScheduleOut(Output, kw_only=True, frozen=True):
    """When an integration runs by itself."""

    integration_id: UUID
    kind: str
    times: list[str]
    interval_minutes: int | None
    timezone: str
    is_scheduled: bool
    next_run_at: datetime | None
    """None while nothing is planned; the run begins within two minutes after it."""
    is_paused: bool
    paused_at: datetime | None
    paused_by: str | None
    pause_reason: str | None
    last_run: ScheduledRunOut | None
    """What came of the last planned time."""
    revision: int
    """0 as long as nothing was ever planned."""
