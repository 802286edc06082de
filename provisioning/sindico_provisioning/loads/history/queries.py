"""Every SELECT that compares runs. Medians and marks are computed by the database."""

from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Float, Select, and_, func, select, true

from sindico_platform.database.tx import Tx
from sindico_platform.paging.keyset import Keyset
from sindico_platform.paging.schemas import Page, PageRequest
from sindico_provisioning.integrations.models import Integration
from sindico_provisioning.integrations.queries import get_recorded
from sindico_provisioning.loads.history.schemas import RunFiguresOut, RunItem
from sindico_provisioning.loads.models import Load, LoadPhase, LoadStatus
from sindico_provisioning.loads.queries import sum_counted

COMPARED_RUNS = 30
LEAST_RUNS = 5
"""With fewer to compare with, nothing is called unusual."""
FACTOR = 3
LEAST_SECONDS, LEAST_ROWS = 60, 30
"""Below these, even a manifold means nothing."""

RUN_ORDERS = Keyset(Load.id, default="-created_at", created_at=Load.id)
OF_ONE_STEP = ("received", "created", "updated", "unchanged")
COUNTS = (*OF_ONE_STEP, "rejected")


def _seconds() -> Any:
    end = func.coalesce(Load.finished_at, func.now())
    return func.extract("epoch", end - Load.started_at).cast(Float)


def _counted() -> Any:
    """Rows of each load; rejected are those of every phase."""
    sums = {name: sum_counted(getattr(LoadPhase, name)) for name in OF_ONE_STEP}
    sums["rejected"] = func.coalesce(func.sum(LoadPhase.rejected), 0)
    return (
        select(*(total.cast(BigInteger).label(name) for name, total in sums.items()))
        .where(LoadPhase.tenant_id == Load.tenant_id, LoadPhase.load_id == Load.id)
        .lateral("counted")
    )


def _figures(integration: Integration) -> Any:
    """One row about the newest complete runs that succeeded."""
    counted = _counted()
    newest = (
        select(_seconds().label("seconds"), counted.c.received)
        .join(counted, true())
        .where(
            Load.tenant_id == integration.tenant_id,
            Load.integration_id == integration.id,
            Load.status == LoadStatus.SUCCEEDED,
            Load.tables.is_(None),
        )
        .order_by(Load.id.desc())
        .limit(COMPARED_RUNS)
        .subquery("newest")
    )
    median = func.percentile_cont(0.5)
    return select(
        func.count().label("runs"),
        func.avg(newest.c.seconds).label("average_seconds"),
        median.within_group(newest.c.seconds).label("median_seconds"),
        median.within_group(newest.c.received).label("median_received"),
    ).select_from(newest)


async def read_figures(tx: Tx, integration_id: UUID) -> RunFiguresOut:
    """What the last complete runs were like.

    Raises:
        IntegrationNotFound: no such integration.
    """
    integration = await get_recorded(tx, integration_id)
    row = (await tx.session.execute(_figures(integration))).mappings().one()
    return RunFiguresOut(**row)


async def list_runs(tx: Tx, integration_id: UUID, request: PageRequest) -> Page[RunItem]:
    """One page of the integration's runs, newest first, with what is unusual about each.

    Raises:
        IntegrationNotFound: no such integration.
    """
    integration = await get_recorded(tx, integration_id)
    rows = (await tx.session.execute(_runs(integration, request))).all()
    return RUN_ORDERS.page(rows, request, _show)


def _runs(integration: Integration, request: PageRequest) -> Select[Any]:
    counted, usual = _counted(), _figures(integration).subquery("usual")
    seconds, ended = _seconds(), Load.status == LoadStatus.SUCCEEDED
    complete = and_(usual.c.runs >= LEAST_RUNS, Load.tables.is_(None))
    longest = func.greatest(usual.c.median_seconds * FACTOR, LEAST_SECONDS)
    many = func.greatest(usual.c.median_received * FACTOR, LEAST_ROWS)
    columns: list[Any] = [
        *(Load.id, Load.kind, Load.status, Load.requested_by, Load.created_at),
        *(Load.started_at, Load.finished_at),
        seconds.label("duration_seconds"),
        *(counted.c[name] for name in COUNTS),
        and_(complete, seconds > longest).label("slow"),
        and_(
            complete,
            ended,
            usual.c.median_seconds > LEAST_SECONDS,
            seconds * FACTOR < usual.c.median_seconds,
        ).label("quick"),
        and_(
            complete,
            ended,
            usual.c.median_received > LEAST_ROWS,
            counted.c.received * FACTOR < usual.c.median_received,
        ).label("few-rows"),
        and_(complete, counted.c.received > many).label("many-rows"),
        Load.id.label("order_value"),
    ]
    query = (
        select(*columns)
        .join(counted, true())
        .join(usual, true())
        .where(Load.tenant_id == integration.tenant_id, Load.integration_id == integration.id)
    )
    return RUN_ORDERS.apply(query, request)


MARKS = ("slow", "quick", "few-rows", "many-rows")
PLAIN = tuple(name for name in RunItem.__struct_fields__ if name != "unusual")


def _show(row: Any) -> RunItem:
    return RunItem(
        **{name: getattr(row, name) for name in PLAIN},
        unusual=[mark for mark in MARKS if getattr(row, mark)],
    )
