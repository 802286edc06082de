"""What the platform tells people."""

from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, FromQuery
from litestar.status_codes import HTTP_204_NO_CONTENT

from sindico_api.dependencies import AskedPage, CurrentActor, Translate, Uow
from sindico_api.guards import requires
from sindico_api.readers.telling import Telling
from sindico_platform.paging.schemas import Page
from sindico_provisioning.notifications import queries, service
from sindico_provisioning.notifications.schemas import NotificationOut, UnreadOut

TAGS = ["notifications"]
MAY_VIEW = requires("notifications:view")


@get("/notifications", tags=TAGS, guards=[MAY_VIEW])
async def list_notifications(
    actor: CurrentActor,
    uow: Uow,
    page: AskedPage,
    translate: Translate,
    *,
    unread: FromQuery[bool] = False,
) -> Page[NotificationOut]:
    """List notifications, newest first; `unread` leaves out what the caller has read."""
    async with uow.begin(actor) as tx:
        return await queries.list_notifications(
            tx, page, unread=unread, translate=Telling(translate, actor.timezone)
        )


@get("/notifications/unread", tags=TAGS, guards=[MAY_VIEW])
async def count_unread(actor: CurrentActor, uow: Uow) -> UnreadOut:
    """Count what the caller has not read."""
    async with uow.begin(actor) as tx:
        return UnreadOut(unread=await queries.count_unread(tx))


@post(
    "/notifications/{notification_id:uuid}/read",
    tags=TAGS,
    guards=[MAY_VIEW],
    status_code=HTTP_204_NO_CONTENT,
)
async def mark_notification_read(
    notification_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> None:
    """Note that the caller has read a notification."""
    async with uow.begin(actor) as tx:
        await service.mark_read(tx, notification_id=notification_id)


@post("/notifications/read", tags=TAGS, guards=[MAY_VIEW], status_code=HTTP_204_NO_CONTENT)
async def mark_all_notifications_read(actor: CurrentActor, uow: Uow) -> None:
    """Note that the caller has read every notification."""
    async with uow.begin(actor) as tx:
        await service.mark_all_read(tx)


@get("/tenants/{tenant_id:uuid}/notifications", tags=TAGS, guards=[requires("tenants:view")])
async def list_notifications_of_tenant(
    tenant_id: FromPath[UUID],
    actor: CurrentActor,
    uow: Uow,
    page: AskedPage,
    translate: Translate,
) -> Page[NotificationOut]:
    """List what a customer's people were told."""
    async with uow.begin(actor, tenant=tenant_id) as tx:
        return await queries.list_notifications(
            tx, page, translate=Telling(translate, actor.timezone)
        )
