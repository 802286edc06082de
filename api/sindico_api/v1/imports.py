"""Imports from spreadsheets: send one, see what it would do, let it, take it back."""

from typing import Annotated
from uuid import UUID

from litestar import Response, get, post, put
from litestar.datastructures import UploadFile
from litestar.params import FromPath, FromQuery, JSONBody, MultipartBody, QueryParameter
from litestar.response import ServerSentEvent, Stream
from litestar.status_codes import HTTP_202_ACCEPTED
from msgspec import Meta, Struct

from sindico_api.dependencies import AppContext, AskedPage, CurrentActor, Translate, Uow
from sindico_api.guards import requires
from sindico_api.live import as_events, follow
from sindico_api.once import KeyHeader
from sindico_api.spreadsheets import (
    MAX_UPLOAD_BYTES,
    download_rejections,
    download_template,
    take_spreadsheet,
)
from sindico_platform.paging.schemas import Page
from sindico_platform.spreadsheets.schemas import SheetFormat
from sindico_tenants.imports import queries, service
from sindico_tenants.imports.definitions import DEFINITIONS, get_importable
from sindico_tenants.imports.models import Import, ImportStatus
from sindico_tenants.imports.schemas import (
    ImportFieldOut,
    ImportFilters,
    ImportItem,
    ImportOut,
    ImportRowOut,
    MappingIn,
    OutcomeFilter,
)
from sindico_tenants.imports.template import describe_fields

MAY_VIEW, MAY_IMPORT, MAY_EDIT = (
    requires("imports:view"),
    requires("imports:include"),
    requires("imports:edit"),
)
TAGS = ["imports"]

StatusFilter = Annotated[ImportStatus | None, QueryParameter(name="status")]
FileFormat = Annotated[
    SheetFormat, QueryParameter(name="format", description="Of the file that is sent.")
]
AskedOutcome = Annotated[
    OutcomeFilter | None,
    QueryParameter(description="`kept` are the rows whose records an undo left as they are."),
]


class SpreadsheetIn(Struct):
    """A spreadsheet and what it brings in."""

    resource: Annotated[str, Meta(description="What the rows are.", examples=[*DEFINITIONS])]
    file: UploadFile
    """.xlsx or .csv."""


def accepted(found: Import, translate: Translate) -> Response[ImportOut]:
    location = f"/api/v1/imports/{found.id}"
    shown = queries.show_import(found, translate)
    return Response(shown, status_code=HTTP_202_ACCEPTED, headers={"Location": location})


@post(
    "/imports",
    tags=TAGS,
    guards=[MAY_IMPORT],
    status_code=HTTP_202_ACCEPTED,
    request_max_body_size=MAX_UPLOAD_BYTES,
)
async def upload_spreadsheet(
    *,
    data: MultipartBody[SpreadsheetIn],
    context: AppContext,
    actor: CurrentActor,
    translate: Translate,
    idempotency_key: KeyHeader = None,
) -> Response[ImportOut]:
    """Send a spreadsheet to be read; nothing is written before it is run.

    Follow `Location` until its status is `ready`, `mapping` or `failed`.
    """
    return await take_spreadsheet(
        context,
        actor,
        resource=data.resource,
        file=data.file,
        key=idempotency_key,
        answer=lambda found: accepted(found, translate),
    )


@get("/imports", tags=TAGS, guards=[MAY_VIEW])
async def list_imports(
    *,
    actor: CurrentActor,
    uow: Uow,
    page: AskedPage,
    resource: FromQuery[str | None] = None,
    import_status: StatusFilter = None,
) -> Page[ImportItem]:
    """List imports, newest first; the order is `created_at`."""
    filters = ImportFilters(resource=resource, status=import_status)
    async with uow.begin(actor) as tx:
        return await queries.list_imports(tx, request=page, filters=filters)


@get("/imports/{import_id:uuid}", tags=TAGS, guards=[MAY_VIEW])
async def read_import(
    import_id: FromPath[UUID], actor: CurrentActor, uow: Uow, translate: Translate
) -> ImportOut:
    """Read how an import stands, what its columns are, and the counts."""
    async with uow.begin(actor) as tx:
        return await queries.get_import(tx, import_id, translate=translate)


@get("/imports/{import_id:uuid}/events", tags=TAGS, guards=[MAY_VIEW])
async def follow_import(
    import_id: FromPath[UUID],
    actor: CurrentActor,
    uow: Uow,
    context: AppContext,
    translate: Translate,
) -> ServerSentEvent:
    """Follow an import live: `progress` with every change, then `finished` when it rests."""

    async def read() -> ImportOut:
        async with uow.begin(actor) as tx:
            return await queries.get_import(tx, import_id, translate=translate)

    await read()  # an import that is not there answers 404, not an empty stream
    states = follow(
        context.redis,
        channel=queries.wake_channel(import_id),
        read=read,
        is_final=queries.is_at_rest,
    )
    return ServerSentEvent(as_events(states, is_final=queries.is_at_rest))


