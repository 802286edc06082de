"""The only writer of the outbox of alerts."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import insert, update

from sindico_platform.audit import service as audit
from sindico_platform.database.base import table_of
from sindico_platform.database.tx import Tx
from sindico_platform.errors import Transient
from sindico_platform.jobs.runner import describe
from sindico_platform.secrets import KeyRing
from sindico_platform.words import translatable
from sindico_provisioning.alerts import queries, statements
from sindico_provisioning.alerts.attempts import service as attempts
from sindico_provisioning.alerts.models import AlertDelivery, AttemptState, DeliveryState
from sindico_provisioning.alerts.schemas import Contact, Parcel
from sindico_provisioning.webhooks import queries as webhooks
from sindico_provisioning.webhooks import service as webhook_service
from sindico_provisioning.webhooks.errors import GONE, WebhookNotFound, WebhookSwitchedOff

LEASE_SECONDS = 120
OFF = {
    "code": "webhook-switched-off",
    "detail": translatable("The webhook was switched off before this was sent."),
    "facts": {},
}
WAIT_SECONDS = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""After each failed attempt, as Standard Webhooks recommends: ten attempts within three days."""


async def send_alert(
    tx: Tx, *, event: str, data: dict[str, Any], contacts: Sequence[Contact] = ()
) -> int:
    """Write down what is to leave, in the caller's transaction: it leaves if that commits.

    Args:
        event: such as ``integration.stale``.
        data: JSON; what webhooks get as it is, and what the mail of this event names.
        contacts: who gets a mail besides the tenant's active webhooks.

    Returns:
        To how many addresses.
    """
    shared = {
        "tenant_id": tx.tenant_id,
        "event": event,
        "data": data,
        "state": DeliveryState.PENDING,
        "attempts": 0,
        "due_at": tx.now,
        "created_at": tx.now,
    }
    nowhere = {"webhook_id": None, "mail_to": None, "mail_locale": None}
    rows = [
        shared | nowhere | {"id": tx.new_id(), "webhook_id": each}
        for each in await webhooks.lock_active_ids(tx, event=event)
    ] + [
        shared | nowhere | {"id": tx.new_id(), "mail_to": each.email, "mail_locale": each.locale}
        for each in contacts
    ]
    if rows:
        await tx.session.execute(insert(table_of(AlertDelivery)), rows)
    return len(rows)


async def send_each(
    tx: Tx,
    *,
    webhook_ids: Sequence[UUID],
    event: str,
    messages: str,
    count: int,
    values: dict[str, Any],
) -> None:
    """Write many messages down by one statement, in the caller's transaction.

    Args:
        webhook_ids: each gets every message.
        messages: a query of ours with the columns ``part``, which orders them, and ``data``.
        count: how many messages it gives.
        values: its parameters beside ``tenant_id`` and ``now``.
    """
    ids = [tx.new_id() for _ in range(count * len(webhook_ids))]
    own = {"tenant_id": tx.tenant_id, "now": tx.now, "event": event}
    addressed = {"webhook_ids": webhook_ids, "ids": ids}
    await tx.session.execute(statements.send_each(messages), values | own | addressed)


async def claim_parcel(tx: Tx, keys: KeyRing, *, delivery_id: UUID) -> Parcel | None:
    """Take a delivery that is due, so that for a while nobody else carries it.

    Returns:
        What is to be carried; None when there is nothing to carry, or somebody else has it.
    """
    row = await queries.lock_due(tx, delivery_id)
    if row is None:
        return None
    if row.lease_token is not None:
        await attempts.give_up_lost(tx, delivery_id=row.id)
    receiver = None
    if row.webhook_id is not None:
        webhook = await webhooks.get_webhook(tx, row.webhook_id)
        if not webhook.is_active:
            row.state, row.finished_at, row.error = DeliveryState.FAILED, tx.now, OFF
            return None
        receiver = await webhook_service.open_receiver(tx, keys, webhook_id=row.webhook_id)
    row.attempts += 1
    row.tried_at = tx.now
    row.lease_token, row.lease_until = tx.new_id(), tx.now + timedelta(seconds=LEASE_SECONDS)
    if row.webhook_id is not None:
        await attempts.begin_attempt(tx, delivery=row)
    name, zone = await queries.describe_tenant(tx)
    return Parcel(
        tenant_id=tx.tenant_id,
        id=row.id,
        lease_token=row.lease_token,
        attempt=row.attempts,
        event=row.event,
        data=row.data,
        created_at=row.created_at,
        receiver=receiver,
        webhook_id=row.webhook_id,
        mail_to=row.mail_to,
        mail_locale=row.mail_locale or "en",
        zone=zone,
        tenant_name=name,
    )


