"""The tab *History*: a period, tables, and the Excel file of what came in it."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import ServerSentEvent, Stream

from sindico_api.console import rendering
from sindico_api.console.erp_data import HISTORY_PATH, frame_of
from sindico_api.console.forms import Form
from sindico_api.console.live_blocks import stream_block
from sindico_api.console.rendering import see_other
from sindico_api.console.view import ConsoleRequest, Flash, View, view_of
from sindico_api.dependencies import AppContext, AskedPage, CurrentActor, Uow
from sindico_api.guards import requires
from sindico_api.history import send_export, send_history, start_export
from sindico_api.live import follow
from sindico_api.readers.table_words import table_label
from sindico_platform.database.tx import Actor, Tx
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.errors import InvalidInput
from sindico_platform.paging.schemas import Page, PageRequest
from sindico_provisioning.erp_tables.queries import TABLES
from sindico_provisioning.exchanges.schemas import RETENTION_DAYS
from sindico_provisioning.history_exports import queries, service
from sindico_provisioning.history_exports.period import default_days, period_of_days
from sindico_provisioning.history_exports.schemas import (
    AT_ONCE_ROWS,
    KEPT_DAYS,
    Asked,
    HistoryExportOut,
)
from sindico_provisioning.history_exports.words import (
    OUTCOMES,
    OUTCOMES_EXPLAINED,
    READING,
    TABLE_DESCRIPTIONS,
)

MAY_EXPORT = requires("exchanges:export")
FILES_PATH = f"{HISTORY_PATH}/files"
LISTED_FILES = 10


@get("/erp-data/history", guards=[MAY_EXPORT])
async def show_history(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow, page: AskedPage
) -> Response[str]:
    """The form of the period and the tables, how to read the file, and the files there are."""
    return await _page(request, actor, uow, form=None, after=page.after)


async def _page(
    request: ConsoleRequest,
    actor: Actor,
    uow: UnitOfWork,
    *,
    form: Form | None,
    status: int = 200,
    after: str | None = None,
) -> Response[str]:
    view = view_of(request)
    async with uow.begin(actor) as tx:
        first, last = default_days(tx.now, actor.timezone)
        files: Page[HistoryExportOut] = await queries.list_exports(
            tx, request=PageRequest(limit=LISTED_FILES, after=after), translate=view.tell
        )
    initial = Form({"first": first.isoformat(), "last": last.isoformat(), "tables": list(TABLES)})
    return rendering.page(
        request,
        "erp_data/history.html",
        status=status,
        **frame_of(request, HISTORY_PATH),
        form=form or initial,
        last_day=last.isoformat(),
        days=RETENTION_DAYS,
        kept_days=KEPT_DAYS,
        at_once=AT_ONCE_ROWS,
        tables=[(name, table_label(name), TABLE_DESCRIPTIONS[name]) for name in TABLES],
        outcomes=[(text, OUTCOMES_EXPLAINED[letter]) for letter, text in OUTCOMES.items()],
        reading=READING,
        files=files,
    )


@post("/erp-data/history", guards=[MAY_EXPORT])
async def ask_for_history(request: ConsoleRequest, actor: CurrentActor, uow: Uow) -> Response[Any]:
    """Send a small file at once; have a large one written, and show how far it is."""
    translate = view_of(request).translate
    data = await request.form()
    sent: dict[str, Any] = {
        "first": str(data.get("first", "")),
        "last": str(data.get("last", "")),
        "tables": [str(each) for each in data.getall("tables", [])],
    }
    try:
        async with uow.begin(actor) as tx:
            asked = _asked(tx, sent)
            size = await service.measure_exportable(tx, asked)
            if size.rows <= AT_ONCE_ROWS:
                query = urlencode(sent, doseq=True)
                return see_other(request, f"{HISTORY_PATH}/download?{query}")
            export = await start_export(tx, asked, translate)
    except InvalidInput as error:
        form = Form(sent).refused(error, translate)
        return await _page(request, actor, uow, form=form, status=error.status)
    _ = translate
    flash = Flash(text=_("The file is being written. You may leave this page."))
    return see_other(request, f"{FILES_PATH}/{export.id}", flash=flash)


def _asked(tx: Tx, sent: dict[str, Any]) -> Asked:
    period = period_of_days(sent["first"], sent["last"], now=tx.now, zone=tx.actor.timezone)
    return service.choose(period, tuple(sent["tables"]))


@get("/erp-data/history/download", guards=[MAY_EXPORT])
async def download_history(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow, context: AppContext
) -> Stream:
    """The file of a small history."""
    query = request.query_params
    sent = {
        "first": query.get("first", ""),
        "last": query.get("last", ""),
        "tables": query.getall("tables", []),
    }
    async with uow.begin(actor) as tx:
        asked = _asked(tx, sent)
    return await send_history(context, actor, asked, view_of(request).translate)


@get("/erp-data/history/files/{export_id:uuid}", guards=[MAY_EXPORT])
async def show_file(
    request: ConsoleRequest, export_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[str]:
    """How far a file is, live; then its download."""
    async with uow.begin(actor) as tx:
        shown = await _file(tx, export_id, view_of(request))
    return rendering.page(request, "erp_data/file.html", **shown)


async def _file(tx: Tx, export_id: UUID, view: View) -> dict[str, Any]:
    found = await queries.get_export(tx, export_id, translate=view.tell)
    return {
        "export": found,
        "export_id": export_id,
        "is_ended": queries.is_ended(found),
        "is_whole": len(found.tables) == len(TABLES),
        "is_streamed": False,
    }


@get("/erp-data/history/files/{export_id:uuid}/events", guards=[MAY_EXPORT])
async def follow_file(
    request: ConsoleRequest,
    export_id: FromPath[UUID],
    actor: CurrentActor,
    uow: Uow,
    context: AppContext,
) -> ServerSentEvent:
    """The block of the page with every change, until the file has ended."""
    view = view_of(request)

    async def read() -> dict[str, Any]:
        async with uow.begin(actor) as tx:
            return await _file(tx, export_id, view)

    await read()  # a file that is not there answers 404, not an empty stream
    states = follow(
        context.redis,
        channel=queries.wake_channel(export_id),
        read=read,
        is_final=lambda shown: shown["is_ended"],
    )
    return ServerSentEvent(stream_block(states, view, "erp_data/file.html", "progress"))


@get("/erp-data/history/files/{export_id:uuid}/download", guards=[MAY_EXPORT])
async def download_file(
    export_id: FromPath[UUID], actor: CurrentActor, context: AppContext
) -> Stream:
    """The file itself."""
    return await send_export(context, actor, export_id)


@post("/erp-data/history/files/{export_id:uuid}/cancel", guards=[MAY_EXPORT])
async def cancel_file(
    request: ConsoleRequest, export_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[None]:
    """Stop the writing of a file."""
    _ = view_of(request).translate
    async with uow.begin(actor) as tx:
        await service.cancel_export(tx, export_id=export_id)
    flash = Flash(text=_("The file will not be written."), tone="info")
    return see_other(request, f"{FILES_PATH}/{export_id}", flash=flash)
