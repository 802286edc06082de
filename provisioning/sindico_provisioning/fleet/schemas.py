"""The fleet as callers see it: names, states and figures."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sindico_platform.schemas import Output


class FleetTenantOut(Output, kw_only=True, frozen=True):
    """Whose integration it is."""

    id: UUID
    name: str
    domain: str
    state: str
    package: str | None


class FleetRunOut(Output, kw_only=True, frozen=True):
    """One of the last runs that ended."""

    finished_at: datetime
    status: str
    duration_seconds: float


class FleetItem(Output, kw_only=True, frozen=True):
    """One integration of one tenant."""

    id: UUID
    name: str
    kind: str
    tenant: FleetTenantOut
    health: str
    """`failing`, `late`, `never` (nothing came yet), `paused` or `healthy`."""
    reason: str
    """Why: `tenant-inactive`, `integration-paused`, `last-run-failed`, `never-run`,
    `schedule-paused`, `run-overdue`, `success-too-old`, `not-scheduled` or `in-time`.
    """
    is_running: bool
    last_success_at: datetime | None
    last_run_at: datetime | None
    last_run_status: str | None
    error_code: str | None
    """Of the last run that ended, if it failed."""
    failures: int
    """Runs that failed since the last success."""
    next_run_at: datetime | None
    """None while nothing is planned."""
    duration_seconds: float | None
    """Of the last success."""
    median_seconds: float | None
    """Of the successes among `runs`."""
    runs: list[FleetRunOut]
    """The last ones that ended, oldest first; at most 12."""
    staged_rows: int | None
    size_bytes: int | None
    """What it takes in the intermediate database; None before it was measured."""
    measured_at: datetime | None


class FleetSummaryOut(Output, kw_only=True, frozen=True):
    """How many integrations are how, over all that the filters leave."""

    failing: int
    late: int
    never: int
    paused: int
    healthy: int
    running: int
    size_bytes: int

    @property
    def integrations(self) -> int:
        return self.failing + self.late + self.never + self.paused + self.healthy


@dataclass(frozen=True, kw_only=True, slots=True)
class FleetFilter:
    """Which integrations; None does not restrict."""

    search: str | None = None
    """Part of the tenant's name or domain, or of the integration's name."""
    health: str | None = None
    kind: str | None = None
    package: str | None = None
