"""Every SELECT on loads, their phases, log and rejections."""

from collections.abc import Collection, Sequence
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Text,
    any_,
    exists,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.orm import InstrumentedAttribute

from sindico_platform.database.tx import Actor, Tx
from sindico_platform.jobs.models import Job, JobState
from sindico_platform.paging.keyset import Keyset
from sindico_platform.paging.reading import StructReader
from sindico_platform.paging.schemas import Page, PageRequest
from sindico_platform.tenancy.models import Tenant
from sindico_platform.words import Translate, in_english
from sindico_provisioning.exchanges.masking import mask_errors, mask_json, sees_all
from sindico_provisioning.loads.advice import advice_for
from sindico_provisioning.loads.errors import LoadNotFound
from sindico_provisioning.loads.models import (
    ACTIVE,
    Load,
    LoadLog,
    LoadPhase,
    LoadStatus,
    PhaseStep,
)
from sindico_provisioning.loads.processing.queries import find_erp_table
from sindico_provisioning.loads.schemas import (
    Brought,
    LoadCounts,
    LoadErrorOut,
    LoadFilters,
    LoadItem,
    LoadOut,
    LogFilters,
    LogLineOut,
    PhaseOut,
    PhaseState,
    RejectionOut,
    RejectionReasonOut,
)
from sindico_provisioning.staging.models import SeenKey, StagingRejection

Counted = TypeVar("Counted", LoadPhase, PhaseOut)

COUNTED = (PhaseStep.FETCH, PhaseStep.SYNCHRONISE)
"""Whose rows count for a whole load: those read from the ERP or, if it pushed them before, those
brought into the CRM."""

LOAD_ORDERS = Keyset(Load.id, default="-created_at", created_at=Load.id)
LOG_ORDERS = Keyset(LoadLog.id, default="at", at=LoadLog.id)
REJECTION_ORDERS = Keyset(StagingRejection.id, default="at", at=StagingRejection.id)

_items = StructReader(LoadItem, Load)


async def list_loads(tx: Tx, *, request: PageRequest, filters: LoadFilters) -> Page[LoadItem]:
    """List loads, newest first unless asked otherwise."""
    conditions: list[ColumnElement[bool]] = [
        getattr(Load, name) == wanted
        for name in ("integration_id", "status", "kind")
        if (wanted := getattr(filters, name)) is not None
    ]
    return await _items.page(tx, LOAD_ORDERS, request, conditions)


def list_counted(phases: Sequence[Counted]) -> list[Counted]:
    """The phases whose rows count for the whole load: those of the first step that it has."""
    read, brought = ([phase for phase in phases if phase.step == step] for step in COUNTED)
    return read or brought


def sum_counted(column: InstrumentedAttribute[int]) -> Any:
    """The same over the phases of each load, as `list_counted` has them."""
    read, brought = (func.sum(column).filter(LoadPhase.step == step) for step in COUNTED)
    return func.coalesce(read, brought, 0)


async def count_rows(tx: Tx, load_ids: Sequence[UUID]) -> dict[UUID, LoadCounts]:
    """What each load received and did not take; loads without phases are left out."""
    statement = (
        select(
            LoadPhase.load_id,
            sum_counted(LoadPhase.received).label("received"),
            func.sum(LoadPhase.rejected).label("rejected"),
        )
        .where(LoadPhase.tenant_id == tx.tenant_id, LoadPhase.load_id.in_(load_ids))
        .group_by(LoadPhase.load_id)
    )
    rows = await tx.session.execute(statement)
    return {
        row.load_id: LoadCounts(received=int(row.received), rejected=int(row.rejected))
        for row in rows
    }


async def get_load(tx: Tx, load_id: UUID, *, translate: Translate = in_english) -> LoadOut:
    """Read a load with its phases.

    Raises:
        LoadNotFound: no such load, or it is another tenant's.
    """
    load = await tx.session.get(Load, (tx.tenant_id, load_id), populate_existing=True)
    if load is None:
        raise LoadNotFound(load_id=str(load_id))
    return show_load(load, await list_phases(tx, load_id), translate)


async def require_load(tx: Tx, load_id: UUID) -> None:
    """See that a load is there.

    Raises:
        LoadNotFound: no such load, or it is another tenant's.
    """
    if await find_revision(tx, load_id) is None:
        raise LoadNotFound(load_id=str(load_id))


