"""Webhooks as callers see them, and as the sender needs them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from msgspec import Meta

from sindico_platform.schemas import Input, Output
from sindico_platform.settings import Secret
from sindico_provisioning.webhooks.models import WebhookEndpoint, WebhookEvent

SECRET_FIELD = "webhook.secret"  # noqa: S105  (a name, not a secret)
Url = Annotated[str, Meta(max_length=2000, examples=["https://erp.acme.com.br/sindico"])]


class WebhookIn(Input, kw_only=True, frozen=True):
    """Where to post, and whether."""

    url: Url
    """`https://…`, of a server that answers from the internet."""
    description: Annotated[str, Meta(max_length=200)] = ""
    events: tuple[WebhookEvent, ...] = ()
    """Without any it is told of all, also of those that later releases add."""
    is_active: bool = True

    @property
    def wanted(self) -> list[str]:
        """The events, each once and in the order of their declaration."""
        return [event.value for event in WebhookEvent if event in self.events]


class WebhookOut(Output, kw_only=True, frozen=True):
    """One address that is told of the tenant's events; its secret is not given."""

    id: UUID
    url: str
    description: str
    events: list[str]
    """Those it is told of; without any, all."""
    is_active: bool
    disabled_code: str | None
    """`switched-off` by a person, `gone` if it answered 410."""
    previous_secret_until: datetime | None
    """Until when the secret before signs as well."""
    created_at: datetime
    updated_at: datetime
    revision: int

    @classmethod
    def from_row(cls, row: WebhookEndpoint) -> Self:
        return cls(**{name: getattr(row, name) for name in cls.__struct_fields__})


class WebhookSecretOut(Output, kw_only=True, frozen=True):
    """A webhook with its secret, which is shown now and never again."""

    webhook: WebhookOut
    secret: str
    """`whsec_…`, as libraries for Standard Webhooks take it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Receiver:
    """Where one message goes, and what signs it."""

    url: str
    keys: tuple[Secret[str], ...]
    """The newest first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WebhookMessage:
    """What is posted; sent again it has the same id."""

    id: UUID
    event: str
    happened_at: datetime
    data: dict[str, Any]
