"""Every SELECT on the outbox of alerts."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, and_, false, func, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from sindico_platform.database.tx import Tx
from sindico_platform.paging.keyset import Keyset
from sindico_platform.paging.schemas import Page, PageRequest
from sindico_platform.tenancy.models import Tenant
from sindico_platform.words import Translate, in_english
from sindico_provisioning.alerts.errors import DeliveryNotFound
from sindico_provisioning.alerts.models import AlertDelivery, DeliveryState
from sindico_provisioning.alerts.schemas import DeliveryDetail, DeliveryErrorOut, DeliveryOut
from sindico_provisioning.webhooks.models import WebhookEvent

ORDERS = Keyset(AlertDelivery.id, default="-created_at", created_at=AlertDelivery.id)
PURGE = text("SELECT control.purge_alert_deliveries(:keep_days, :batch)")


async def list_due(
    fleet: AsyncSession, *, limit: int, of_one_tenant: int, of_one_address: int
) -> list[tuple[UUID, UUID]]:
    """Tenant and id of deliveries that are due, tenants in turn.

    With what is carried already they are no more than some of one tenant's webhooks, and of one
    address: an address that answers slowly keeps no other waiting, the addresses of a tenant no
    other tenant and no mail, and the many messages of one run no alert. Addresses where something
    that failed waits for its next attempt get one of a tenant's places together, after the alerts
    of the others, and more only if nothing else wants them.
    """
    ranked = _rank_in_tenant(of_one_address).subquery()
    place = func.row_number().over(
        partition_by=(ranked.c.tenant_id, ranked.c.is_mail),
        order_by=(
            ranked.c.is_carried.desc(),
            and_(ranked.c.is_failing, ranked.c.rank > 1),
            and_(~ranked.c.is_failing, ranked.c.is_of_many),
            ranked.c.is_failing,
            ranked.c.rank,
        ),
    )
    placed = select(ranked, place.label("place")).subquery()
    query = (
        select(placed.c.tenant_id, placed.c.id)
        .where(placed.c.place <= of_one_tenant, ~placed.c.is_carried)
        .order_by(placed.c.place, placed.c.due_at, placed.c.id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in await fleet.execute(query)]


def _rank_in_tenant(of_one_address: int) -> Select[Any]:
    """The first messages of each address, ranked among those of the tenant that fail, or do not."""
    due = _due_by_address().subquery()
    failing = select(AlertDelivery.tenant_id, AlertDelivery.webhook_id).where(
        AlertDelivery.state == DeliveryState.PENDING,
        AlertDelivery.due_at > func.now(),
        AlertDelivery.webhook_id.is_not(None),  # beside a NULL no address is surely not among them
    )
    is_failing = func.coalesce(tuple_(due.c.tenant_id, due.c.webhook_id).in_(failing), false())
    rank = func.row_number().over(
        partition_by=(due.c.tenant_id, due.c.is_mail, is_failing),
        order_by=(
            due.c.is_carried.desc(),
            due.c.is_of_many,
            due.c.turn,
            due.c.due_at,
            due.c.id,
        ),
    )
    return select(due, is_failing.label("is_failing"), rank.label("rank")).where(
        due.c.turn <= of_one_address
    )


def _due_by_address() -> Select[Any]:
    """Every message that is due or carried, and its turn at its address."""
    carried = func.coalesce(AlertDelivery.lease_until > func.now(), false())
    of_many = AlertDelivery.event == WebhookEvent.CLASS_CHANGED
    query = select(
        AlertDelivery.tenant_id,
        AlertDelivery.id,
        AlertDelivery.webhook_id,
        AlertDelivery.due_at,
        AlertDelivery.webhook_id.is_(None).label("is_mail"),
        carried.label("is_carried"),
        of_many.label("is_of_many"),
        func.row_number()
        .over(
            partition_by=(AlertDelivery.tenant_id, AlertDelivery.webhook_id),
            order_by=(carried.desc(), of_many, AlertDelivery.due_at),
        )
        .label("turn"),
    )
    return query.where(
        AlertDelivery.state == DeliveryState.PENDING, AlertDelivery.due_at <= func.now()
    )


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
    tx: Tx,
    webhook_id: UUID,
    request: PageRequest,
    *,
    state: DeliveryState | None = None,
    translate: Translate = in_english,
) -> Page[DeliveryOut]:
    """One page of what was sent to a webhook, newest first."""
    columns: list[Any] = [AlertDelivery, AlertDelivery.id.label("order_value"), AlertDelivery.id]
    query = select(*columns).where(
        AlertDelivery.tenant_id == tx.tenant_id, AlertDelivery.webhook_id == webhook_id
    )
    if state is not None:
        query = query.where(AlertDelivery.state == state)
    rows = (await tx.session.execute(ORDERS.apply(query, request))).all()
    return ORDERS.page(rows, request, lambda row: DeliveryOut(**_shown(row[0], translate)))


async def read_delivery(
    tx: Tx, delivery_id: UUID, *, translate: Translate = in_english
) -> DeliveryDetail:
    """One message to a webhook with what it says.

    Raises:
        DeliveryNotFound: no such message.
    """
    row = await get_delivery(tx, delivery_id)
    return DeliveryDetail(**_shown(row, translate), data=row.data)


async def get_delivery(tx: Tx, delivery_id: UUID, *, lock: bool = False) -> AlertDelivery:
    """One message to a webhook of the bound tenant; mails are not among them.

    Raises:
        DeliveryNotFound: no such message.
    """
    query = select(AlertDelivery).where(
        AlertDelivery.tenant_id == tx.tenant_id,
        AlertDelivery.webhook_id.is_not(None),
        AlertDelivery.id == delivery_id,
    )
    if lock:
        query = query.with_for_update()
    found: AlertDelivery | None = await tx.session.scalar(
        query.execution_options(populate_existing=True)
    )
    if found is None:
        raise DeliveryNotFound
    return found


async def count_deliveries(tx: Tx) -> dict[UUID, dict[str, int]]:
    """How many messages there are by webhook and state; they are kept for 30 days."""
    query = (
        select(AlertDelivery.webhook_id, AlertDelivery.state, func.count())
        .where(AlertDelivery.tenant_id == tx.tenant_id, AlertDelivery.webhook_id.is_not(None))
        .group_by(AlertDelivery.webhook_id, AlertDelivery.state)
    )
    counts: dict[UUID, dict[str, int]] = {}
    for webhook_id, state, count in await tx.session.execute(query):
        if webhook_id is not None:
            counts.setdefault(webhook_id, {})[state] = count
    return counts


def _shown(row: AlertDelivery, translate: Translate) -> dict[str, Any]:
    return {
        "id": row.id,
        "webhook_id": row.webhook_id,
        "event": row.event,
        "state": row.state,
        "attempts": row.attempts,
        "tried_at": row.tried_at,
        "answer_status": row.answer_status,
        "next_attempt_at": row.due_at if row.state == DeliveryState.PENDING else None,
        "error": tell_error(row.error, translate),
        "created_at": row.created_at,
        "finished_at": row.finished_at,
    }


def tell_error(error: dict[str, Any] | None, translate: Translate) -> DeliveryErrorOut | None:
    """A failure as the row keeps it, in the caller's language."""
    if error is None:
        return None
    return DeliveryErrorOut(code=error["code"], detail=translate(error["detail"], **error["facts"]))


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
