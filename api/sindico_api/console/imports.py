"""Importing spreadsheets: the history, sending a file, and the commands on an import."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath, FromQuery
from litestar.response import Stream

from sindico_api.console import rendering
from sindico_api.console.company_settings import BRANCHES_TAB, COMPANIES_TAB, Tab
from sindico_api.console.forms import EMPTY_FORM, Form
from sindico_api.console.labels import status_label
from sindico_api.console.listing import Listing
from sindico_api.console.rendering import see_other
from sindico_api.console.view import ConsoleRequest, Flash, view_of
from sindico_api.dependencies import AppContext, AskedPage, CurrentActor, Uow
from sindico_api.guards import requires
from sindico_api.i18n import CONSOLE_PATH
from sindico_api.spreadsheets import (
    MAX_UPLOAD_BYTES,
    download_rejections,
    download_template,
    take_spreadsheet,
)
from sindico_platform.database.tx import Actor
from sindico_platform.errors import InvalidInput
from sindico_platform.spreadsheets.limits import MAX_FILE_BYTES, MAX_ROWS
from sindico_platform.spreadsheets.schemas import SheetFormat
from sindico_tenants.imports import queries, service
from sindico_tenants.imports.definitions import DEFINITIONS, get_importable
from sindico_tenants.imports.errors import ImportUnderWay
from sindico_tenants.imports.models import WORKING, Import, ImportStatus
from sindico_tenants.imports.schemas import ImportFilters
from sindico_tenants.imports.template import describe_fields

IMPORTS_PATH = f"{CONSOLE_PATH}/imports"
HOMES: dict[str, Tab] = {"companies": COMPANIES_TAB, "branches": BRANCHES_TAB}
"""Where the records of a resource are listed."""
MAY_VIEW, MAY_IMPORT, MAY_EDIT = (
    requires("imports:view"),
    requires("imports:include"),
    requires("imports:edit"),
)


@get("/imports", guards=[MAY_VIEW])
async def show_imports(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow, page: AskedPage
) -> Response[str]:
    """List imports, newest first; while one moves the list keeps itself fresh."""
    _ = view_of(request).translate
    query = dict(request.query_params)
    listing = Listing(path=IMPORTS_PATH, query=query, default_sort="-created_at")
    filters = ImportFilters(
        resource=listing.chosen("resource", DEFINITIONS),
        status=listing.chosen("status", tuple(ImportStatus)),
    )
    async with uow.begin(actor) as tx:
        found = await queries.list_imports(tx, request=page, filters=filters)
    return rendering.page(
        request,
        "imports/list.html",
        found=found,
        listing=listing,
        labels={name: each.label for name, each in DEFINITIONS.items()},
        importable=importable_by(actor),
        resource_choices=[(name, _(each.label)) for name, each in DEFINITIONS.items()],
        status_choices=[(each, _(status_label(each).text)) for each in ImportStatus],
        is_moving=any(each.status in WORKING for each in found.items),
    )


@get("/imports/new", guards=[MAY_IMPORT])
async def show_upload(
    request: ConsoleRequest,
    actor: CurrentActor,
    uow: Uow,
    resource: FromQuery[str | None] = None,
) -> Response[str]:
    """The template to fill in, and the way to send it back."""
    allowed = importable_by(actor)
    if not allowed:
        return rendering.page(request, "imports/nothing.html")
    chosen = resource if resource in allowed else allowed[0]
    return await _upload_page(request, uow, chosen, EMPTY_FORM)


@post("/imports", guards=[MAY_IMPORT], request_max_body_size=MAX_UPLOAD_BYTES)
async def upload_spreadsheet(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow, context: AppContext
) -> Response[Any]:
    """Take a file and show how it is read; one that is under way already is shown instead."""
    _ = view_of(request).translate
    data = await request.form()
    resource, file = str(data.get("resource", "")), data.get("file")
    upload = file if isinstance(file, UploadFile) else None

    def show(found: Import) -> Response[Any]:
        return see_other(request, f"{IMPORTS_PATH}/{found.id}")

    try:
        return await take_spreadsheet(context, actor, resource=resource, file=upload, answer=show)
    except ImportUnderWay as running:
        flash = Flash(text=_("This import is under way already."), tone="info")
        href = f"{IMPORTS_PATH}/{running.facts['import_id']}"
        return see_other(request, href, flash=flash)
    except InvalidInput as error:
        form = Form({"resource": resource}).refused(error, _)
        return await _upload_page(request, uow, resource, form, status=error.status)


@get("/imports/templates/{resource:str}", guards=[MAY_IMPORT])
async def download_import_template(
    request: ConsoleRequest,
    resource: FromPath[str],
    kind: FromQuery[SheetFormat] = SheetFormat.XLSX,
) -> Stream:
    """The file to fill in."""
    return download_template(resource, kind, view_of(request).translate)


@get("/imports/{import_id:uuid}/rejections.xlsx", guards=[MAY_VIEW])
async def download_rejections_xlsx(
    request: ConsoleRequest, import_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Stream:
    """The rejected rows with their reasons, as a workbook."""
    translate = view_of(request).translate
    return await download_rejections(uow, actor, import_id, SheetFormat.XLSX, translate)


@get("/imports/{import_id:uuid}/rejections.csv", guards=[MAY_VIEW])
async def download_rejections_csv(
    request: ConsoleRequest, import_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Stream:
    """The rejected rows with their reasons, as CSV."""
    translate = view_of(request).translate
    return await download_rejections(uow, actor, import_id, SheetFormat.CSV, translate)


@post("/imports/{import_id:uuid}/run", guards=[MAY_IMPORT])
async def start_import(
    request: ConsoleRequest, import_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[None]:
    """Let the import write what its preview shows."""
    async with uow.begin(actor) as tx:
        await service.start_import(tx, import_id=import_id)
    return see_other(request, f"{IMPORTS_PATH}/{import_id}")


@post("/imports/{import_id:uuid}/cancel", guards=[MAY_IMPORT])
async def cancel_import(
    request: ConsoleRequest, import_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[None]:
    """End the import; what it has written stays."""
    _ = view_of(request).translate
    async with uow.begin(actor) as tx:
        await service.cancel_import(tx, import_id=import_id)
    flash = Flash(text=_("The import was cancelled."), tone="info")
    return see_other(request, f"{IMPORTS_PATH}/{import_id}", flash=flash)


@post("/imports/{import_id:uuid}/undo", guards=[MAY_EDIT])
async def undo_import(
    request: ConsoleRequest, import_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[None]:
    """Take back what the import wrote."""
    async with uow.begin(actor) as tx:
        await service.undo_import(tx, import_id=import_id)
    return see_other(request, f"{IMPORTS_PATH}/{import_id}")


def importable_by(actor: Actor) -> list[str]:
    """The resources of which the actor may make or change records by an import, and see it."""
    return [
        name
        for name, each in DEFINITIONS.items()
        if actor.may(each.permission("view"))
        and any(actor.may(each.permission(access)) for access in ("include", "edit"))
    ]


async def _upload_page(
    request: ConsoleRequest, uow: Uow, resource: str, form: Form, status: int = 200
) -> Response[str]:
    definition, view, actor = get_importable(resource), view_of(request), request.user
    async with uow.begin(actor) as tx:
        active = await queries.find_active_import(tx, resource)
    tabs = [
        {
            "label": view.translate(DEFINITIONS[name].label),
            "href": f"{IMPORTS_PATH}/new?resource={name}",
            "current": name == resource,
        }
        for name in importable_by(actor)
    ]
    return rendering.page(
        request,
        "imports/new.html",
        status=status,
        form=form,
        resource=resource,
        definition=definition,
        home=HOMES[resource],
        fields=describe_fields(definition, view.translate),
        tabs=tabs,
        active=active,
        max_bytes=MAX_FILE_BYTES,
        max_rows=MAX_ROWS,
    )
