"""Every SELECT on notifications."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, func, or_, select

from sindico_platform.database.tx import Tx
from sindico_platform.paging.keyset import Keyset
from sindico_platform.paging.schemas import Page, PageRequest
from sindico_platform.words import Translate, in_english
from sindico_provisioning.notifications.catalogue import KINDS
from sindico_provisioning.notifications.models import Notification, NotificationRead
from sindico_provisioning.notifications.schemas import NotificationOut

ORDERS = Keyset(Notification.id, default="-created_at", created_at=Notification.created_at)
NOBODY = UUID(int=0)


async def list_notifications(
    tx: Tx, request: PageRequest, *, unread: bool = False, translate: Translate = in_english
) -> Page[NotificationOut]:
    """One page of what the actor may read in the bound tenant, newest first."""
    columns: list[Any] = [
        Notification,
        Notification.id,
        NotificationRead.read_at,
        ORDERS.column_of(request).label("order_value"),
    ]
    query = (
        select(*columns)
        .outerjoin(NotificationRead, _read_by_actor(tx))
        .where(*_visible(tx), *([NotificationRead.read_at.is_(None)] if unread else []))
    )
    rows = (await tx.session.execute(ORDERS.apply(query, request))).all()
    return ORDERS.page(rows, request, lambda row: _describe(row, translate))


async def count_unread(tx: Tx) -> int:
    """How many the actor has not read."""
    found = await tx.session.scalar(
        select(func.count())
        .select_from(Notification)
        .outerjoin(NotificationRead, _read_by_actor(tx))
        .where(*_visible(tx), NotificationRead.read_at.is_(None))
    )
    return found or 0


async def find_visible(tx: Tx, notification_id: UUID) -> UUID | None:
    """The id, if the actor may read the notification."""
    found: UUID | None = await tx.session.scalar(
        select(Notification.id).where(*_visible(tx), Notification.id == notification_id)
    )
    return found


async def list_unread_ids(tx: Tx) -> list[UUID]:
    """Every notification the actor may read and has not."""
    return list(
        await tx.session.scalars(
            select(Notification.id)
            .outerjoin(NotificationRead, _read_by_actor(tx))
            .where(*_visible(tx), NotificationRead.read_at.is_(None))
        )
    )


def reader_of(tx: Tx) -> UUID:
    return tx.actor.id or NOBODY


def _visible(tx: Tx) -> list[ColumnElement[bool]]:
    """Of one's own tenant what is for all or for oneself; an operator sees what is for all."""
    for_all = Notification.user_id.is_(None)
    return [
        Notification.tenant_id == tx.tenant_id,
        or_(for_all, Notification.user_id == reader_of(tx)),
    ]


def _read_by_actor(tx: Tx) -> ColumnElement[bool]:
    return (
        (NotificationRead.tenant_id == Notification.tenant_id)
        & (NotificationRead.notification_id == Notification.id)
        & (NotificationRead.reader_id == reader_of(tx))
    )


def _describe(row: Row[Any], translate: Translate) -> NotificationOut:
    notification: Notification = row[0]
    kind = KINDS[notification.code]
    return NotificationOut(
        id=notification.id,
        code=notification.code,
        title=translate(kind.title),
        detail=translate(kind.detail, **notification.facts),
        facts=notification.facts,
        path=notification.path,
        created_at=notification.created_at,
        read_at=row.read_at,
    )
