"""The bell: what the platform tells people."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from sindico_api.console import rendering
from sindico_api.console.listing import Listing
from sindico_api.console.rendering import see_other
from sindico_api.console.session import local_path
from sindico_api.console.view import ConsoleRequest, Flash, view_of
from sindico_api.dependencies import AskedPage, CurrentActor, Uow
from sindico_api.guards import requires
from sindico_api.i18n import CONSOLE_PATH
from sindico_provisioning.notifications import queries, service

NOTIFICATIONS_PATH = f"{CONSOLE_PATH}/notifications"
MAY_VIEW = requires("notifications:view")


@get("/notifications", guards=[MAY_VIEW])
async def list_notifications(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow, page: AskedPage
) -> Response[str]:
    """Notifications, newest first."""
    listing = Listing(path=NOTIFICATIONS_PATH, query=dict(request.query_params))
    only_unread = listing.query.get("unread") == "yes"
    async with uow.begin(actor) as tx:
        found = await queries.list_notifications(
            tx, page, unread=only_unread, translate=view_of(request).tell
        )
        unread = await queries.count_unread(tx)
    return rendering.page(
        request,
        "notifications/list.html",
        found=found,
        listing=listing,
        unread=unread,
        only_unread=only_unread,
    )


@get("/notifications/bell", guards=[MAY_VIEW])
async def show_bell(request: ConsoleRequest, actor: CurrentActor, uow: Uow) -> Response[str]:
    """The bell of the top bar with the number of what was not read."""
    async with uow.begin(actor) as tx:
        unread = await queries.count_unread(tx)
    return rendering.fragment(request, "notifications/bell.html", "bell", unread=unread)


@post("/notifications/{notification_id:uuid}/read", guards=[MAY_VIEW])
async def read_notification(
    request: ConsoleRequest, notification_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[Any]:
    """Note that the viewer has read it, and go where it leads."""
    data = await request.form()
    async with uow.begin(actor) as tx:
        await service.mark_read(tx, notification_id=notification_id)
    target = str(data.get("next", "")) or NOTIFICATIONS_PATH
    return see_other(request, local_path(target))


@post("/notifications/read", guards=[MAY_VIEW])
async def read_all_notifications(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow
) -> Response[None]:
    """Note that the viewer has read everything."""
    _ = view_of(request).translate
    async with uow.begin(actor) as tx:
        await service.mark_all_read(tx)
    return see_other(request, NOTIFICATIONS_PATH, flash=Flash(text=_("Everything is read.")))
