"""Every SELECT on webhook endpoints."""

from uuid import UUID

from sqlalchemy import any_, func, literal, or_, select

from sindico_platform.database.tx import Tx
from sindico_platform.paging.keyset import Keyset
from sindico_platform.paging.reading import StructReader
from sindico_platform.paging.schemas import Page, PageRequest
from sindico_provisioning.webhooks.errors import WebhookNotFound
from sindico_provisioning.webhooks.models import WebhookEndpoint
from sindico_provisioning.webhooks.schemas import WebhookOut

ORDERS = Keyset(WebhookEndpoint.id, default="created_at", created_at=WebhookEndpoint.id)
READER = StructReader(WebhookOut, WebhookEndpoint)


async def list_webhooks(tx: Tx, request: PageRequest) -> Page[WebhookOut]:
    """One page of the bound tenant's webhooks."""
    return await READER.page(tx, ORDERS, request, [WebhookEndpoint.tenant_id == tx.tenant_id])


async def get_webhook(tx: Tx, webhook_id: UUID, *, lock: bool = False) -> WebhookEndpoint:
    """One webhook of the bound tenant.

    Raises:
        WebhookNotFound: no such webhook.
    """
    query = select(WebhookEndpoint).where(
        WebhookEndpoint.tenant_id == tx.tenant_id, WebhookEndpoint.id == webhook_id
    )
    if lock:
        query = query.with_for_update()
    found: WebhookEndpoint | None = await tx.session.scalar(
        query.execution_options(populate_existing=True)
    )
    if found is None:
        raise WebhookNotFound
    return found


async def lock_active_ids(tx: Tx, *, event: str) -> list[UUID]:
    """Every webhook that wants to be told of an event, which nobody deletes meanwhile.

    Else messages written down for one that is being deleted would name nothing, and fail with all
    that is done beside them. A tenant has few.
    """
    query = (
        select(WebhookEndpoint.id)
        .where(
            WebhookEndpoint.tenant_id == tx.tenant_id,
            WebhookEndpoint.is_active,
            or_(WebhookEndpoint.events == [], literal(event) == any_(WebhookEndpoint.events)),
        )
        .order_by(WebhookEndpoint.id)
        .with_for_update(read=True, key_share=True)
    )
    return list(await tx.session.scalars(query))


async def count_webhooks(tx: Tx) -> int:
    found = await tx.session.scalar(
        select(func.count()).where(WebhookEndpoint.tenant_id == tx.tenant_id)
    )
    return found or 0


async def lock_number(tx: Tx) -> None:
    """Let one transaction of the tenant at a time add webhooks, until it ends."""
    name = f"webhooks:{tx.tenant_id}"
    await tx.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))
