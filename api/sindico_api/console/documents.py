"""Documents: the list, what waits for the customer's server, and one document with its commands."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Stream
from msgspec import UNSET

from sindico_api.console import rendering
from sindico_api.console.document_views import (
    DOCUMENTS_PATH,
    HOMES,
    SITUATIONS,
    is_moving,
    read_panel,
    record_views,
)
from sindico_api.console.forms import Form
from sindico_api.console.listing import Listing
from sindico_api.console.records import LONGEST_SEARCH, linked_id
from sindico_api.console.rendering import see_other
from sindico_api.console.submitted import revision_in, sent_texts
from sindico_api.console.view import ConsoleRequest, Flash, view_of
from sindico_api.dependencies import AppContext, AskedPage, CurrentActor, Uow
from sindico_api.documents import send_document
from sindico_api.guards import requires
from sindico_platform.database.tx import Tx
from sindico_platform.errors import InvalidInput
from sindico_platform.paging.schemas import PageRequest
from sindico_provisioning.document_notices.service import NOTICE_HOURS, watch_document
from sindico_tenants.documents import queries, service
from sindico_tenants.documents.models import Document, DocumentKind, DocumentState
from sindico_tenants.documents.schemas import AttachedTo, DocumentEditIn, DocumentFilters, Target
from sindico_tenants.documents.targets import demand_target
from sindico_tenants.ftp_settings.schemas import TransferMethod

ALL, ONE = "/documents", "/documents/{document_id:uuid}"
MAY_VIEW, MAY_EDIT = requires("documents:view"), requires("documents:edit")
RESOURCES = {each.value: each for each in AttachedTo}


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerView:
    """On whose server a file lies, or is to lie."""

    settings_id: UUID
    host: str | None


@get(ALL, guards=[MAY_VIEW])
async def list_documents(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow, page: AskedPage
) -> Response[str]:
    """Every document that the viewer may see, newest first."""
    view, query = view_of(request), dict(request.query_params)
    listing = Listing(path=DOCUMENTS_PATH, query=query, default_sort="-created_at")
    async with uow.begin(actor) as tx:
        found = await queries.list_documents(
            tx, request=page, filters=filters_of(listing), translate=view.tell
        )
        records = await record_views(tx, found.items)
        moving = is_moving(tx, found.items)
    return rendering.page(
        request,
        "documents/list.html",
        found=found,
        listing=listing,
        records=records,
        is_moving=moving,
        situations=[(name, view.translate(label)) for name, (label, _) in SITUATIONS.items()],
        tabs=tabs_of(request, DOCUMENTS_PATH),
    )


@get(f"{ALL}/waiting", guards=[MAY_VIEW])
async def list_waiting_documents(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow, page: AskedPage
) -> Response[str]:
    """What the customer's server has to fetch, oldest first."""
    view, path = view_of(request), f"{DOCUMENTS_PATH}/waiting"
    listing = Listing(path=path, query=dict(request.query_params), default_sort="created_at")
    filters = DocumentFilters(state=DocumentState.WAITING, transfer_method=TransferMethod.CUSTOMER)
    oldest_first = PageRequest(limit=page.limit, after=page.after, sort="created_at")
    async with uow.begin(actor) as tx:
        found = await queries.list_documents(
            tx, request=oldest_first, filters=filters, translate=view.tell
        )
        records = await record_views(tx, found.items)
    return rendering.page(
        request,
        "documents/waiting.html",
        found=found,
        listing=listing,
        records=records,
        notice_hours=NOTICE_HOURS,
        tabs=tabs_of(request, path),
    )


@get(f"{ALL}/panel", guards=[MAY_VIEW])
async def show_panel(
    request: ConsoleRequest,
    actor: CurrentActor,
    uow: Uow,
    resource: FromQuery[AttachedTo],
    record_id: FromQuery[UUID],
) -> Response[str]:
    """The documents of one record again, while a file is on its way."""
    async with uow.begin(actor) as tx:
        await demand_target(tx, Target(resource=resource, record_id=record_id))
        documents = await read_panel(tx, view_of(request).tell, resource, record_id)
    return rendering.fragment(request, "documents/panel.html", "panel", documents=documents)


