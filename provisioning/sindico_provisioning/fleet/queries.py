"""Every SELECT across the fleet. Three statements whatever its size, and no table with records."""

from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from statistics import median
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Double,
    Row,
    Subquery,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    text,
    true,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncSession

from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.paging.keyset import Keyset
from sindico_platform.paging.schemas import Page, PageRequest
from sindico_platform.telemetry import metrics
from sindico_platform.tenancy.models import Tenant, TenantState
from sindico_provisioning.fleet.health import HEALTH_OF, OVERDUE, Health, Reason
from sindico_provisioning.fleet.schemas import (
    FleetFilter,
    FleetItem,
    FleetRunOut,
    FleetSummaryOut,
    FleetTenantOut,
)
from sindico_provisioning.freshness.queries import judged
from sindico_provisioning.integrations.models import Integration, IntegrationState
from sindico_provisioning.loads.models import ACTIVE, Load, LoadStatus
from sindico_provisioning.packages.models import Subscription
from sindico_provisioning.schedules.models import Schedule
from sindico_provisioning.staging.sizes.models import StagingSize

SHOWN_RUNS = 12
NOWHERE = UUID(int=0)
ENDED = (LoadStatus.SUCCEEDED, LoadStatus.FAILED)
"""A run that people cancelled says nothing of an integration's health."""


def _newest(name: str, *conditions: ColumnElement[bool]) -> Any:
    """The integration's newest load that meets the conditions; none is a row of nulls."""
    return (
        select(
            Load.id,
            Load.status,
            Load.finished_at,
            Load.error["code"].astext.label("error_code"),
            func.extract("epoch", Load.finished_at - Load.started_at).cast(Double).label("seconds"),
        )
        .where(
            Load.tenant_id == Integration.tenant_id,
            Load.integration_id == Integration.id,
            *conditions,
        )
        .order_by(Load.id.desc())
        .limit(1)
        .lateral(name)
    )


def _reason(ended: Any, active: Any, condition: Any) -> ColumnElement[str]:
    idle = active.c.id.is_(None)
    return case(
        (Tenant.state != TenantState.ACTIVE, Reason.TENANT_INACTIVE),
        (Integration.state != IntegrationState.ACTIVE, Reason.INTEGRATION_PAUSED),
        (ended.c.status == LoadStatus.FAILED, Reason.LAST_RUN_FAILED),
        (condition.c.last_success_at.is_(None), Reason.NEVER_RUN),
        (Schedule.paused_at.is_not(None), Reason.SCHEDULE_PAUSED),
        (and_(idle, Schedule.due_at < func.now() - OVERDUE), Reason.RUN_OVERDUE),
        (condition.c.is_down, Reason.SUCCESS_TOO_OLD),
        (Schedule.due_at.is_(None), Reason.NOT_SCHEDULED),
        else_=Reason.IN_TIME,
    )


def _at_least(value: Any, fallback: str) -> ColumnElement[Any]:
    """An instant to sort by: `fallback` stands for none."""
    return func.coalesce(value, cast(literal(fallback), DateTime(timezone=True)))


@cache
def _all() -> Subquery:
    """One row for each integration of each customer, its health included."""
    complete = Load.tables.is_(None)
    ended = _newest("ended", Load.status.in_(ENDED), complete)
    success = _newest("success", Load.status == LoadStatus.SUCCEEDED, complete)
    active = _newest("active", Load.status.in_(ACTIVE))
    condition = judged()
    columns: list[Any] = [
        Integration.id,
        *(Integration.name, Integration.kind, Integration.tenant_id),
        *(Tenant.name.label("tenant_name"), Tenant.domain, Tenant.state.label("tenant_state")),
        *(Tenant.search_name.label("tenant"), Subscription.package),
        func.control.search_form(Integration.name).label("search_name"),
        _reason(ended, active, condition).label("reason"),
        active.c.id.is_not(None).label("is_running"),
        condition.c.last_success_at,
        success.c.seconds.label("duration_seconds"),
        ended.c.finished_at.label("last_run_at"),
        ended.c.status.label("last_run_status"),
        ended.c.error_code,
        _next_run().label("next_run_at"),
        StagingSize.rows.label("staged_rows"),
        *(StagingSize.size_bytes, StagingSize.measured_at),
        _at_least(condition.c.last_success_at, "1970-01-01T00:00:00Z").label("last_success"),
        _at_least(_next_run(), "9999-01-01T00:00:00Z").label("next_run"),
        func.coalesce(success.c.seconds.cast(BigInteger), 0).label("duration"),
        func.coalesce(StagingSize.size_bytes, 0).label("size"),
    ]
    found = (
        select(*columns)
        .select_from(Integration)
        .join(Tenant, Tenant.tenant_id == Integration.tenant_id)
        .join(Subscription, Subscription.tenant_id == Integration.tenant_id)
        .outerjoin(Schedule, _same(Schedule))
        .outerjoin(StagingSize, _same(StagingSize))
        .join(condition, _same(condition.c))
        .outerjoin(ended, true())
        .outerjoin(success, true())
        .outerjoin(active, true())
        .subquery("found")
    )
    by_reason = {str(each): str(health) for each, health in HEALTH_OF.items()}
    health = case(by_reason, value=found.c.reason)
    ranks = {str(each): rank for rank, each in enumerate(Health)}
    rank = cast(case(ranks, value=health), BigInteger)
    return select(*found.c, health.label("health"), rank.label("rank")).subquery("fleet")


