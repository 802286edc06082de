"""What integrations sent in a period as one Excel file: at once, or written by a job."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.response import ServerSentEvent, Stream
from litestar.status_codes import HTTP_202_ACCEPTED

from sindico_api.dependencies import AppContext, AskedPage, CurrentActor, Translate, Uow
from sindico_api.guards import requires
from sindico_api.history import send_export, send_history, start_export
from sindico_api.live import as_events, follow
from sindico_platform.database.tx import Tx
from sindico_platform.paging.schemas import Page
from sindico_provisioning.history_exports import queries, service
from sindico_provisioning.history_exports.period import period_of_instants
from sindico_provisioning.history_exports.schemas import Asked, HistoryExportIn, HistoryExportOut

MAY_EXPORT = requires("exchanges:export")
TAGS = ["exchanges"]
HOME = "/api/v1/exchanges/exports"

Since = Annotated[
    datetime | None,
    QueryParameter(description="With a zone; at most 7 days ago, which is the default."),
]
Until = Annotated[
    datetime | None,
    QueryParameter(description="With a zone; at most 7 days after `since`. Now, unless given."),
]
Tables = Annotated[
    list[str] | None, QueryParameter(description="ERP tables; all of them unless given.")
]


@get("/exchanges/history.xlsx", tags=TAGS, guards=[MAY_EXPORT])
async def download_history(
    *,
    context: AppContext,
    actor: CurrentActor,
    uow: Uow,
    translate: Translate,
    since: Since = None,
    until: Until = None,
    tables: Tables = None,
) -> Stream:
    """Download a small history at once; a larger one is refused: ask for a history file.

    A sheet has a row per request, and each table has a sheet with a row per record received, what
    became of it and why.
    """
    async with uow.begin(actor) as tx:
        asked = _asked(tx, since, until, None if tables is None else tuple(tables))
    return await send_history(context, actor, asked, translate)


@post("/exchanges/exports", tags=TAGS, guards=[MAY_EXPORT], status_code=HTTP_202_ACCEPTED)
async def create_history_export(
    data: JSONBody[HistoryExportIn], actor: CurrentActor, uow: Uow, translate: Translate
) -> Response[HistoryExportOut]:
    """Have a history file written. Follow `Location` until its status is `succeeded`."""
    async with uow.begin(actor) as tx:
        asked = _asked(tx, data.since, data.until, data.tables)
        export = await start_export(tx, asked, translate)
        shown = queries.show_export(export, tx.now, translate)
    headers = {"Location": f"{HOME}/{shown.id}"}
    return Response(shown, status_code=HTTP_202_ACCEPTED, headers=headers)


@get("/exchanges/exports", tags=TAGS, guards=[MAY_EXPORT])
async def list_history_exports(
    actor: CurrentActor, uow: Uow, page: AskedPage, translate: Translate
) -> Page[HistoryExportOut]:
    """List history files, newest first; the order is `created_at`."""
    async with uow.begin(actor) as tx:
        return await queries.list_exports(tx, request=page, translate=translate)


@get("/exchanges/exports/{export_id:uuid}", tags=TAGS, guards=[MAY_EXPORT])
async def read_history_export(
    export_id: FromPath[UUID], actor: CurrentActor, uow: Uow, translate: Translate
) -> HistoryExportOut:
    """Read how far a history file is."""
    async with uow.begin(actor) as tx:
        return await queries.get_export(tx, export_id, translate=translate)


@get("/exchanges/exports/{export_id:uuid}/events", tags=TAGS, guards=[MAY_EXPORT])
async def follow_history_export(
    export_id: FromPath[UUID],
    actor: CurrentActor,
    uow: Uow,
    context: AppContext,
    translate: Translate,
) -> ServerSentEvent:
    """Follow a history file live: `progress` with every change, then `finished`."""

    async def read() -> HistoryExportOut:
        async with uow.begin(actor) as tx:
            return await queries.get_export(tx, export_id, translate=translate)

    await read()  # a file that is not there answers 404, not an empty stream
    states = follow(
        context.redis,
        channel=queries.wake_channel(export_id),
        read=read,
        is_final=queries.is_ended,
    )
    return ServerSentEvent(as_events(states, is_final=queries.is_ended))


@get("/exchanges/exports/{export_id:uuid}/file", tags=TAGS, guards=[MAY_EXPORT])
async def download_history_export(
    export_id: FromPath[UUID], actor: CurrentActor, context: AppContext
) -> Stream:
    """Download a history file that is written. It is kept for three days."""
    return await send_export(context, actor, export_id)


@post(
    "/exchanges/exports/{export_id:uuid}/cancel",
    tags=TAGS,
    guards=[MAY_EXPORT],
    status_code=HTTP_202_ACCEPTED,
)
async def cancel_history_export(
    export_id: FromPath[UUID], actor: CurrentActor, uow: Uow, translate: Translate
) -> HistoryExportOut:
    """Stop the writing of a history file. One that has ended stays as it is."""
    async with uow.begin(actor) as tx:
        export = await service.cancel_export(tx, export_id=export_id)
        return queries.show_export(export, tx.now, translate)


def _asked(
    tx: Tx, since: datetime | None, until: datetime | None, tables: tuple[str, ...] | None
) -> Asked:
    return service.choose(period_of_instants(since, until, now=tx.now), tables)