@get(ONE, guards=[MAY_VIEW])
async def show_document(
    request: ConsoleRequest, document_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[str]:
    """Where a document is, and what can be done with it."""
    return await _detail(request, actor, uow, document_id)


@post(ONE, guards=[MAY_EDIT])
async def edit_document(
    request: ConsoleRequest, document_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[Any]:
    """Change name, description or a link's address."""
    _ = view_of(request).translate
    values = await sent_texts(request, "name", "description", "url", "revision")
    revision = revision_in(values["revision"])
    try:
        async with uow.begin(actor) as tx:
            document = await queries.get_document(tx, document_id)
            data = _edited(document, values)
            await service.edit_document(tx, document_id=document_id, data=data, revision=revision)
    except InvalidInput as error:
        form = Form(values).refused(error, _)
        return await _detail(request, actor, uow, document_id, form=form, status=error.status)
    flash = Flash(text=_("The changes are saved."))
    return see_other(request, f"{DOCUMENTS_PATH}/{document_id}", flash=flash)


@get(f"{ONE}/content", guards=[MAY_VIEW])
async def download_document(
    document_id: FromPath[UUID], actor: CurrentActor, context: AppContext
) -> Stream:
    """The file, through the server on which it lies."""
    return await send_document(context, actor, document_id)


@post(f"{ONE}/retry", guards=[MAY_EDIT])
async def retry_document(
    request: ConsoleRequest, document_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[None]:
    """Send a file again that could not be stored."""
    _ = view_of(request).translate
    async with uow.begin(actor) as tx:
        await service.retry_document(tx, document_id=document_id)
        await watch_document(tx, document_id=document_id)
    flash = Flash(text=_("The file is on its way again."))
    return see_other(request, f"{DOCUMENTS_PATH}/{document_id}", flash=flash)


@post(f"{ONE}/delete", guards=[requires("documents:delete")])
async def delete_document(
    request: ConsoleRequest, document_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[None]:
    """Remove a document; a job removes its file from the server."""
    _ = view_of(request).translate
    async with uow.begin(actor) as tx:
        document = await queries.get_document(tx, document_id)
        name, href = document.name, home_of(document)
        await service.remove_document(tx, document_id=document_id)
    flash = Flash(text=_("{name} was removed.", name=name), tone="info")
    return see_other(request, href, flash=flash)


def home_of(document: Document) -> str:
    """Where a document's reader came from: its record, else the list."""
    if document.resource is None:
        return DOCUMENTS_PATH
    return f"{HOMES[AttachedTo(document.resource)]}/{document.record_id}"


def filters_of(listing: Listing) -> DocumentFilters:
    """What the list is restricted to; an address typed by hand may hold anything."""
    situation = SITUATIONS.get(listing.query.get("situation", ""))
    restricted: dict[str, Any] = dict(situation[1]) if situation else {}
    return DocumentFilters(
        q=listing.query.get("q", "")[:LONGEST_SEARCH] or None,
        resource=RESOURCES.get(listing.query.get("resource", "")),
        record_id=linked_id(listing, "record_id"),
        company_id=linked_id(listing, "company"),
        branch_id=linked_id(listing, "branch"),
        ftp_settings_id=linked_id(listing, "server"),
        **restricted,
    )


def tabs_of(request: ConsoleRequest, current: str) -> list[dict[str, Any]]:
    _ = view_of(request).translate
    named = {
        DOCUMENTS_PATH: _("All documents"),
        f"{DOCUMENTS_PATH}/waiting": _("Waiting for your server"),
    }
    return [
        {"label": label, "href": href, "current": href == current} for href, label in named.items()
    ]


def _edited(document: Document, values: dict[str, str]) -> DocumentEditIn:
    return DocumentEditIn(
        name=values["name"],
        description=values["description"] or None,
        url=values["url"] if document.kind == DocumentKind.LINK else UNSET,
    )


async def _detail(
    request: ConsoleRequest,
    actor: CurrentActor,
    uow: Uow,
    document_id: UUID,
    *,
    form: Form | None = None,
    status: int = 200,
) -> Response[str]:
    view = view_of(request)
    async with uow.begin(actor) as tx:
        row = await queries.get_document(tx, document_id)
        document = queries.show_document(row, view.tell)
        record = (await record_views(tx, [document])).get(document_id)
        server = await _server_of(tx, row)
        moving = is_moving(tx, [document])
    shown = {name: getattr(document, name) for name in ("name", "description", "url", "revision")}
    return rendering.page(
        request,
        "documents/detail.html",
        status=status,
        document=document,
        record=record,
        server=server,
        is_moving=moving,
        notice_hours=NOTICE_HOURS,
        form=form or Form(shown),
    )


async def _server_of(tx: Tx, document: Document) -> ServerView | None:
    found = await queries.find_settings(tx, document)
    return None if found is None else ServerView(settings_id=found.id, host=found.host)
