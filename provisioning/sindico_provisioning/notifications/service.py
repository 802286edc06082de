"""The only writer of notifications."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.dialects.postgresql import insert as upsert

from sindico_platform.database.base import table_of
from sindico_platform.database.tx import Tx
from sindico_platform.identity import queries as identity
from sindico_provisioning.notifications import queries
from sindico_provisioning.notifications.catalogue import Kind
from sindico_provisioning.notifications.errors import NotificationNotFound
from sindico_provisioning.notifications.models import Notification, NotificationRead
from sindico_tenants.outgoing_mails import service as mails

INSERT = insert(table_of(Notification))
MOST_MAILS = 100
NOTIFICATIONS_PATH = "/console/notifications"


async def notify(
    tx: Tx,
    kind: Kind,
    *,
    user_id: UUID | None = None,
    company_id: UUID | None = None,
    branch_id: UUID | None = None,
    path: str | None = None,
    **facts: Any,
) -> None:
    """Tell the bound tenant's people something, in the caller's transaction.

    Kinds that name a mail are also sent to those who can do something about them.

    Args:
        user_id: whom it is for; everybody who may see notifications unless given.
        company_id: of whose mail server that mail goes, as `branch_id`.
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
            "facts": {name: _kept(fact) for name, fact in facts.items()},
            "path": path,
            "created_at": tx.now,
        },
    )
    if kind.mail is None or kind.mailed_to is None:
        return
    for reader in await identity.list_addressees(tx, kind.mailed_to, most=MOST_MAILS):
        await mails.queue_mail(
            tx,
            kind.mail,
            to=reader.email or "",
            locale=reader.locale,
            facts=facts,
            path=path or NOTIFICATIONS_PATH,
            company_id=company_id,
            branch_id=branch_id,
        )


def _kept(fact: Any) -> Any:
    return fact.isoformat(timespec="minutes") if isinstance(fact, datetime) else fact


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