def wake_channel(load_id: UUID) -> str:
    """What a transaction that changes the load wakes, for those who follow it live."""
    return f"load:{load_id}"


def is_ended(load: LoadOut) -> bool:
    return load.status not in ACTIVE


async def find_revision(tx: Tx, load_id: UUID) -> int | None:
    """How often the load has changed; None if there is no such load."""
    revision: int | None = await tx.session.scalar(select(Load.revision).where(Load.id == load_id))
    return revision


async def lock_load(tx: Tx, load_id: UUID) -> Load:
    """Read a load and keep others from changing it.

    Raises:
        LoadNotFound: no such load, or it is another tenant's.
    """
    statement = select(Load).where(Load.id == load_id).with_for_update()
    load: Load | None = await tx.session.scalar(statement.execution_options(populate_existing=True))
    if load is None:
        raise LoadNotFound(load_id=str(load_id))
    return load


async def find_active_load(tx: Tx, integration_id: UUID) -> UUID | None:
    """The integration's load that is pending or running."""
    found: UUID | None = await tx.session.scalar(
        select(Load.id).where(Load.integration_id == integration_id, Load.status.in_(ACTIVE))
    )
    return found


async def find_any_active_load(tx: Tx) -> UUID | None:
    """The newest load of any integration that is pending or running."""
    found: UUID | None = await tx.session.scalar(
        select(Load.id)
        .where(Load.tenant_id == tx.tenant_id, Load.status.in_(ACTIVE))
        .order_by(Load.id.desc())
        .limit(1)
    )
    return found


async def find_newest_of(tx: Tx, tables: Collection[str]) -> UUID | None:
    """The load that was asked for last of those that read one of the ERP tables."""
    found: UUID | None = await tx.session.scalar(
        select(Load.id)
        .where(
            Load.tenant_id == tx.tenant_id,
            or_(Load.tables.is_(None), *(literal(each) == any_(Load.tables) for each in tables)),
        )
        .order_by(Load.id.desc())
        .limit(1)
    )
    return found


async def find_last_brought(tx: Tx, resources: Collection[str]) -> Brought | None:
    """The newest load that brought these tables of ours, and what it changed in them."""
    done = (
        LoadPhase.tenant_id == tx.tenant_id,
        LoadPhase.step == PhaseStep.SYNCHRONISE,
        LoadPhase.resource.in_(resources),
        LoadPhase.status == LoadStatus.SUCCEEDED,
    )
    newest = select(LoadPhase.load_id).where(*done).order_by(LoadPhase.load_id.desc()).limit(1)
    found = await tx.session.execute(
        select(
            LoadPhase.load_id,
            func.max(LoadPhase.finished_at).label("at"),
            func.sum(LoadPhase.created).label("created"),
            func.sum(LoadPhase.updated).label("updated"),
        )
        .where(*done, LoadPhase.load_id == newest.scalar_subquery())
        .group_by(LoadPhase.load_id)
    )
    row = found.one_or_none()
    if row is None:
        return None
    return Brought(
        load_id=row.load_id, at=row.at, created=int(row.created), updated=int(row.updated)
    )


async def count_loads_today(tx: Tx) -> int:
    """How many loads were asked for since midnight in the tenant's zone."""
    local = func.timezone(Tenant.timezone, tx.now)
    midnight = select(func.timezone(Tenant.timezone, func.date_trunc("day", local))).where(
        Tenant.tenant_id == tx.tenant_id
    )
    counted = select(func.count(Load.id)).where(Load.created_at >= midnight.scalar_subquery())
    return await tx.session.scalar(counted) or 0


async def find_newest_load(tx: Tx, integration_id: UUID) -> UUID | None:
    """The integration's load that was asked for last."""
    found: UUID | None = await tx.session.scalar(
        select(Load.id)
        .where(Load.integration_id == integration_id)
        .order_by(Load.id.desc())
        .limit(1)
    )
    return found


