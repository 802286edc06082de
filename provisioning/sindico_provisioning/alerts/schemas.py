"""Deliveries as callers see them, and as the courier carries them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sindico_platform.schemas import Output
from sindico_provisioning.webhooks.schemas import Receiver


class DeliveryErrorOut(Output, kw_only=True, frozen=True):
    """Why a message did not arrive the last time."""

    code: str
    detail: str


class DeliveryOut(Output, kw_only=True, frozen=True):
    """One message to one webhook."""

    id: UUID
    """The `webhook-id` that the receiver sees, the same at every attempt."""
    webhook_id: UUID
    event: str
    state: str
    """`pending`, `sent` or `failed`."""
    attempts: int
    tried_at: datetime | None
    """When it was last tried."""
    answer_status: int | None
    """The HTTP status of the last answer; null if there was none."""
    next_attempt_at: datetime | None
    error: DeliveryErrorOut | None
    created_at: datetime
    finished_at: datetime | None


class ResentOut(Output, kw_only=True, frozen=True):
    """How many messages are sent again."""

    resent: int


class DeliveryDetail(DeliveryOut, kw_only=True, frozen=True):
    """One message with what it says."""

    data: dict[str, Any]
    """The message's `data`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Contact:
    """Somebody who gets alerts by mail."""

    email: str
    locale: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Parcel:
    """One delivery that was claimed, with what is needed to carry it."""

    tenant_id: UUID
    id: UUID
    lease_token: UUID
    attempt: int
    event: str
    data: dict[str, Any]
    created_at: datetime
    receiver: Receiver | None
    webhook_id: UUID | None
    mail_to: str | None
    mail_locale: str
    zone: str
    tenant_name: str
