"""Records › Salespeople: who of the users each of the ERP's salespeople is."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from sindico_api.console import rendering
from sindico_api.console.forms import Form
from sindico_api.console.listing import Listing
from sindico_api.console.rendering import see_other
from sindico_api.console.submitted import choice_in, sent_texts
from sindico_api.console.view import ConsoleRequest, Flash, view_of
from sindico_api.dependencies import AskedPage, CurrentActor, Uow
from sindico_api.guards import requires
from sindico_api.i18n import CONSOLE_PATH
from sindico_platform.database.tx import Tx
from sindico_platform.identity.queries import list_users
from sindico_platform.paging.schemas import MAX_LIMIT, PageRequest
from sindico_tenants.sales import queries, service

SELLERS_PATH = f"{CONSOLE_PATH}/sellers"
ONE = "/sellers/{seller_id:uuid}"
MAY_VIEW, MAY_EDIT = requires("sellers:view"), requires("sellers:edit")
LINKED = {"yes": True, "no": False}


@get("/sellers", guards=[MAY_VIEW])
async def list_sellers(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow, page: AskedPage
) -> Response[str]:
    """The ERP's salespeople by name, each with the user they are or may be."""
    listing = Listing(path=SELLERS_PATH, query=dict(request.query_params), default_sort="name")
    linked = listing.chosen("linked", LINKED)
    async with uow.begin(actor) as tx:
        found = await queries.list_seller_links(
            tx, request=page, is_linked=LINKED[linked] if linked else None
        )
    return rendering.page(request, "sellers/list.html", found=found, listing=listing)


@get(ONE, guards=[MAY_VIEW])
async def show_seller(
    request: ConsoleRequest, seller_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[str]:
    """One salesperson, and the choice of the user they are."""
    async with uow.begin(actor) as tx:
        seller = await queries.get_seller_link(tx, seller_id)
        users = await _users(tx) if actor.may("sellers:edit") else []
    form = Form({"user_id": seller.user_id or seller.suggested_id or ""})
    return rendering.page(request, "sellers/detail.html", seller=seller, users=users, form=form)


@post(ONE, guards=[MAY_EDIT])
async def link_seller(
    request: ConsoleRequest, seller_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[Any]:
    """Say who of the users a salesperson is; an empty choice says nobody."""
    _ = view_of(request).translate
    chosen = choice_in(await sent_texts(request, "user_id"), "user_id")
    async with uow.begin(actor) as tx:
        await service.set_user(tx, seller_id=seller_id, user_id=chosen)
    text = (
        _("Linked. The next load hands their accounts over.")
        if chosen
        else _("The salesperson is linked to nobody now.")
    )
    return see_other(request, SELLERS_PATH, flash=Flash(text=text))


@post("/sellers/link-suggested", guards=[MAY_EDIT])
async def link_suggested(request: ConsoleRequest, actor: CurrentActor, uow: Uow) -> Response[None]:
    """Take every suggestion."""
    _ = view_of(request).translate
    async with uow.begin(actor) as tx:
        count = await service.link_suggested(tx)
    text = _.ngettext("{count} salesperson linked.", "{count} salespeople linked.", count)
    return see_other(request, SELLERS_PATH, flash=Flash(text=text))


async def _users(tx: Tx) -> list[tuple[str, str]]:
    """Everybody who may be chosen, by name."""
    found: list[tuple[str, str]] = []
    cursor: str | None = None
    while True:
        users = await list_users(tx, request=PageRequest(limit=MAX_LIMIT, after=cursor))
        found += [(str(user.id), f"{user.name} ({user.login})") for user in users.items]
        cursor = users.next_cursor
        if cursor is None:
            return found
