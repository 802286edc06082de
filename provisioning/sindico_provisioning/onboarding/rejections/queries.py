"""Every SELECT of the rows that are still to be mended. What a load did not read is not right."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Row,
    Select,
    Subquery,
    Text,
    Uuid,
    any_,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import distinct_on

from sindico_platform.database.tx import Tx
from sindico_provisioning.loads.models import Load, LoadKind, LoadPhase, LoadStatus
from sindico_provisioning.loads.models import PhaseStep as Step
from sindico_provisioning.loads.pages.schemas import MAX_KEPT_REJECTIONS
from sindico_provisioning.loads.processing.queries import find_erp_table
from sindico_provisioning.staging.models import STAGING, PushRejection, StagingRejection

IS_WHOLE = func.coalesce(
    LoadPhase.is_whole, (Load.kind == LoadKind.INITIAL) | LoadPhase.reached.is_(None)
)
"""Whether a phase met everything of its table; what does not say so is old, or reads no ERP."""
Readings = Sequence[Row[Any]]
"""Phases that rejected rows, since everything of their table was last read to the end."""


async def list_readings(tx: Tx, integration_id: UUID) -> Readings:
    """The phases whose rejected rows may still be wrong.

    A load that only reads what changed does not meet them again, and one that failed before it came
    to a table has nothing to say of it: both leave standing what the loads before them found.
    """
    whole = _select_phases(tx, integration_id).where(
        LoadPhase.status == LoadStatus.SUCCEEDED, IS_WHOLE
    )
    last = (
        whole.ext(distinct_on(LoadPhase.resource))
        .order_by(LoadPhase.resource, LoadPhase.load_id.desc())
        .subquery()
    )
    rows: Any = await tx.session.execute(
        _select_phases(tx, integration_id)
        .outerjoin(last, last.c.resource == LoadPhase.resource)
        .where(
            LoadPhase.rejected > 0,
            or_(last.c.load_id.is_(None), LoadPhase.load_id >= last.c.load_id),
        )
        .order_by(LoadPhase.resource, LoadPhase.load_id)
    )
    return list(rows)


def _select_phases(tx: Tx, integration_id: UUID) -> Select[str, UUID, int]:
    return (
        select(LoadPhase.resource, LoadPhase.load_id, LoadPhase.rejected)
        .join(Load, (Load.tenant_id == LoadPhase.tenant_id) & (Load.id == LoadPhase.load_id))
        .where(
            Load.tenant_id == tx.tenant_id,
            Load.integration_id == integration_id,
            LoadPhase.step.in_((Step.FETCH, Step.SYNCHRONISE)),
        )
    )


def group_loads(readings: Readings, *, most: int) -> dict[str, list[UUID]]:
    """By ERP table, the newest loads that rejected rows of it, newest first."""
    loads = defaultdict[str, set[UUID]](set)
    for each in readings:
        loads[find_erp_table(each.resource).name].add(each.load_id)
    return {table: sorted(found, reverse=True)[:most] for table, found in loads.items()}


async def count_rejected(tx: Tx, integration_id: UUID, readings: Readings) -> Counter[str]:
    """By ERP table, how many rows are still to be mended."""
    waiting = list_rejected(tx, integration_id, readings)
    found = Counter[str]()
    for each in readings:  # those beyond the most that are kept are known by their number alone
        found[find_erp_table(each.resource).name] += max(0, each.rejected - MAX_KEPT_REJECTIONS)
    grouped = select(waiting.c.resource, func.count().label("rows")).group_by(waiting.c.resource)
    for row in await tx.session.execute(grouped):
        found[find_erp_table(row.resource).name] += row.rows
    return found


def list_rejected(tx: Tx, integration_id: UUID, readings: Readings) -> Subquery:
    """The errors of every row that is still to be mended, read or pushed."""
    loads: dict[str, list[UUID]] = {}
    for each in readings:
        loads.setdefault(each.resource, []).append(each.load_id)
    pushed = select(PushRejection.resource, PushRejection.errors).where(
        PushRejection.tenant_id == tx.tenant_id, PushRejection.integration_id == integration_id
    )
    read = [_select_read(tx, integration_id, name, among) for name, among in loads.items()]
    return union_all(pushed, *read).subquery()


def _select_read(tx: Tx, integration_id: UUID, resource: str, loads: list[UUID]) -> Select[Any]:
    """Of one table, what the newest of the loads that met a key said of it."""
    key = func.coalesce(StagingRejection.id_erp, cast(StagingRejection.id, Text))
    place = func.rank().over(partition_by=key, order_by=StagingRejection.load_id.desc())
    told = (
        select(
            *(StagingRejection.resource, StagingRejection.errors),
            *(StagingRejection.id_erp, StagingRejection.at, place.label("place")),
        )
        .where(
            StagingRejection.tenant_id == tx.tenant_id,
            # One parameter: years of runs are more loads than a statement may have parameters.
            StagingRejection.load_id == any_(literal(loads, ARRAY(Uuid))),
            StagingRejection.resource == resource,
        )
        .subquery()
    )
    waiting = select(told.c.resource, told.c.errors).where(told.c.place == 1)
    staged = STAGING.get(resource)
    if staged is None:
        return waiting
    return waiting.where(
        ~exists().where(
            staged.c.tenant_id == tx.tenant_id,
            staged.c.integration_id == integration_id,
            staged.c.id_erp == told.c.id_erp,
            staged.c.changed_at > told.c.at,
            staged.c.removed_at.is_(None),
        )
    )
