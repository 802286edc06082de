"""Every SELECT over jobs."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from sindico_platform.database.driver import driver
from sindico_platform.database.tx import Tx
from sindico_platform.jobs.errors import JobNotFound
from sindico_platform.jobs.models import Job, JobState
from sindico_platform.telemetry import metrics

FIGURES = """
    WITH due AS (
        SELECT tenant_id, due_at FROM control.job
        WHERE state = 'pending' AND dispatched_at IS NULL AND due_at <= now()
        UNION ALL
        SELECT tenant_id, due_at FROM control.job
        WHERE dispatched_at IS NOT NULL AND state = 'pending'
    ), heard AS (
        SELECT due_at FROM due WHERE NOT EXISTS (
            SELECT FROM control.tenant AS t
            WHERE t.tenant_id = due.tenant_id AND t.state = 'suspended')
    )
    SELECT count(*), coalesce(extract(epoch FROM now() - min(due_at)), 0)::float8,
        (SELECT count(*) FROM control.job WHERE state = 'failed')
    FROM heard
"""


@dataclass(frozen=True, slots=True)
class JobFigures:
    """The state of the queue over all tenants that are not suspended."""

    due: int
    oldest_due_age_seconds: float
    dead: int


async def read_figures(fleet: AsyncEngine) -> JobFigures:
    async with driver(fleet) as connection:
        return JobFigures(*await connection.fetchrow(FIGURES))


async def refresh_figures(fleet: AsyncEngine) -> None:
    """Set the gauges of the queue."""
    figures = await read_figures(fleet)
    metrics.jobs_due.set(figures.due)
    metrics.jobs_oldest_due_age_seconds.set(figures.oldest_due_age_seconds)
    metrics.jobs_dead.set(figures.dead)


async def count_dead(fleet: AsyncSession) -> int:
    """How many jobs of all tenants gave up and wait for somebody."""
    return await fleet.scalar(select(func.count(Job.id)).where(Job.state == JobState.FAILED)) or 0


async def lock_job(tx: Tx, job_id: UUID) -> Job:
    """Raises: JobNotFound."""
    row = await tx.session.scalar(
        select(Job).where(Job.tenant_id == tx.tenant_id, Job.id == job_id).with_for_update()
    )
    if row is None:
        raise JobNotFound
    return row
