"""Every SELECT of the rows that are still to be mended. What a load did not read is not right."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CTE,
    ColumnElement,
    CompoundSelect,
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
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB

from sindico_platform.database.tx import Tx
from sindico_provisioning.erp_tables.queries import TABLES
from sindico_provisioning.loads.models import Load, LoadPhase
from sindico_provisioning.loads.models import PhaseStep as Step
from sindico_provisioning.loads.pages.schemas import MAX_KEPT_REJECTIONS
from sindico_provisioning.loads.processing.queries import find_erp_table
from sindico_provisioning.loads.readings.queries import READ, find_whole_readings
from sindico_provisioning.onboarding.rejections.schemas import Reading, Reason, Rejected
from sindico_provisioning.staging.models import PushRejection, StagingRejection
from sindico_provisioning.staging.queries import is_unsettled

MAX_LOADS = 5
"""Of one table: the newest that rejected rows of it."""
MOST_COUNTED = 20_000
"""Rows of one table that are looked at for the page."""


async def read_rejected(tx: Tx, integration_id: UUID) -> Rejected:
    """What is still to be mended, by ERP table, read or pushed, and why.

    However much that is: of each table `MOST_COUNTED` rows are looked at.
    """
    readings = await _list_readings(tx, integration_id)
    waiting = _select_waiting(tx, integration_id, readings).cte("waiting")
    told = union_all(_select_counts(waiting), _select_reasons(waiting)).subquery("told")
    found = await tx.session.execute(
        select(told).order_by(told.c.resource, told.c.rows.desc(), told.c.code, told.c.field)
    )
    rows = found.mappings().all()
    counts = {each["resource"]: each["rows"] for each in rows if each["code"] is None}
    return Rejected(
        rows=_count_rejected(readings, counts),
        least={find_erp_table(each).name for each in counts if counts[each] >= MOST_COUNTED},
        loads=_list_loads(readings),
        reasons=[Reason(**each) for each in rows if each["code"] is not None],
    )


async def count_rejected(tx: Tx, integration_id: UUID) -> Counter[str]:
    """How many rows are still to be mended, by ERP table, every one of them: for sign-offs."""
    readings = await _list_readings(tx, integration_id)
    waiting = Counter[str]()
    for row in await tx.session.execute(_select_every(tx, integration_id, readings)):
        waiting[row.resource] += row.rows
    return _count_rejected(readings, waiting)


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


def _count_rejected(readings: Sequence[Reading], waiting: Mapping[str, int]) -> Counter[str]:
    """By ERP table, how many rows are still to be mended."""
    found = Counter[str]()
    for each in readings:  # those beyond the most that are kept are known by their number alone
        found[find_erp_table(each.resource).name] += each.dropped
    for resource, rows in waiting.items():
        found[find_erp_table(resource).name] += rows
    return found


def _select_counts(waiting: CTE) -> Select[Any]:
    """As `_select_reasons`, of all reasons together; the code is None."""
    absent: Any = null()
    return select(
        waiting.c.resource,
        cast(absent, Text).label("code"),
        cast(absent, Text).label("field"),
        func.count().label("rows"),
        cast(absent, JSONB).label("example"),
    ).group_by(waiting.c.resource)


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


def _select_every(tx: Tx, integration_id: UUID, readings: Sequence[Reading]) -> CompoundSelect[Any]:
    """How many rows are still to be mended; of columns that the indexes hold, which are enough."""
    pushed = (
        select(PushRejection.resource, func.count().label("rows"))
        .where(
            PushRejection.tenant_id == tx.tenant_id,
            PushRejection.integration_id == integration_id,
        )
        .group_by(PushRejection.resource)
    )
    read = [
        select(literal(each.resource, Text), func.count()).where(
            *_is_waiting(tx, integration_id, each)
        )
        for each in readings
    ]
    return union_all(pushed, *read)


def _select_waiting(
    tx: Tx, integration_id: UUID, readings: Sequence[Reading]
) -> CompoundSelect[Any]:
    """The errors of rows that are still to be mended, read or pushed, the most of each table."""
    named = (
        func.unnest(literal(list(TABLES), ARRAY(Text)))
        .table_valued("resource", name="named")
        .render_derived()
    )
    of_table = (
        select(PushRejection.errors)
        .where(
            PushRejection.tenant_id == tx.tenant_id,
            PushRejection.integration_id == integration_id,
            PushRejection.resource == named.c.resource,
        )
        .order_by(PushRejection.id_erp)
        .limit(MOST_COUNTED)
        .lateral("pushed")
    )
    pushed = select(named.c.resource, of_table.c.errors).select_from(named).join(of_table, true())
    read = [_select_read(tx, integration_id, each) for each in readings]
    return union_all(pushed, *read)


def _select_read(tx: Tx, integration_id: UUID, reading: Reading) -> Select[Any]:
    """Of one table, in the order of the index, so that no more than these are walked over."""
    kept = StagingRejection
    return (
        select(kept.resource, kept.errors)
        .where(*_is_waiting(tx, integration_id, reading))
        .order_by(kept.id_erp, kept.load_id)
        .limit(MOST_COUNTED)
    )


def _is_waiting(tx: Tx, integration_id: UUID, reading: Reading) -> tuple[ColumnElement[bool], ...]:
    """The conditions on rows of one table that loads since it was all read found wrong."""
    since = () if reading.whole is None else (StagingRejection.load_id >= reading.whole,)
    return (*is_unsettled(tx, integration_id, reading.resource), *since)