async def find_load_without_job(tx: Tx, integration_id: UUID) -> UUID | None:
    """The integration's load that has not ended though its job has."""
    found: UUID | None = await tx.session.scalar(
        select(Load.id)
        .join(Job, (Job.tenant_id == Load.tenant_id) & (Job.id == Load.job_id))
        .where(
            Load.integration_id == integration_id,
            Load.status.in_(ACTIVE),
            Job.state.not_in((JobState.PENDING, JobState.RUNNING)),
        )
    )
    return found


async def list_unfinished_snapshots(tx: Tx, integration_id: UUID) -> list[UUID]:
    """Loads of the integration that still remember keys."""
    statement = select(Load.id).where(
        Load.integration_id == integration_id,
        exists().where(SeenKey.tenant_id == Load.tenant_id, SeenKey.load_id == Load.id),
    )
    return list(await tx.session.scalars(statement))


async def list_phases(tx: Tx, load_id: UUID) -> list[LoadPhase]:
    """The phases in the order of the walk; a load has one for each table."""
    statement = select(LoadPhase).where(LoadPhase.load_id == load_id).order_by(LoadPhase.position)
    found = await tx.session.scalars(statement.execution_options(populate_existing=True))
    return list(found)


async def find_next_phase(tx: Tx, load_id: UUID) -> PhaseState | None:
    """The first phase that has not succeeded."""
    row = (
        (
            await tx.session.execute(
                select(
                    LoadPhase.position,
                    LoadPhase.step,
                    LoadPhase.resource,
                    LoadPhase.cursor,
                    LoadPhase.pages,
                    LoadPhase.received,
                )
                .where(LoadPhase.load_id == load_id, LoadPhase.status != LoadStatus.SUCCEEDED)
                .order_by(LoadPhase.position)
                .limit(1)
            )
        )
        .mappings()
        .one_or_none()
    )
    return None if row is None else PhaseState(**row)


async def find_reached(
    tx: Tx, integration_id: UUID, *, tables: Collection[str], before: UUID
) -> dict[str, dict[str, Any]]:
    """By table, from where a load may read on: where the latest of the loads before it came to.

    A table that no load read so is missing. Each is looked up by itself, from its newest phase on,
    so that it takes no longer after a year of loads.
    """
    named = (
        func.unnest(literal([*tables], ARRAY(Text)))
        .table_valued("resource", name="named")
        .render_derived()
    )
    newest = (
        select(LoadPhase.reached)
        .join(Load, Load.id == LoadPhase.load_id)
        .where(
            LoadPhase.tenant_id == tx.tenant_id,
            Load.tenant_id == tx.tenant_id,
            Load.integration_id == integration_id,
            LoadPhase.resource == named.c.resource,
            LoadPhase.load_id < before,
            LoadPhase.status == LoadStatus.SUCCEEDED,
            LoadPhase.reached.is_not(None),
        )
        .order_by(LoadPhase.load_id.desc())
        .limit(1)
        .lateral("newest")
    )
    statement = select(named.c.resource, newest.c.reached).select_from(named).join(newest, true())
    return {row.resource: row.reached for row in await tx.session.execute(statement)}


async def lock_phase(tx: Tx, load_id: UUID, position: int) -> LoadPhase:
    """Read a phase of a locked load."""
    statement = select(LoadPhase).where(
        LoadPhase.load_id == load_id, LoadPhase.position == position
    )
    phase: LoadPhase = (
        await tx.session.scalars(
            statement.with_for_update().execution_options(populate_existing=True)
        )
    ).one()
    return phase


async def list_log(
    tx: Tx,
    load_id: UUID,
    *,
    request: PageRequest,
    filters: LogFilters,
    translate: Translate = in_english,
) -> Page[LogLineOut]:
    """List a load's log, oldest line first unless asked otherwise."""
    columns = select(LoadLog, LoadLog.id.label("order_value"), LoadLog.id)
    statement = LOG_ORDERS.apply(columns.where(*_chosen_lines(load_id, filters)), request)
    rows = (await tx.session.execute(statement)).all()
    return LOG_ORDERS.page(rows, request, lambda row: show_line(row[0], translate))


async def count_log(tx: Tx, *, load_id: UUID, filters: LogFilters) -> int:
    """How many lines `list_log` has on all its pages."""
    statement = select(func.count(LoadLog.id)).where(*_chosen_lines(load_id, filters))
    return await tx.session.scalar(statement) or 0


