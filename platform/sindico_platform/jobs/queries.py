"""Every SELECT over jobs."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, literal, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from sindico_platform.database.driver import driver
from sindico_platform.database.tx import Tx
from sindico_platform.jobs.errors import JobNotFound
from sindico_platform.jobs.models import Job, JobState
from sindico_platform.jobs.registry import JobFunction, declaration_of
from sindico_platform.jobs.schemas import DeadLetterOut, JobErrorOut, JobOut
from sindico_platform.paging.keyset import Keyset
from sindico_platform.paging.schemas import Page, PageRequest
from sindico_platform.telemetry import metrics
from sindico_platform.tenancy.models import Tenant
from sindico_platform.words import Translate, in_english

# Ids are ordered by time.
ORDERS = Keyset(Job.id, default="-created_at", created_at=Job.id)
KNOWN_TO_FLEET = (
    Job.id,
    Job.function,
    Job.state,
    Job.attempts,
    Job.max_attempts,
    Job.last_error,
    Job.due_at,
    Job.created_at,
    Job.started_at,
    Job.finished_at,
)


FIGURES = """
    WITH due AS (
        SELECT tenant_id, due_at, even_suspended FROM control.job
        WHERE state = 'pending' AND dispatched_at IS NULL AND due_at <= now()
        UNION ALL
        SELECT tenant_id, due_at, even_suspended FROM control.job
        WHERE dispatched_at IS NOT NULL AND state = 'pending'
    ), heard AS (
        SELECT due_at FROM due WHERE even_suspended OR NOT EXISTS (
            SELECT FROM control.tenant AS t
            WHERE t.tenant_id = due.tenant_id AND t.state <> 'active')
    )
    SELECT count(*), coalesce(extract(epoch FROM now() - min(due_at)), 0)::float8,
        (SELECT count(*) FROM control.job WHERE state = 'failed')
    FROM heard
"""


@dataclass(frozen=True, slots=True)
class JobFigures:
    """The state of the queue, but for jobs that wait until their tenant is active again."""

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
    return await fleet.scalar(select(func.count(Job.id)).where(*_in_state(JobState.FAILED))) or 0


async def list_jobs(
    tx: Tx,
    request: PageRequest,
    *,
    status: JobState | None = None,
    translate: Translate = in_english,
) -> Page[JobOut]:
    """The bound tenant's jobs; the order is `created_at`."""
    columns: list[Any] = [*KNOWN_TO_FLEET, Job.actor_name, Job.progress, _order(request)]
    query = select(*columns).where(Job.tenant_id == tx.tenant_id, *_in_state(status))
    rows = (await tx.session.execute(ORDERS.apply(query, request))).all()
    return ORDERS.page(rows, request, lambda row: show_job(row, translate))


async def find_state(tx: Tx, job_id: UUID) -> JobState | None:
    """Where one of the bound tenant's jobs stands; None when there is no such job any more."""
    query = select(Job.state).where(Job.tenant_id == tx.tenant_id, Job.id == job_id)
    found = await tx.session.scalar(query)
    return JobState(found) if found else None


async def count_unfinished(tx: Tx, function: JobFunction) -> int:
    """How many of the bound tenant's jobs of a function wait or run."""
    query = select(func.count()).where(
        Job.tenant_id == tx.tenant_id,
        Job.function == declaration_of(function).name,
        Job.state.in_([JobState.PENDING, JobState.RUNNING]),
    )
    return await tx.session.scalar(query) or 0


async def list_waiting_ids(tx: Tx, function: JobFunction, name: str) -> set[UUID]:
    """What the bound tenant's jobs of a function that have not begun are for.

    Args:
        name: the function's parameter that says it, such as ``settings_id``.
    """
    query = select(Job.args[name].astext).where(
        Job.tenant_id == tx.tenant_id,
        Job.function == declaration_of(function).name,
        Job.state == JobState.PENDING,
    )
    return {UUID(each) for each in await tx.session.scalars(query)}


async def list_dead_letters(
    fleet: AsyncSession, request: PageRequest, *, translate: Translate = in_english
) -> Page[DeadLetterOut]:
    """Every tenant's jobs that gave up; the order is `created_at`."""
    columns: list[Any] = [*KNOWN_TO_FLEET, Tenant.tenant_id, Tenant.name, Tenant.domain]
    query = (
        select(*columns, _order(request))
        .join(Tenant, Tenant.tenant_id == Job.tenant_id)
        .where(*_in_state(JobState.FAILED))
    )
    rows = (await fleet.execute(ORDERS.apply(query, request))).all()
    return ORDERS.page(rows, request, lambda row: _show_dead_letter(row, translate))


async def get_job(tx: Tx, job_id: UUID, *, translate: Translate = in_english) -> JobOut:
    """Raises: JobNotFound."""
    row = await tx.session.scalar(
        select(Job).where(Job.tenant_id == tx.tenant_id, Job.id == job_id)
    )
    if row is None:
        raise JobNotFound
    return show_job(row, translate)


def _order(request: PageRequest) -> ColumnElement[Any]:
    return ORDERS.column_of(request).label("order_value")


def _in_state(state: JobState | None) -> list[ColumnElement[bool]]:
    """Spelt out in the statement: a parameter could not use the index of failed jobs."""
    return [] if state is None else [Job.state == literal(state.value, literal_execute=True)]


def show_job(row: Any, translate: Translate = in_english) -> JobOut:
    """A row, or what a query took of it, as callers see it."""
    return JobOut(**_common(row, translate), requested_by=row.actor_name, progress=row.progress)


def _show_dead_letter(row: Any, translate: Translate) -> DeadLetterOut:
    return DeadLetterOut(
        **_common(row, translate),
        tenant_id=row.tenant_id,
        tenant_name=row.name,
        tenant_domain=row.domain,
    )


def _common(row: Any, translate: Translate) -> dict[str, Any]:
    return {
        "id": row.id,
        "function": row.function,
        "status": row.state,
        "attempts": row.attempts,
        "max_attempts": row.max_attempts,
        "error": None if row.last_error is None else _show_error(row.last_error, translate),
        "due_at": row.due_at,
        "created_at": row.created_at,
        "started_at": row.started_at,
        "finished_at": row.finished_at,
    }


def _show_error(error: dict[str, Any], translate: Translate) -> JobErrorOut:
    return JobErrorOut(
        code=error["code"],
        detail=translate(error["detail"], **error["facts"]),
        facts=error["facts"],
    )


async def lock_job(tx: Tx, job_id: UUID) -> Job:
    """Raises: JobNotFound."""
    row = await tx.session.scalar(
        select(Job).where(Job.tenant_id == tx.tenant_id, Job.id == job_id).with_for_update()
    )
    if row is None:
        raise JobNotFound
    return row


async def find_tenant_state(tx: Tx) -> str | None:
    """State of the bound tenant."""
    state: str | None = await tx.session.scalar(
        select(Tenant.state).where(Tenant.tenant_id == tx.tenant_id)
    )
    return state
