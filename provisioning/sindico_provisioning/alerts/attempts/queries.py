"""Every SELECT on attempts to deliver."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select

from sindico_platform.database.tx import Tx
from sindico_platform.paging.keyset import Keyset
from sindico_platform.paging.schemas import Page, PageRequest
from sindico_platform.words import Translate, in_english
from sindico_provisioning.alerts.attempts.schemas import AttemptOut
from sindico_provisioning.alerts.models import AlertDelivery, AttemptState, DeliveryAttempt
from sindico_provisioning.alerts.queries import tell_error

ORDERS = Keyset(DeliveryAttempt.id, default="-at", at=DeliveryAttempt.id)


async def list_attempts(
    tx: Tx,
    request: PageRequest,
    *,
    webhook_id: UUID,
    state: AttemptState | None = None,
    translate: Translate = in_english,
) -> Page[AttemptOut]:
    """One page of the attempts at a webhook, newest first."""
    which = [DeliveryAttempt.webhook_id == webhook_id]
    if state is not None:
        which.append(DeliveryAttempt.state == state)
    return await _list(tx, request, which, translate)


async def list_attempts_of(
    tx: Tx, request: PageRequest, *, delivery_id: UUID, translate: Translate = in_english
) -> Page[AttemptOut]:
    """One page of the attempts to deliver one message, newest first."""
    return await _list(tx, request, [DeliveryAttempt.delivery_id == delivery_id], translate)


async def _list(
    tx: Tx, request: PageRequest, which: list[ColumnElement[bool]], translate: Translate
) -> Page[AttemptOut]:
    made = DeliveryAttempt
    columns: list[Any] = [
        made.id,
        made.delivery_id,
        AlertDelivery.event,
        made.state,
        made.at,
        made.duration_ms,
        made.answer_status,
        made.error,
    ]
    query = (
        select(*columns, made.id.label("order_value"))
        .join(
            AlertDelivery,
            and_(AlertDelivery.tenant_id == made.tenant_id, AlertDelivery.id == made.delivery_id),
        )
        .where(made.tenant_id == tx.tenant_id, *which)
    )

    def show(row: Any) -> AttemptOut:
        values = {name: getattr(row, name) for name in AttemptOut.__struct_fields__}
        return AttemptOut(**values | {"error": tell_error(row.error, translate)})

    rows: Any = (await tx.session.execute(ORDERS.apply(query, request))).all()
    return ORDERS.page(rows, request, show)
