"""The only writer of notifications."""

from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.dialects.postgresql import insert as upsert

from sindico_platform.database.base import table_of
from sindico_platform.database.tx import Tx
from sindico_provisioning.notifications import queries
from sindico_provisioning.notifications.catalogue import Kind
from sindico_provisioning.notifications.errors import NotificationNotFound
from sindico_provisioning.notifications.models import Notification, NotificationRead

INSERT = insert(table_of(Notification))


async def notify(
    tx: Tx, kind: Kind, *, user_id: UUID | None = None, path: str | None = None, **facts: Any
) -> None:
    """Tell the bound tenant's people something, in the caller's transaction.

    Args:
        user_id: whom it is for; everybody who may see notifications unless given.
        path: where the console leads from it.
        facts: what fills the kind's detail.
    """
    await tx.session.execute(
        INSERT,
        {
            "tenant_id": tx.tenant_id,
            "id": tx.new_id(),
            "user_id": user_id,
            "code": kind.code,
            "facts": facts,
            "path": path,
            "created_at": tx.now,
        },
    )


async def mark_read(tx: Tx, *, notification_id: UUID) -> None:
    """Note that the actor has read a notification. Repeating the call changes nothing.

    Raises:
        NotificationNotFound: no such notification, or one for somebody else.
    """
    if await queries.find_visible(tx, notification_id) is None:
        raise NotificationNotFound
    await _mark(tx, [notification_id])


async def mark_all_read(tx: Tx) -> None:
    """Note that the actor has read everything. Repeating the call changes nothing."""
    if unread := await queries.list_unread_ids(tx):
        await _mark(tx, unread)


async def _mark(tx: Tx, ids: list[UUID]) -> None:
    rows = [
        {
            "tenant_id": tx.tenant_id,
            "notification_id": notification_id,
            "reader_id": queries.reader_of(tx),
            "read_at": tx.now,
        }
        for notification_id in ids
    ]
    await tx.session.execute(upsert(NotificationRead).values(rows).on_conflict_do_nothing())