async def record_sent(
    tx: Tx, *, parcel: Parcel, duration_ms: int, answer_status: int | None = None
) -> None:
    """Note that a delivery arrived. A carrier that comes too late adds to its own attempt alone."""
    row = await queries.lock_carried(tx, parcel.id, parcel.lease_token)
    if row is not None:
        row.state, row.finished_at = DeliveryState.SENT, tx.now
        row.answer_status, row.error = answer_status, None
        row.lease_token = row.lease_until = None
    await attempts.end_attempt(
        tx,
        parcel=parcel,
        state=AttemptState.SENT,
        duration_ms=duration_ms,
        answer_status=answer_status,
    )


async def record_failure(tx: Tx, *, parcel: Parcel, duration_ms: int, error: Exception) -> None:
    """Note that a delivery did not arrive, and when it is tried again, if at all.

    An address that is gone for good gets nothing more. A carrier that comes too late adds to its
    own attempt alone.
    """
    told = describe(error)
    status = None if parcel.webhook_id is None else told["facts"].get("status")
    gone_id = parcel.webhook_id if told["code"] == GONE.code else None
    if gone_id is not None:
        with suppress(WebhookNotFound):  # whoever deletes it locks it before its deliveries too
            await webhooks.get_webhook(tx, gone_id, lock=True)
    row = await queries.lock_carried(tx, parcel.id, parcel.lease_token)
    await attempts.end_attempt(
        tx,
        parcel=parcel,
        state=AttemptState.FAILED,
        duration_ms=duration_ms,
        answer_status=status,
        error=told,
    )
    if row is None:
        return
    row.error, row.answer_status = told, status
    row.lease_token = row.lease_until = None
    if gone_id is not None:
        await webhook_service.switch_off_gone(tx, webhook_id=gone_id)
    wait = wait_after(error, attempt=parcel.attempt)
    if wait is None:
        row.state, row.finished_at = DeliveryState.FAILED, tx.now
    else:
        row.due_at = tx.now + timedelta(seconds=wait)


async def resend(tx: Tx, *, delivery_id: UUID) -> AlertDelivery:
    """Send a message again, at once and under the same id; one that waits, waits no longer.

    Raises:
        DeliveryNotFound: no such message to a webhook.
        WebhookSwitchedOff: nothing is sent there.
    """
    row = await queries.get_delivery(tx, delivery_id, lock=True)
    webhook_id = cast("UUID", row.webhook_id)
    await _demand_active(tx, webhook_id)
    if row.state != DeliveryState.PENDING:
        row.state, row.attempts, row.finished_at = DeliveryState.PENDING, 0, None
    row.due_at = tx.now
    await tx.session.flush()
    await _record_resend(tx, webhook_id, delivery_id=delivery_id)
    return row


async def resend_failed(tx: Tx, *, webhook_id: UUID) -> int:
    """Send again, at once, everything that never arrived at a webhook.

    Returns:
        How many messages.

    Raises:
        WebhookNotFound: no such webhook.
        WebhookSwitchedOff: nothing is sent there.
    """
    await _demand_active(tx, webhook_id)
    again = (
        update(AlertDelivery)
        .where(
            AlertDelivery.tenant_id == tx.tenant_id,
            AlertDelivery.webhook_id == webhook_id,
            AlertDelivery.state == DeliveryState.FAILED,
        )
        .values(state=DeliveryState.PENDING, attempts=0, due_at=tx.now, finished_at=None)
        .returning(AlertDelivery.id)
    )
    count = len((await tx.session.scalars(again)).all())
    if count:
        await _record_resend(tx, webhook_id, count=count)
    return count


async def _demand_active(tx: Tx, webhook_id: UUID) -> None:
    webhook = await webhooks.get_webhook(tx, webhook_id)
    if not webhook.is_active:
        raise WebhookSwitchedOff


async def _record_resend(tx: Tx, webhook_id: UUID, **facts: Any) -> None:
    await audit.record(tx, "webhook:resend", target_type="webhook", target_id=webhook_id, **facts)


def wait_after(error: Exception, *, attempt: int) -> float | None:
    """Seconds until the next attempt; None when there is none.

    What looks final is tried again too, as receivers are mended meanwhile, unless nothing more is
    wanted there.
    """
    if attempt > len(WAIT_SECONDS) or getattr(error, "code", None) == GONE.code:
        return None
    asked = error.retry_after_seconds if isinstance(error, Transient) else None
    return float(max(asked or 0, WAIT_SECONDS[attempt - 1]))
