"""Administration › Denied hosts: mail and file servers that no customer may use."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from sindico_api.console import rendering
from sindico_api.console.forms import EMPTY_FORM, Form
from sindico_api.console.listing import Listing
from sindico_api.console.rendering import see_other
from sindico_api.console.submitted import sent_texts
from sindico_api.console.view import ConsoleRequest, Flash, view_of
from sindico_api.dependencies import AskedPage, CurrentActor, Uow
from sindico_api.guards import requires
from sindico_api.i18n import CONSOLE_PATH
from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.denied_hosts import queries, service
from sindico_platform.denied_hosts.errors import HostDeniedAlready
from sindico_platform.errors import InvalidInput
from sindico_platform.paging.schemas import PageRequest

DENIED_HOSTS_PATH = f"{CONSOLE_PATH}/denied-hosts"


@get("/denied-hosts", guards=[requires("denied_hosts:view")])
async def list_denied_hosts(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow, page: AskedPage
) -> Response[str]:
    """The list, and the form that adds to it."""
    return await _show(request, actor, uow, page, EMPTY_FORM)


@post("/denied-hosts", guards=[requires("denied_hosts:include")])
async def deny_host(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow, page: AskedPage
) -> Response[Any]:
    """Add a line."""
    _ = view_of(request).translate
    values = await sent_texts(request, "entry", "reason")
    form = Form(values)
    try:
        async with uow.begin(actor) as tx:
            denied = await service.deny_host(tx, entry=values["entry"], reason=values["reason"])
    except InvalidInput as error:
        return await _show(request, actor, uow, page, form.refused(error, _), status=error.status)
    except HostDeniedAlready as error:
        form = form.with_error("entry", _.detail(error))
        return await _show(request, actor, uow, page, form, status=error.status)
    flash = Flash(text=_("No customer may use {entry} any more.", entry=denied.entry))
    return see_other(request, DENIED_HOSTS_PATH, flash=flash)


@post("/denied-hosts/{denied_host_id:uuid}/delete", guards=[requires("denied_hosts:delete")])
async def allow_host(
    request: ConsoleRequest, denied_host_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[None]:
    """Take a line off the list."""
    _ = view_of(request).translate
    async with uow.begin(actor) as tx:
        await service.allow_host(tx, denied_host_id=denied_host_id)
    return see_other(request, DENIED_HOSTS_PATH, flash=Flash(text=_("The line is gone.")))


async def _show(
    request: ConsoleRequest,
    actor: Actor,
    uow: UnitOfWork,
    page: PageRequest,
    form: Form,
    *,
    status: int = 200,
) -> Response[str]:
    listing = Listing(
        path=DENIED_HOSTS_PATH, query=dict(request.query_params), default_sort="entry"
    )
    async with uow.begin(actor) as tx:
        found = await queries.list_denied_hosts(tx, request=page)
    return rendering.page(
        request, "denied_hosts/list.html", status=status, found=found, listing=listing, form=form
    )