def _chosen_lines(load_id: UUID, filters: LogFilters) -> list[ColumnElement[bool]]:
    conditions = [LoadLog.load_id == load_id]
    if filters.level is not None:
        conditions.append(LoadLog.level == filters.level)
    if filters.table is not None:
        conditions.append(LoadLog.resource == filters.table)
    return conditions


async def list_rejections(
    tx: Tx,
    load_id: UUID,
    *,
    request: PageRequest,
    table: str | None = None,
    translate: Translate = in_english,
) -> Page[RejectionOut]:
    """List the rows a load did not take, in the order they came.

    Rows and what their reasons quote are masked for those who may not see personal data.
    """
    columns = select(
        StagingRejection, StagingRejection.id.label("order_value"), StagingRejection.id
    )
    statement = REJECTION_ORDERS.apply(columns.where(*_chosen_rejections(load_id, table)), request)
    rows = (await tx.session.execute(statement)).all()
    return REJECTION_ORDERS.page(
        rows, request, lambda row: _show_rejection(tx.actor, row[0], translate)
    )


async def count_rejections(tx: Tx, *, load_id: UUID, table: str | None = None) -> int:
    """How many rows `list_rejections` has on all its pages."""
    chosen = _chosen_rejections(load_id, table)
    return await tx.session.scalar(select(func.count(StagingRejection.id)).where(*chosen)) or 0


def _chosen_rejections(load_id: UUID, table: str | None) -> list[ColumnElement[bool]]:
    conditions = [StagingRejection.load_id == load_id]
    if table is not None:
        conditions.append(StagingRejection.resource == table)
    return conditions


def show_load(load: Load, phases: list[LoadPhase], translate: Translate = in_english) -> LoadOut:
    return LoadOut(
        id=load.id,
        integration_id=load.integration_id,
        kind=load.kind,
        status=load.status,
        requested_by=load.requested_by,
        created_at=load.created_at,
        started_at=load.started_at,
        finished_at=load.finished_at,
        percent=percent_of(load, phases),
        tables=load.tables,
        phases=[_show_phase(phase) for phase in phases],
        error=None if load.error is None else _show_error(load.error, translate),
        tries=load.tries,
        next_try_at=load.next_try_at,
        revision=load.revision,
    )


def percent_of(load: Load, phases: list[LoadPhase]) -> int:
    """How much is done; 100 only when all of it is."""
    if load.status == LoadStatus.SUCCEEDED:
        return 100
    done = sum(phase.progress for phase in phases) / len(phases) if phases else 0
    return min(99, int(done * 100))


def _show_phase(phase: LoadPhase) -> PhaseOut:
    return PhaseOut(
        table=phase.resource,
        step=phase.step,
        status=phase.status,
        percent=int(phase.progress * 100),
        pages=phase.pages,
        received=phase.received,
        created=phase.created,
        updated=phase.updated,
        unchanged=phase.unchanged,
        rejected=phase.rejected,
        removed=phase.removed,
        started_at=phase.started_at,
        finished_at=phase.finished_at,
    )


def _show_error(error: dict[str, Any], translate: Translate) -> LoadErrorOut:
    return LoadErrorOut(
        code=error["code"],
        detail=translate(error["detail"], **error["facts"]),
        advice=translate(advice_for(error)),
        facts=error["facts"],
    )


def show_line(line: LoadLog, translate: Translate = in_english) -> LogLineOut:
    return LogLineOut(
        id=line.id,
        at=line.at,
        level=line.level,
        code=line.code,
        table=line.resource,
        text=translate(line.detail, **line.facts),
        facts=line.facts,
    )


def _show_rejection(actor: Actor, kept: StagingRejection, translate: Translate) -> RejectionOut:
    errors, row = kept.errors, kept.raw
    if not sees_all(actor):
        table = find_erp_table(kept.resource)
        errors, row = mask_errors(table, errors), mask_json(table, row)
    return RejectionOut(
        id=kept.id,
        table=kept.resource,
        row_index=kept.row_index,
        id_erp=kept.id_erp,
        reasons=[
            RejectionReasonOut(
                field=item["field"],
                code=item["code"],
                detail=translate(item["detail"], **item["facts"]),
            )
            for item in errors
        ],
        row=msgspec.Raw(row.encode()),
    )
