"""Every SELECT of the rows that are still to be mended. What a load did not read is not right."""

from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CTE,
    RowMapping,
    Select,
    Text,
    Uuid,
    cast,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB

from sindico_platform.database.tx import Tx
from sindico_provisioning.loads.models import Load, LoadPhase
from sindico_provisioning.loads.models import PhaseStep as Step
from sindico_provisioning.loads.pages.schemas import MAX_KEPT_REJECTIONS
from sindico_provisioning.loads.processing.queries import find_erp_table
from sindico_provisioning.loads.readings.queries import READ, find_whole_readings
from sindico_provisioning.onboarding.rejections.schemas import Reading, Reason, Rejected
from sindico_provisioning.staging.models import STAGING, PushRejection
from sindico_provisioning.staging.queries import is_of, select_unsettled

MAX_LOADS = 5
"""Of one table: the newest that rejected rows of it."""


async def read_rejected(tx: Tx, integration_id: UUID, *, with_reasons: bool = True) -> Rejected:
    """What is still to be mended, by ERP table, read or pushed."""
    readings = await _list_readings(tx, integration_id)
    waiting = await _list_waiting(tx, integration_id, readings, with_reasons=with_reasons)
    return Rejected(
        rows=_count_rejected(readings, waiting),
        loads=_list_loads(readings),
        reasons=[Reason(**each) for each in waiting if each["code"] is not None],
    )


async def _list_readings(tx: Tx, integration_id: UUID) -> list[Reading]:
    """By table, the loads whose rejected rows may still be wrong.

    A load that only reads what changed does not meet them again, and one that failed before it came
    to a table has nothing to say of it: both leave standing what the loads before them found.
    """
    whole = await find_whole_readings(tx, integration_id)
    since = [whole.get(name) for name in READ]
    known = func.unnest(literal(READ, ARRAY(Text)), literal(since, ARRAY(Uuid)))
    named = known.table_valued("resource", "whole", name="named").render_derived()
    rejecting = (
        select(LoadPhase.load_id, LoadPhase.rejected)
        .join(Load, (Load.tenant_id == LoadPhase.tenant_id) & (Load.id == LoadPhase.load_id))
        .where(
            LoadPhase.tenant_id == tx.tenant_id,
            LoadPhase.resource == named.c.resource,
            LoadPhase.rejected > literal_column("0"),  # as the index says it
            LoadPhase.step.in_((Step.FETCH, Step.SYNCHRONISE)),
            or_(named.c.whole.is_(None), LoadPhase.load_id >= named.c.whole),
            Load.integration_id == integration_id,
        )
        .correlate(named)
    )
    newest = rejecting.order_by(LoadPhase.load_id.desc()).limit(MAX_LOADS).subquery()
    many = rejecting.where(LoadPhase.rejected > MAX_KEPT_REJECTIONS).subquery()
    dropped = select(func.sum(many.c.rejected - MAX_KEPT_REJECTIONS))
    rows = await tx.session.execute(
        select(
            *(named.c.resource, named.c.whole),
            func.array(select(newest.c.load_id).scalar_subquery(), type_=ARRAY(Uuid)).label(
                "loads"
            ),
            func.coalesce(dropped.scalar_subquery(), 0).label("dropped"),
        )
    )
    return [
        Reading(
            resource=row.resource,
            whole=row.whole,
            dropped=int(row.dropped),
            loads=tuple(row.loads),
        )
        for row in rows
        if row.loads
    ]


def _list_loads(readings: Sequence[Reading]) -> dict[str, list[UUID]]:
    """By ERP table, the newest loads that rejected rows of it, newest first."""
    found: dict[str, set[UUID]] = {}
    for each in readings:
        found.setdefault(find_erp_table(each.resource).name, set()).update(each.loads)
    return {table: sorted(loads, reverse=True)[:MAX_LOADS] for table, loads in found.items()}


async def _list_waiting(
    tx: Tx, integration_id: UUID, readings: Sequence[Reading], *, with_reasons: bool
) -> Sequence[RowMapping]:
    """How many rows of each resource are still to be mended; the code is None.

    Args:
        with_reasons: tell the same by reason too, in the order of how often each is met.
    """
    waiting = _select_waiting(tx, integration_id, readings)
    absent: Any = null()
    parts: list[Select[Any]] = [
        select(
            waiting.c.resource,
            cast(absent, Text).label("code"),
            cast(absent, Text).label("field"),
            func.count().label("rows"),
            cast(absent, JSONB).label("example"),
        ).group_by(waiting.c.resource)
    ]
    if with_reasons:
        parts.append(_select_reasons(waiting))
    told = union_all(*parts).subquery("told")
    rows = await tx.session.execute(
        select(told).order_by(told.c.resource, told.c.rows.desc(), told.c.code, told.c.field)
    )
    return rows.mappings().all()


def _count_rejected(readings: Sequence[Reading], waiting: Sequence[RowMapping]) -> Counter[str]:
    """By ERP table, how many rows are still to be mended."""
    found = Counter[str]()
    for each in readings:  # those beyond the most that are kept are known by their number alone
        found[find_erp_table(each.resource).name] += each.dropped
    for counted in waiting:
        if counted["code"] is None:
            found[find_erp_table(counted["resource"]).name] += counted["rows"]
    return found


def _select_reasons(waiting: CTE) -> Select[Any]:
    each = func.jsonb_array_elements(waiting.c.errors).table_valued("value", joins_implicitly=True)
    error: Any = each.c.value
    code, field = error.op("->>")("code"), error.op("->>")("field")
    return select(
        waiting.c.resource,
        code.label("code"),
        field.label("field"),
        func.count().label("rows"),
        # Any of them will do; gathering all of two million to take one is refused.
        cast(func.min(cast(error, Text).collate("C")), JSONB).label("example"),
    ).group_by(waiting.c.resource, code, field)


def _select_waiting(tx: Tx, integration_id: UUID, readings: Sequence[Reading]) -> CTE:
    """The errors of every row that is still to be mended, read or pushed."""
    pushed = select(PushRejection.resource, PushRejection.errors).where(
        PushRejection.tenant_id == tx.tenant_id, PushRejection.integration_id == integration_id
    )
    read = [_select_read(tx, integration_id, each) for each in readings]
    return union_all(pushed, *read).cte("waiting")


def _select_read(tx: Tx, integration_id: UUID, reading: Reading) -> Select[Any]:
    """Of one table, what the newest of the loads that met a key said of it."""
    kept = select_unsettled(tx, reading.resource)
    place = func.rank().over(partition_by=kept.c.id_erp, order_by=kept.c.load_id.desc())
    since = () if reading.whole is None else (kept.c.load_id >= reading.whole,)
    told = (
        select(kept.c.resource, kept.c.errors, kept.c.id_erp, kept.c.at, place.label("place"))
        .where(is_of(tx, integration_id, kept.c.load_id), *since)
        .subquery()
    )
    waiting = select(told.c.resource, told.c.errors).where(
        or_(told.c.place == 1, told.c.id_erp.is_(None))  # without a key, each is a row of its own
    )
    staged = STAGING.get(reading.resource)
    if staged is None:
        return waiting
    came_right = (
        select(staged.c.id_erp)
        .where(
            staged.c.tenant_id == tx.tenant_id,
            staged.c.integration_id == integration_id,
            staged.c.id_erp == told.c.id_erp,
            staged.c.changed_at > told.c.at,
            staged.c.removed_at.is_(None),
        )
        # Looked up for each: of rows that came after the last ANALYZE each is compared with each.
        .offset(0)
    )
    return waiting.where(~came_right.exists())