@get("/imports/{import_id:uuid}/rows", tags=TAGS, guards=[MAY_VIEW])
async def list_import_rows(
    *,
    import_id: FromPath[UUID],
    actor: CurrentActor,
    uow: Uow,
    page: AskedPage,
    translate: Translate,
    outcome: AskedOutcome = None,
) -> Page[ImportRowOut]:
    """List what becomes of each row of the sheet, or of those with one outcome."""
    async with uow.begin(actor) as tx:
        await queries.get_import(tx, import_id)
        return await queries.list_rows(
            tx, import_id, request=page, outcome=outcome, translate=translate
        )


@get("/imports/{import_id:uuid}/rejections.xlsx", tags=TAGS, guards=[MAY_VIEW])
async def download_rejections_xlsx(
    import_id: FromPath[UUID], actor: CurrentActor, uow: Uow, translate: Translate
) -> Stream:
    """Download the rejected rows as they came, with their reasons, to correct and send again."""
    return await download_rejections(uow, actor, import_id, SheetFormat.XLSX, translate)


@get("/imports/{import_id:uuid}/rejections.csv", tags=TAGS, guards=[MAY_VIEW])
async def download_rejections_csv(
    import_id: FromPath[UUID], actor: CurrentActor, uow: Uow, translate: Translate
) -> Stream:
    """As `rejections.xlsx`, in CSV; what a spreadsheet program would run gets an apostrophe."""
    return await download_rejections(uow, actor, import_id, SheetFormat.CSV, translate)


@put(
    "/imports/{import_id:uuid}/mapping",
    tags=TAGS,
    guards=[MAY_IMPORT],
    status_code=HTTP_202_ACCEPTED,
)
async def map_import_columns(
    import_id: FromPath[UUID],
    data: JSONBody[MappingIn],
    actor: CurrentActor,
    uow: Uow,
    translate: Translate,
) -> Response[ImportOut]:
    """Say what columns are that were not recognised, or not rightly; the sheet is read anew."""
    async with uow.begin(actor) as tx:
        found = await service.choose_columns(tx, import_id=import_id, choices=data.columns)
        return accepted(found, translate)


@post(
    "/imports/{import_id:uuid}/run", tags=TAGS, guards=[MAY_IMPORT], status_code=HTTP_202_ACCEPTED
)
async def run_import(
    import_id: FromPath[UUID], actor: CurrentActor, uow: Uow, translate: Translate
) -> Response[ImportOut]:
    """Let an import write what its rows show. Records that changed meanwhile are left alone."""
    async with uow.begin(actor) as tx:
        return accepted(await service.start_import(tx, import_id=import_id), translate)


@post(
    "/imports/{import_id:uuid}/cancel",
    tags=TAGS,
    guards=[MAY_IMPORT],
    status_code=HTTP_202_ACCEPTED,
)
async def cancel_import(
    import_id: FromPath[UUID], actor: CurrentActor, uow: Uow, translate: Translate
) -> Response[ImportOut]:
    """End an import; what it has written stays until it is undone."""
    async with uow.begin(actor) as tx:
        return accepted(await service.cancel_import(tx, import_id=import_id), translate)


@post("/imports/{import_id:uuid}/undo", tags=TAGS, guards=[MAY_EDIT], status_code=HTTP_202_ACCEPTED)
async def undo_import(
    import_id: FromPath[UUID], actor: CurrentActor, uow: Uow, translate: Translate
) -> Response[ImportOut]:
    """Remove what an import made and give changed records their former values back.

    Records that were changed since, or that others depend on, are left; rows with outcome `kept`
    say why.
    """
    async with uow.begin(actor) as tx:
        return accepted(await service.undo_import(tx, import_id=import_id), translate)


@get("/imports/templates/{resource:str}", tags=TAGS, guards=[MAY_VIEW])
async def download_import_template(
    resource: FromPath[str], translate: Translate, file_format: FileFormat = SheetFormat.XLSX
) -> Stream:
    """Download the file to fill in: a header, one example row and, in .xlsx, what to enter."""
    return download_template(resource, file_format, translate)


@get("/imports/fields/{resource:str}", tags=TAGS, guards=[MAY_VIEW])
async def list_import_fields(resource: FromPath[str], translate: Translate) -> list[ImportFieldOut]:
    """List the fields that columns may fill."""
    return describe_fields(get_importable(resource), translate)
