"""The only writer of attempts to deliver."""

from typing import Any, cast
from uuid import UUID

from sqlalchemy import insert, update

from sindico_platform.database.base import table_of
from sindico_platform.database.tx import Tx
from sindico_provisioning.alerts.models import AlertDelivery, AttemptState, DeliveryAttempt
from sindico_provisioning.alerts.schemas import Parcel


async def begin_attempt(tx: Tx, *, delivery: AlertDelivery) -> None:
    """Write down that a message to a webhook is sent now, under the delivery's lease."""
    values = {
        "tenant_id": tx.tenant_id,
        "id": delivery.lease_token,
        "delivery_id": delivery.id,
        "webhook_id": delivery.webhook_id,
        "state": AttemptState.RUNNING,
        "at": tx.now,
    }
    await tx.session.execute(insert(table_of(DeliveryAttempt)), values)


async def give_up_lost(tx: Tx, *, delivery_id: UUID) -> None:
    """Note that nobody knows what came of the attempt whose lease ran out."""
    await tx.session.execute(
        update(DeliveryAttempt)
        .where(
            DeliveryAttempt.tenant_id == tx.tenant_id,
            DeliveryAttempt.delivery_id == delivery_id,
            DeliveryAttempt.state == AttemptState.RUNNING,
        )
        .values(state=AttemptState.LOST)
    )


async def end_attempt(
    tx: Tx,
    *,
    parcel: Parcel,
    state: AttemptState,
    duration_ms: int,
    answer_status: int | None,
    error: dict[str, Any] | None = None,
) -> None:
    """Note what came of an attempt, also of one whose lease has run out meanwhile."""
    ended = (
        update(DeliveryAttempt)
        .where(DeliveryAttempt.tenant_id == tx.tenant_id, DeliveryAttempt.id == parcel.lease_token)
        .values(
            state=state,
            duration_ms=duration_ms,
            answer_status=answer_status,
            error=cast("Any", error),
        )
    )
    await tx.session.execute(ended)
