"""Every SELECT on the outbox of alerts."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from sindico_platform.database.tx import Tx
from sindico_platform.paging.keyset import Keyset
from sindico_platform.paging.schemas import Page, PageRequest
from sindico_platform.tenancy.models import Tenant
from sindico_platform.words import Translate, in_english
from sindico_provisioning.alerts.models import AlertDelivery, DeliveryState
from sindico_provisioning.alerts.schemas import DeliveryErrorOut, DeliveryOut

ORDERS = Keyset(AlertDelivery.id, default="-created_at", created_at=AlertDelivery.id)
PURGE = text("SELECT control.purge_alert_deliveries(:keep_days, :batch)")


async def list_due(
    fleet: AsyncSession, *, limit: int, of_one_address: int
) -> list[tuple[UUID, UUID]]:
    """Tenant and id of deliveries that are due, of no address more than some at a time.

    An address that answers slowly keeps no other waiting.
    """
    turn = func.row_number().over(
        partition_by=(AlertDelivery.tenant_id, AlertDelivery.webhook_id),
        order_by=AlertDelivery.due_at,
    )
    due = (
        select(AlertDelivery.tenant_id, AlertDelivery.id, turn.label("turn"))
        .where(
            AlertDelivery.state == DeliveryState.PENDING,
            AlertDelivery.due_at <= func.now(),
            func.coalesce(AlertDelivery.lease_until, func.now()) <= func.now(),
        )
        .subquery()
    )
    query = (
        select(due.c.tenant_id, due.c.id)
        .where(due.c.turn <= of_one_address)
        .order_by(due.c.turn, due.c.id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in await fleet.execute(query)]


async def lock_due(tx: Tx, delivery_id: UUID) -> AlertDelivery | None:
    """The delivery if it waits and nobody carries it."""
    found: AlertDelivery | None = await tx.session.scalar(
        select(AlertDelivery)
        .where(
            AlertDelivery.tenant_id == tx.tenant_id,
            AlertDelivery.id == delivery_id,
            AlertDelivery.state == DeliveryState.PENDING,
            AlertDelivery.due_at <= tx.now,
            func.coalesce(AlertDelivery.lease_until, tx.now) <= tx.now,
        )
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return found


async def lock_carried(tx: Tx, delivery_id: UUID, token: UUID) -> AlertDelivery | None:
    """The delivery if it is still carried under this lease."""
    found: AlertDelivery | None = await tx.session.scalar(
        select(AlertDelivery)
        .where(
            AlertDelivery.tenant_id == tx.tenant_id,
            AlertDelivery.id == delivery_id,
            AlertDelivery.state == DeliveryState.PENDING,
            AlertDelivery.lease_token == token,
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return found


async def count_mails(tx: Tx, *, integration_id: UUID, since: datetime) -> dict[str, int]:
    """By address in lower case, how many mails about an integration were written since."""
    address = func.lower(AlertDelivery.mail_to)
    rows = await tx.session.execute(
        select(address, func.count())
        .where(
            AlertDelivery.tenant_id == tx.tenant_id,
            AlertDelivery.mail_to.is_not(None),
            AlertDelivery.created_at >= since,
            AlertDelivery.data["integration_id"].astext == str(integration_id),
        )
        .group_by(address)
    )
    return {row[0]: row[1] for row in rows}


async def describe_tenant(tx: Tx) -> Row[str, str]:
    """Name and zone of the bound tenant."""
    found = await tx.session.execute(
        select(Tenant.name, Tenant.timezone).where(Tenant.tenant_id == tx.tenant_id)
    )
    return found.one()


async def list_deliveries(
    tx: Tx, webhook_id: UUID, request: PageRequest, *, translate: Translate = in_english
) -> Page[DeliveryOut]:
    """One page of what was sent to a webhook, newest first."""
    columns: list[Any] = [AlertDelivery, AlertDelivery.id.label("order_value"), AlertDelivery.id]
    query = select(*columns).where(
        AlertDelivery.tenant_id == tx.tenant_id, AlertDelivery.webhook_id == webhook_id
    )
    rows = (await tx.session.execute(ORDERS.apply(query, request))).all()
    return ORDERS.page(rows, request, lambda row: _show(row[0], translate))


def _show(row: AlertDelivery, translate: Translate) -> DeliveryOut:
    waits = row.state == DeliveryState.PENDING
    error = row.error
    return DeliveryOut(
        id=row.id,
        event=row.event,
        state=row.state,
        attempts=row.attempts,
        next_attempt_at=row.due_at if waits else None,
        error=None
        if error is None
        else DeliveryErrorOut(
            code=error["code"], detail=translate(error["detail"], **error["facts"])
        ),
        created_at=row.created_at,
        finished_at=row.finished_at,
    )


async def purge_finished(fleet: AsyncSession, *, keep_days: float, batch: int) -> int:
    """Delete deliveries that ended longer ago.

    Returns:
        How many were deleted.
    """
    deleted = await fleet.scalar(PURGE, {"keep_days": keep_days, "batch": batch})
    return int(deleted or 0)


def instant_of(value: Any) -> datetime | None:
    """An instant as the row's JSON keeps it."""
    return None if value is None else datetime.fromisoformat(str(value))