def _next_run() -> ColumnElement[Any]:
    """When the schedule says, unless nothing runs at all."""
    runs = and_(Tenant.state == TenantState.ACTIVE, Integration.state == IntegrationState.ACTIVE)
    return case((runs, Schedule.slot_at))


def _same(other: Any) -> ColumnElement[bool]:
    return and_(other.tenant_id == Integration.tenant_id, other.integration_id == Integration.id)


@cache
def orders() -> Keyset:
    """What the fleet can be sorted by: `health` puts the worst first."""
    column = _all().c
    return Keyset(
        column.id,
        default="health",
        health=column.rank,
        tenant=column.tenant,
        last_success=column.last_success,
        next_run=column.next_run,
        duration=column.duration,
        size=column.size,
    )


async def list_fleet(
    fleet: AsyncSession, wanted: FleetFilter, request: PageRequest
) -> Page[FleetItem]:
    """One page of all customers' integrations, the worst first unless asked otherwise."""
    keyset, table = orders(), _all()
    order = keyset.column_of(request).label("order_value")
    query = select(*table.c, order).where(*_conditions(wanted))
    rows: Any = (await fleet.execute(keyset.apply(query, request))).all()
    runs = await _list_runs(fleet, rows[: request.limit])
    return keyset.page(rows, request, lambda row: _show(row, runs[row.id]))


async def count_fleet(fleet: AsyncSession, wanted: FleetFilter) -> FleetSummaryOut:
    """How many integrations are how, whatever health the filter asks for."""
    table = _all()
    columns = [func.count().filter(table.c.health == each).label(each) for each in Health]
    query = select(
        *columns,
        func.count().filter(table.c.is_running).label("running"),
        func.coalesce(func.sum(table.c.size), 0).cast(BigInteger).label("size_bytes"),
    ).where(*_conditions(wanted, with_health=False))
    return FleetSummaryOut(**(await fleet.execute(query)).mappings().one())


async def refresh_figures(uow: UnitOfWork) -> None:
    """Set the gauge of integrations by health. For the clock."""
    async with uow.begin_fleet(Actor.system(NOWHERE, "fleet"), reason="figures") as fleet:
        counts = await count_fleet(fleet, FleetFilter())
    for health in Health:
        metrics.integrations.labels(health).set(getattr(counts, health))


def _conditions(wanted: FleetFilter, *, with_health: bool = True) -> list[ColumnElement[bool]]:
    table = _all()
    exact = [(table.c.kind, wanted.kind), (table.c.package, wanted.package)]
    if with_health:
        exact.append((table.c.health, wanted.health))
    found = [column == value for column, value in exact if value]
    if wanted.search and (typed := wanted.search.replace("\0", "").strip()):
        form = func.control.search_form(typed)
        found.append(
            or_(
                func.strpos(table.c.tenant, form) > 0,
                func.strpos(table.c.search_name, form) > 0,
                table.c.domain.contains(typed.lower(), autoescape=True),
            )
        )
    return found


async def _list_runs(
    fleet: AsyncSession, rows: Sequence[Row[Any]]
) -> defaultdict[UUID, list[Row[Any]]]:
    """The last complete runs of each integration that ended, oldest first."""
    keys = [(row.tenant_id, row.id) for row in rows]
    last = _last_runs()
    query = (
        select(Integration.id, last)
        .join(last, true())
        .where(tuple_(Integration.tenant_id, Integration.id).in_(keys))
        .order_by(last.c.load_id)
    )
    found = defaultdict[UUID, list[Row[Any]]](list)
    for run in await fleet.execute(query):
        found[run.id].append(run)
    return found


def _last_runs() -> Any:
    begun = func.coalesce(Load.started_at, Load.created_at)
    columns: Any = select(
        Load.id.label("load_id"),
        Load.status,
        Load.finished_at,
        func.extract("epoch", Load.finished_at - begun).label("seconds"),
    )
    return (
        columns.where(
            Load.tenant_id == Integration.tenant_id,
            Load.integration_id == Integration.id,
            Load.status.in_(ENDED),
            Load.tables.is_(None),
        )
        .order_by(text("load_id DESC"))
        .limit(SHOWN_RUNS)
        .lateral("last_runs")
    )


def _show(row: Row[Any], runs: Sequence[Row[Any]]) -> FleetItem:
    succeeded = [float(run.seconds) for run in runs if run.status == LoadStatus.SUCCEEDED]
    return FleetItem(
        id=row.id,
        name=row.name,
        kind=row.kind,
        tenant=FleetTenantOut(
            id=row.tenant_id,
            name=row.tenant_name,
            domain=row.domain,
            state=row.tenant_state,
            package=row.package,
        ),
        health=row.health,
        reason=row.reason,
        is_running=row.is_running,
        last_success_at=row.last_success_at,
        last_run_at=row.last_run_at,
        last_run_status=row.last_run_status,
        error_code=row.error_code if row.last_run_status == LoadStatus.FAILED else None,
        failures=_count_failures(runs),
        next_run_at=row.next_run_at,
        duration_seconds=row.duration_seconds,
        median_seconds=median(succeeded) if succeeded else None,
        runs=[
            FleetRunOut(
                finished_at=run.finished_at,
                status=run.status,
                duration_seconds=float(run.seconds),
            )
            for run in runs
        ],
        staged_rows=row.staged_rows,
        size_bytes=row.size_bytes,
        measured_at=row.measured_at,
    )


def _count_failures(runs: Sequence[Row[Any]]) -> int:
    """How many of the last runs failed in a row, up to now."""
    count = 0
    for run in reversed(runs):
        if run.status != LoadStatus.FAILED:
            break
        count += 1
    return count
