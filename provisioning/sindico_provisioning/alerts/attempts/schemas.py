"""Attempts as callers see them."""

from datetime import datetime
from uuid import UUID

from sindico_platform.schemas import Output
from sindico_provisioning.alerts.schemas import DeliveryErrorOut


class AttemptOut(Output, kw_only=True, frozen=True):
    """One attempt to deliver a message to a webhook."""

    id: UUID
    delivery_id: UUID
    """The message's `webhook-id`, the same at every attempt."""
    event: str
    state: str
    """`running`, `sent`, `failed`, or `lost`: the process that sent it ended meanwhile."""
    at: datetime
    duration_ms: int | None
    """Until the answer, or until it was clear that none comes."""
    answer_status: int | None
    """The HTTP status of the answer; null if there was none."""
    error: DeliveryErrorOut | None
