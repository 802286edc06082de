"""Attaching a document: a file that goes to the customer's server, or a link."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get, post
from litestar.datastructures import UploadFile

from sindico_api.console import rendering
from sindico_api.console.document_views import (
    DOCUMENTS_PATH,
    RecordView,
    record_view,
)
from sindico_api.console.documents import RESOURCES
from sindico_api.console.forms import EMPTY_FORM, Form
from sindico_api.console.rendering import see_other
from sindico_api.console.server_settings import Options, scope_choices
from sindico_api.console.submitted import id_in, sent_texts
from sindico_api.console.view import ConsoleRequest, Flash, view_of
from sindico_api.context import Context
from sindico_api.dependencies import AppContext, CurrentActor
from sindico_api.documents import MAX_UPLOAD_BYTES, take_document
from sindico_api.guards import requires
from sindico_platform.database.tx import Actor, Tx
from sindico_platform.errors import InvalidInput
from sindico_tenants.companies.queries import get_branch
from sindico_tenants.documents import queries, service
from sindico_tenants.documents.errors import FileServerMissing
from sindico_tenants.documents.models import Document
from sindico_tenants.documents.schemas import LinkIn, Target
from sindico_tenants.documents.targets import demand_server, demand_target

ALL = "/documents"
MAY_INCLUDE = requires("documents:include")
SCOPE = ("company_id", "branch_id")
TYPED = ("name", "description", "resource", "record_id", *SCOPE)


@dataclass(frozen=True, kw_only=True, slots=True)
class PlaceView:
    """Where an uploaded file would go."""

    missing: FileServerMissing | None = None
    host: str | None = None
    folder: str = ""


@get(f"{ALL}/new", guards=[MAY_INCLUDE])
async def show_new_document(
    request: ConsoleRequest, actor: CurrentActor, context: AppContext
) -> Response[str]:
    """The way to attach a file, or a link, to the record that the address names."""
    target = target_of(request.query_params)
    async with context.uow.begin(actor) as tx:
        target = await _within_company(tx, target)
    return await _page(request, context, actor, target, is_link="link" in request.query_params)


@post(ALL, guards=[MAY_INCLUDE], request_max_body_size=MAX_UPLOAD_BYTES)
async def upload_document(
    request: ConsoleRequest, actor: CurrentActor, context: AppContext
) -> Response[Any]:
    """Take a file on; it is carried to its server in the background."""
    _ = view_of(request).translate
    values, sent = await sent_texts(request, *TYPED), (await request.form()).get("file")
    target = target_of(values)

    def accepted(document: Document) -> Response[Any]:
        text = _("{name} was received and is on its way to its server.", name=document.name)
        return see_other(request, _after(target), flash=Flash(text=text))

    try:
        return await take_document(
            context,
            actor,
            target=target,
            file=sent if isinstance(sent, UploadFile) else None,
            name=values["name"] or None,
            description=values["description"] or None,
            answer=accepted,
        )
    except InvalidInput as error:
        form = Form(values).refused(error, _)
        return await _page(request, context, actor, target, form=form, status=error.status)


@post(f"{ALL}/links", guards=[MAY_INCLUDE])
async def link_document(
    request: ConsoleRequest, actor: CurrentActor, context: AppContext
) -> Response[Any]:
    """Keep a link; it needs no server."""
    _ = view_of(request).translate
    values = await sent_texts(request, *TYPED, "url")
    target = target_of(values)
    data = LinkIn(
        name=values["name"],
        url=values["url"],
        description=values["description"] or None,
        resource=target.resource,
        record_id=target.record_id,
        company_id=target.company_id,
        branch_id=target.branch_id,
    )
    try:
        async with context.uow.begin(actor) as tx:
            document = await service.add_link(tx, data=data)
    except InvalidInput as error:
        form = Form(values).refused(error, _)
        return await _page(
            request, context, actor, target, is_link=True, form=form, status=error.status
        )
    flash = Flash(text=_("{name} was attached.", name=document.name))
    return see_other(request, _after(target), flash=flash)


def target_of(values: Mapping[str, Any]) -> Target:
    """The record that a link or form names, else the company or branch, if any."""
    resource, record_id = RESOURCES.get(values.get("resource", "")), id_in(values.get("record_id"))
    if resource is None or record_id is None:
        company_id, branch_id = (id_in(values.get(name)) for name in SCOPE)
        return Target(company_id=company_id, branch_id=branch_id)
    return Target(resource=resource, record_id=record_id)


async def _within_company(tx: Tx, target: Target) -> Target:
    """Without a branch of the company that was chosen before."""
    if target.branch_id is None:
        return target
    branch = await get_branch(tx, target.branch_id)
    if target.company_id in {None, branch.company_id}:
        return replace(target, company_id=branch.company_id)
    return replace(target, branch_id=None)


def _after(target: Target) -> str:
    """Where one sees what was attached."""
    found = _view_of_record(target, "")
    return f"{found.href}#documents" if found else DOCUMENTS_PATH


def _view_of_record(target: Target, name: str) -> RecordView | None:
    if target.resource is None or target.record_id is None:
        return None
    return record_view(target.resource, target.record_id, name)


async def _page(
    request: ConsoleRequest,
    context: Context,
    actor: Actor,
    target: Target,
    *,
    is_link: bool = False,
    form: Form = EMPTY_FORM,
    status: int = 200,
) -> Response[str]:
    async with context.uow.begin(actor) as tx:
        place = await _place_of(tx, target)
        record = await _record_of(tx, target)
        choices = await _choices(tx, target)
    scope = {name: str(getattr(target, name) or "") for name in SCOPE}
    return rendering.page(
        request,
        "documents/new.html",
        status=status,
        form=Form(dict(form.values) | scope, form.errors),
        target=target,
        choices=choices,
        record=record,
        place=place,
        is_link=is_link,
        max_bytes=service.MAX_FILE_BYTES,
        tabs=_tabs(request, target, is_link=is_link),
    )


async def _place_of(tx: Tx, target: Target) -> PlaceView:
    scope = await demand_target(tx, target)
    try:
        found = await demand_server(tx, scope)
    except FileServerMissing as error:
        return PlaceView(missing=error)
    return PlaceView(host=found.host, folder=found.folder)


async def _choices(tx: Tx, target: Target) -> dict[str, Options] | None:
    """Whose document it may be; None where its record says it, or companies are not to be seen."""
    if target.record_id is not None or not tx.actor.may("companies:view"):
        return None
    return await scope_choices(tx, {"company_id": target.company_id, "branch_id": target.branch_id})


async def _record_of(tx: Tx, target: Target) -> RecordView | None:
    asked: list[tuple[Any, UUID]] = []
    if target.resource is not None and target.record_id is not None:
        asked.append((target.resource, target.record_id))
    names = await queries.name_records(tx, asked)
    return next((record_view(*key, name) for key, name in names.items()), None)


def _tabs(request: ConsoleRequest, target: Target, *, is_link: bool) -> list[dict[str, Any]]:
    _ = view_of(request).translate
    named = {name: str(value) for name, value in asdict(target).items() if value is not None}
    base = f"{DOCUMENTS_PATH}/new"
    return [
        {
            "label": _("File"),
            "href": f"{base}?{urlencode(named)}".removesuffix("?"),
            "current": not is_link,
        },
        {
            "label": _("External link"),
            "href": f"{base}?{urlencode(named | {'link': '1'})}",
            "current": is_link,
        },
    ]
