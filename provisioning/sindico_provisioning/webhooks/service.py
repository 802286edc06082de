"""The only writer of webhook endpoints."""

from datetime import timedelta
from urllib.parse import SplitResult, urlsplit
from uuid import UUID

import httpx
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from sindico_platform.audit import service as audit
from sindico_platform.database.tx import Tx
from sindico_platform.errors import FieldError, InvalidInput, field_error
from sindico_platform.revisions import demand_revision
from sindico_platform.secrets import KeyRing
from sindico_platform.settings import Secret
from sindico_provisioning.webhooks import queries
from sindico_provisioning.webhooks.errors import TooManyWebhooks, WebhookExists
from sindico_provisioning.webhooks.models import WebhookEndpoint
from sindico_provisioning.webhooks.schemas import SECRET_FIELD, Receiver, WebhookIn
from sindico_provisioning.webhooks.signing import new_secret

MOST = 10
"""Webhooks of one tenant."""
CHANGE_OVER_HOURS = 24
"""How long a secret that was replaced signs as well."""
SWITCHED_OFF, GONE = "switched-off", "gone"
AUDIT_NAMES = {"events": "told_events"}


def address_of(url: str, *, allow_http: bool) -> SplitResult:
    """The parts of an address that messages may be posted to, as far as its form says.

    Raises:
        InvalidInput: it is no such address.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    schemes = {"https", "http"} if allow_http else {"https"}
    bare = not (parts.username or parts.password or parts.fragment or port == 0)
    if parts.scheme in schemes and parts.hostname and bare and _can_be_posted_to(url.strip()):
        return parts
    raise InvalidInput(
        field_error(
            "url",
            "webhook-url-malformed",
            "Enter an address that begins with https:// and has no user, password or #.",
        )
    )


def _can_be_posted_to(url: str) -> bool:
    """Whether the client that posts takes the address, which `urlsplit` mends where it is wrong."""
    try:
        return url.isascii() and httpx.URL(url).host != ""
    except (httpx.InvalidURL, UnicodeError):  # control characters, names that are no IDNA
        return False


async def create_webhook(
    tx: Tx, keys: KeyRing, *, data: WebhookIn
) -> tuple[WebhookEndpoint, Secret[str]]:
    """Register an address; its host was allowed before.

    Returns:
        The row, and the secret, which cannot be read again.

    Raises:
        WebhookExists, TooManyWebhooks: it cannot be added.
    """
    await queries.lock_number(tx)
    if await queries.count_webhooks(tx) >= MOST:
        raise TooManyWebhooks(most=MOST)
    secret = Secret(new_secret())
    row = WebhookEndpoint(
        tenant_id=tx.tenant_id,
        id=tx.new_id(),
        url=data.url.strip(),
        description=data.description.strip(),
        events=data.wanted,
        is_active=data.is_active,
        disabled_code=None if data.is_active else SWITCHED_OFF,
        secret_sealed=_sealed(tx, keys, secret),
        revision=1,
        created_at=tx.now,
        updated_at=tx.now,
    )
    tx.session.add(row)
    await _flush_unique(tx)
    await audit.record(tx, "webhook:create", target_type="webhook", target_id=row.id, url=row.url)
    return row, secret


async def edit_webhook(
    tx: Tx, *, webhook_id: UUID, data: WebhookIn, revision: int | None = None
) -> WebhookEndpoint:
    """Replace address, description, events and state; its host was allowed before.

    Raises:
        WebhookNotFound, WebhookExists, ChangedMeanwhile: nothing was changed.
    """
    row = await queries.get_webhook(tx, webhook_id, lock=True)
    demand_revision(row.revision, revision)
    before = {name: getattr(row, name) for name in ("url", "description", "events", "is_active")}
    row.url, row.description = data.url.strip(), data.description.strip()
    row.events = data.wanted
    if row.is_active != data.is_active:
        row.is_active = data.is_active
        row.disabled_code = None if data.is_active else SWITCHED_OFF
    _touch(tx, row)
    await _flush_unique(tx)
    changes = {
        AUDIT_NAMES.get(name, name): (was, getattr(row, name))
        for name, was in before.items()
        if was != getattr(row, name)
    }
    await audit.record(
        tx, "webhook:edit", target_type="webhook", target_id=row.id, changes=changes or None
    )
    return row


async def rotate_secret(
    tx: Tx, keys: KeyRing, *, webhook_id: UUID
) -> tuple[WebhookEndpoint, Secret[str]]:
    """Replace the secret; the one before signs as well for a day, an older one no more.

    Raises:
        WebhookNotFound: no such webhook.
    """
    row = await queries.get_webhook(tx, webhook_id, lock=True)
    secret = Secret(new_secret())
    row.previous_secret_sealed = row.secret_sealed
    row.previous_secret_until = tx.now + timedelta(hours=CHANGE_OVER_HOURS)
    row.secret_sealed = _sealed(tx, keys, secret)
    _touch(tx, row)
    await tx.session.flush()
    await audit.record(
        tx,
        "webhook:rotate",
        target_type="webhook",
        target_id=row.id,
        changes={"secret": ("changed", "changed")},
    )
    return row, secret


async def delete_webhook(tx: Tx, *, webhook_id: UUID, revision: int | None = None) -> None:
    """Forget an address, its secret and what was sent to it.

    Raises:
        WebhookNotFound, ChangedMeanwhile: nothing was deleted.
    """
    row = await queries.get_webhook(tx, webhook_id, lock=True)
    demand_revision(row.revision, revision)
    await tx.session.execute(
        delete(WebhookEndpoint).where(
            WebhookEndpoint.tenant_id == tx.tenant_id, WebhookEndpoint.id == webhook_id
        )
    )
    await audit.record(
        tx, "webhook:delete", target_type="webhook", target_id=webhook_id, url=row.url
    )


async def switch_off_gone(tx: Tx, *, webhook_id: UUID) -> None:
    """Send nothing more to an address that answered 410, until a person activates it again."""
    row = await queries.get_webhook(tx, webhook_id, lock=True)
    if row.is_active:
        row.is_active, row.disabled_code = False, GONE
        _touch(tx, row)
        await audit.record(tx, "webhook:gone", target_type="webhook", target_id=webhook_id)


async def record_test(tx: Tx, *, webhook_id: UUID, succeeded: bool) -> None:
    """Note that somebody had a test message posted."""
    await audit.record(
        tx, "webhook:test", target_type="webhook", target_id=webhook_id, succeeded=succeeded
    )


async def open_receiver(tx: Tx, keys: KeyRing, *, webhook_id: UUID) -> Receiver:
    """Where messages go, with the secrets that sign them now.

    Raises:
        WebhookNotFound: no such webhook.
    """
    row = await queries.get_webhook(tx, webhook_id)
    sealed = [row.secret_sealed]
    if row.previous_secret_sealed and (row.previous_secret_until or tx.now) > tx.now:
        sealed.append(row.previous_secret_sealed)
    opened = (keys.open(each, tenant_id=tx.tenant_id, field=SECRET_FIELD) for each in sealed)
    return Receiver(url=row.url, keys=tuple(opened))


def on_url(fault: FieldError) -> FieldError:
    """A fault of the host, told of the field that the caller has."""
    return FieldError(field="url", code=fault.code, detail=fault.detail, facts=fault.facts)


def _sealed(tx: Tx, keys: KeyRing, secret: Secret[str]) -> str:
    return keys.seal(secret.reveal(), tenant_id=tx.tenant_id, field=SECRET_FIELD)


def _touch(tx: Tx, row: WebhookEndpoint) -> None:
    row.revision += 1
    row.updated_at = tx.now


async def _flush_unique(tx: Tx) -> None:
    try:
        async with tx.session.begin_nested():
            await tx.session.flush()
    except IntegrityError as clash:
        if "uq_webhook_endpoint_url" not in str(clash.orig):
            raise
        raise WebhookExists from clash
