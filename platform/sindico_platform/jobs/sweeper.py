"""The sweeper: takes back leases of dead workers, and forgets what ended long ago."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from sindico_platform.database.driver import driver
from sindico_platform.jobs.models import JobState
from sindico_platform.telemetry import metrics
from sindico_platform.words import translatable

SWEEP = "SELECT * FROM control.sweep_jobs($1)"
PURGE = "SELECT control.purge_jobs($1, $2)"

SILENCE_SECONDS = 15.0
"""A worker says every 3 s that it lives; after this it counts as dead."""
NEVER_SECONDS = 86_400.0
KEEP_DAYS = 14.0
PURGE_BATCH = 5_000

# What `control.sweep_jobs` writes into a row whose worker was lost.
WORKER_LOST = translatable("The worker stopped before it could finish, {attempts} times now.")

log = structlog.get_logger()


@dataclass(slots=True)
class Sweeper:
    """Remembers since when it has swept without a gap.

    After a gap (the database was away, the machine asleep) the workers may have been as unable to
    speak as we were to listen; their silence counts only once we have listened long enough.
    """

    fleet: AsyncEngine
    silence_seconds: float = SILENCE_SECONDS
    clock: Callable[[], float] = time.monotonic
    _steady_since: float = field(default=0, init=False)
    _last: float | None = field(default=None, init=False)

    async def sweep(self) -> int:
        """Take back every lease that ran out. Two sweepers at once do no harm.

        Returns:
            How many jobs wait again or became dead letters.
        """
        async with driver(self.fleet) as connection:
            rows = await connection.fetch(SWEEP, self._tolerated_silence())
        for row in rows:
            dead = row["state"] == JobState.FAILED
            log.warning(
                "job_dead" if dead else "job_lease_expired",
                tenant_id=str(row["tenant_id"]),
                job_id=str(row["id"]),
                function=row["function"],
            )
        metrics.jobs_leases_expired_total.inc(len(rows))
        return len(rows)

    def _tolerated_silence(self) -> float:
        now = self.clock()
        if self._last is None or now - self._last > self.silence_seconds / 3:
            self._steady_since = now
        self._last = now
        steady = now - self._steady_since >= self.silence_seconds
        return self.silence_seconds if steady else NEVER_SECONDS


async def purge(fleet: AsyncEngine, *, keep_days: float = KEEP_DAYS) -> int:
    """Delete jobs that ended more than `keep_days` ago, except dead letters.

    Returns:
        How many were deleted.
    """
    total = 0
    while True:
        async with driver(fleet) as connection:
            deleted: int = await connection.fetchval(PURGE, keep_days, PURGE_BATCH)
        total += deleted
        if deleted < PURGE_BATCH:
            return total
