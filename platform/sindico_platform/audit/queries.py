"""Every SELECT on the audit trail of the bound tenant."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, func, select

from sindico_platform.audit.errors import AuditRecordNotFound
from sindico_platform.audit.models import AuditEvent
from sindico_platform.audit.schemas import (
    AuditActorOut,
    AuditChangeOut,
    AuditErasureOut,
    AuditEventOut,
    AuditFilters,
)
from sindico_platform.database.tx import RANDOM_BITS, Tx
from sindico_platform.paging.keyset import Keyset
from sindico_platform.paging.schemas import Page, PageRequest

# An id begins with the instant it was made, so the primary key's index gives this order.
ORDERS = Keyset(AuditEvent.id, default="-at", at=AuditEvent.id)
CLOCK_SKEW = timedelta(hours=1)
"""By how much the clock that made the ids may differ from the database's."""


async def list_events(
    tx: Tx, *, request: PageRequest, filters: AuditFilters
) -> Page[AuditEventOut]:
    """One page of what was done in the bound tenant, newest first unless asked otherwise."""
    order = ORDERS.column_of(request).label("order_value")
    columns: list[Any] = [AuditEvent, AuditEvent.id, order]
    query = select(*columns).where(AuditEvent.tenant_id == tx.tenant_id, *_conditions(filters))
    rows = (await tx.session.execute(ORDERS.apply(query, request))).all()
    return ORDERS.page(rows, request, _describe)


async def count_changes(
    tx: Tx, target_type: str, target_id: UUID, *, erased: int = 0
) -> AuditErasureOut:
    """How much the trail of the bound tenant tells of one record.

    Args:
        erased: how many events lost before and after just now.

    Raises:
        AuditRecordNotFound: nothing.
    """
    found = await tx.session.execute(
        select(func.count(), func.count(AuditEvent.changes)).where(
            AuditEvent.tenant_id == tx.tenant_id,
            AuditEvent.target_type == target_type,
            AuditEvent.target_id == target_id,
        )
    )
    events, with_changes = found.one()
    if not events:
        raise AuditRecordNotFound(target_type=target_type, target_id=target_id)
    return AuditErasureOut(
        target_type=target_type,
        target_id=target_id,
        events=events,
        with_changes=with_changes,
        erased=erased,
    )


async def find_last_event(tx: Tx, target_type: str, target_id: UUID) -> UUID | None:
    """The event of a record with the highest id."""
    found: UUID | None = await tx.session.scalar(
        select(AuditEvent.id)
        .where(
            AuditEvent.tenant_id == tx.tenant_id,
            AuditEvent.target_type == target_type,
            AuditEvent.target_id == target_id,
        )
        .order_by(AuditEvent.id.desc())
        .limit(1)
    )
    return found


def _conditions(filters: AuditFilters) -> Iterator[ColumnElement[bool]]:
    for column, wanted in (
        (AuditEvent.tag, filters.tag),
        (AuditEvent.actor_name, filters.actor),
        (AuditEvent.target_type, filters.target_type),
        (AuditEvent.target_id, filters.target_id),
    ):
        if wanted is not None:
            yield column == wanted
    if filters.since is not None:
        yield AuditEvent.at >= filters.since
        yield AuditEvent.id >= _first_id(filters.since, -CLOCK_SKEW)
    if filters.until is not None:
        yield AuditEvent.at < filters.until
        yield AuditEvent.id < _first_id(filters.until, CLOCK_SKEW)


def _first_id(instant: datetime, allowance: timedelta) -> UUID:
    """The smallest id of an instant: lets the index stop where the period ends."""
    milliseconds = int(instant.timestamp() * 1000) + allowance // timedelta(milliseconds=1)
    return UUID(int=min(max(milliseconds, 0), 2**48 - 1) << RANDOM_BITS)


def _describe(row: Row[Any]) -> AuditEventOut:
    event: AuditEvent = row[0]
    changes = event.changes or {}
    return AuditEventOut(
        id=event.id,
        at=event.at,
        tag=event.tag,
        actor=AuditActorOut(
            tenant_id=event.actor_tenant_id,
            kind=event.actor_kind,
            id=event.actor_id,
            name=event.actor_name,
        ),
        target_type=event.target_type,
        target_id=event.target_id,
        facts=event.facts,
        changes=[
            AuditChangeOut(field=name, before=before, after=after)
            for name, (before, after) in changes.items()
        ],
        is_erased=event.changes is None and event.changes_digest is not None,
        request_id=event.request_id,
        seal_number=event.seal_number,
    )
