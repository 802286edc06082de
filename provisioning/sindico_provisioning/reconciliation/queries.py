"""Every SELECT on comparisons."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.dialects.postgresql import distinct_on

from sindico_platform.database.tx import Tx
from sindico_platform.jobs.models import Job, JobState
from sindico_platform.paging.keyset import Keyset
from sindico_platform.paging.schemas import Page, PageRequest
from sindico_platform.words import Translate, in_english
from sindico_provisioning.integrations.queries import get_integration
from sindico_provisioning.reconciliation.errors import ReconciliationNotFound
from sindico_provisioning.reconciliation.models import (
    UNDER_WAY,
    Difference,
    ReconciledTable,
    Reconciliation,
    ReconciliationStatus,
)
from sindico_provisioning.reconciliation.schemas import (
    KeyDifferenceOut,
    ReconciledTableOut,
    ReconciliationErrorOut,
    ReconciliationOut,
)

DIFFERENCE_ORDERS = Keyset(Difference.id_erp, default="key", key=Difference.id_erp)


async def lock_reconciliation(tx: Tx, reconciliation_id: UUID) -> Reconciliation:
    """One comparison of the bound tenant.

    Raises:
        ReconciliationNotFound: no such comparison.
    """
    found: Reconciliation | None = await tx.session.scalar(
        select(Reconciliation)
        .where(Reconciliation.tenant_id == tx.tenant_id, Reconciliation.id == reconciliation_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise ReconciliationNotFound
    return found


async def find_without_job(tx: Tx, integration_id: UUID) -> Reconciliation | None:
    """A comparison that has not ended though its job has, and may be forgotten by now."""
    found: Reconciliation | None = await tx.session.scalar(
        select(Reconciliation)
        .outerjoin(
            Job, (Job.tenant_id == Reconciliation.tenant_id) & (Job.id == Reconciliation.job_id)
        )
        .where(
            Reconciliation.tenant_id == tx.tenant_id,
            Reconciliation.integration_id == integration_id,
            Reconciliation.status.in_(UNDER_WAY),
            Job.id.is_(None) | Job.state.not_in((JobState.PENDING, JobState.RUNNING)),
        )
    )
    return found


async def is_under_way(tx: Tx, integration_id: UUID) -> bool:
    """Whether a comparison of the integration has not ended."""
    found = await tx.session.scalar(
        select(Reconciliation.id).where(
            Reconciliation.tenant_id == tx.tenant_id,
            Reconciliation.integration_id == integration_id,
            Reconciliation.status.in_(UNDER_WAY),
        )
    )
    return found is not None


async def list_tables(tx: Tx, reconciliation_id: UUID) -> Sequence[ReconciledTable]:
    """The tables of a comparison in the order of the walk."""
    found = await tx.session.scalars(
        select(ReconciledTable)
        .where(
            ReconciledTable.tenant_id == tx.tenant_id,
            ReconciledTable.reconciliation_id == reconciliation_id,
        )
        .order_by(ReconciledTable.position)
        .execution_options(populate_existing=True)
    )
    return found.all()


async def read_reconciliation(
    tx: Tx, reconciliation_id: UUID, *, translate: Translate = in_english
) -> ReconciliationOut:
    """One comparison with its tables.

    Raises:
        ReconciliationNotFound: no such comparison.
    """
    row = await tx.session.get(
        Reconciliation, (tx.tenant_id, reconciliation_id), populate_existing=True
    )
    if row is None:
        raise ReconciliationNotFound
    return show(row, await list_tables(tx, reconciliation_id), translate)


async def find_newest(
    tx: Tx, integration_id: UUID, *, translate: Translate = in_english
) -> ReconciliationOut | None:
    """The comparison of an integration that was asked for last."""
    row: Reconciliation | None = await tx.session.scalar(
        select(Reconciliation)
        .where(
            Reconciliation.tenant_id == tx.tenant_id,
            Reconciliation.integration_id == integration_id,
        )
        .order_by(Reconciliation.id.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    )
    return None if row is None else show(row, await list_tables(tx, row.id), translate)


async def list_newest_tables(tx: Tx, integration_id: UUID) -> dict[str, ReconciledTable]:
    """By table, what it came to when it was last compared to the end."""
    rows = await tx.session.scalars(
        select(ReconciledTable)
        .join(
            Reconciliation,
            (Reconciliation.tenant_id == ReconciledTable.tenant_id)
            & (Reconciliation.id == ReconciledTable.reconciliation_id),
        )
        .where(
            Reconciliation.tenant_id == tx.tenant_id,
            Reconciliation.integration_id == integration_id,
            ReconciledTable.status == ReconciliationStatus.SUCCEEDED,
        )
        .ext(distinct_on(ReconciledTable.resource))
        .order_by(ReconciledTable.resource, ReconciledTable.reconciliation_id.desc())
        .execution_options(populate_existing=True)
    )
    return {row.resource: row for row in rows}


async def list_reconciliations(
    tx: Tx, integration_id: UUID, request: PageRequest, *, translate: Translate = in_english
) -> Page[ReconciliationOut]:
    """One page of an integration's comparisons, newest first, without their tables.

    Raises:
        IntegrationNotFound: no such integration.
    """
    await get_integration(tx, integration_id)
    orders = Keyset(Reconciliation.id, default="-created_at", created_at=Reconciliation.id)
    columns: list[Any] = [
        Reconciliation,
        Reconciliation.id.label("order_value"),
        Reconciliation.id,
    ]
    query = select(*columns).where(
        Reconciliation.tenant_id == tx.tenant_id, Reconciliation.integration_id == integration_id
    )
    rows = (await tx.session.execute(orders.apply(query, request))).all()
    return orders.page(rows, request, lambda row: show(row[0], [], translate))


async def list_differences(
    tx: Tx, reconciliation_id: UUID, request: PageRequest, *, table: str, kind: str
) -> Page[KeyDifferenceOut]:
    """One page of the keys of one table that differ in one way.

    Raises:
        ReconciliationNotFound: no such comparison.
    """
    await read_reconciliation(tx, reconciliation_id)
    conditions: list[ColumnElement[bool]] = [
        Difference.tenant_id == tx.tenant_id,
        Difference.reconciliation_id == reconciliation_id,
        Difference.resource == table,
        Difference.kind == kind,
    ]
    columns: list[Any] = [Difference, Difference.id_erp.label("order_value"), Difference.id_erp]
    query = select(*columns).where(*conditions)
    rows = (await tx.session.execute(DIFFERENCE_ORDERS.apply(query, request))).all()
    return DIFFERENCE_ORDERS.page(rows, request, lambda row: _show_difference(row[0]))


def show(
    row: Reconciliation, tables: Sequence[ReconciledTable], translate: Translate = in_english
) -> ReconciliationOut:
    return ReconciliationOut(
        id=row.id,
        integration_id=row.integration_id,
        status=row.status,
        requested_by=row.requested_by,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        error=None
        if row.error is None
        else ReconciliationErrorOut(
            code=row.error["code"], detail=translate(row.error["detail"], **row.error["facts"])
        ),
        tables=[_show_table(table) for table in tables],
    )


FIGURES = tuple(
    name for name in ReconciledTableOut.__struct_fields__ if name not in {"table", "status"}
)


def _show_table(row: ReconciledTable) -> ReconciledTableOut:
    return ReconciledTableOut(
        table=row.resource,
        status=row.status,
        **{name: getattr(row, name) for name in FIGURES},
    )


def _show_difference(row: Difference) -> KeyDifferenceOut:
    return KeyDifferenceOut(table=row.resource, kind=row.kind, id_erp=row.id_erp)
