"""Loads: start, follow, cancel, resume; their log and the rows they did not take."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.response import ServerSentEvent, Stream
from litestar.status_codes import HTTP_202_ACCEPTED

from sindico_api.dependencies import AppContext, AskedPage, CurrentActor, Translate, Uow
from sindico_api.downloads import NDJSON, ReadPage, all_pages, as_ndjson, export_rows
from sindico_api.guards import requires
from sindico_api.live import as_events, follow
from sindico_api.once import OnlyOnce
from sindico_platform.database.tx import Actor, Tx
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.paging.schemas import Page, PageRequest
from sindico_provisioning.loads import queries, service
from sindico_provisioning.loads.models import LoadKind, LoadStatus
from sindico_provisioning.loads.schemas import (
    InitialLoadIn,
    LoadFilters,
    LoadItem,
    LoadOut,
    LogFilters,
    LogLineOut,
    RejectionOut,
)

MAY_VIEW, MAY_START, MAY_EDIT = (
    requires("loads:view"),
    requires("loads:include"),
    requires("loads:edit"),
)
TAGS = ["loads"]

StatusFilter = Annotated[LoadStatus | None, QueryParameter(name="status")]
LogFormat = Annotated[
    Literal["json", "text", "ndjson"],
    QueryParameter(
        name="format", description="`json` is one page; `text` and `ndjson` are the whole log."
    ),
]
RowFormat = Annotated[
    Literal["json", "ndjson"],
    QueryParameter(name="format", description="`json` is one page; `ndjson` is all of them."),
]
Level = Literal["info", "warning", "error"]


def accepted(load: LoadOut) -> Response[LoadOut]:
    location = f"/api/v1/loads/{load.id}"
    return Response(load, status_code=HTTP_202_ACCEPTED, headers={"Location": location})


@post("/initial-loads", tags=TAGS, guards=[MAY_START], status_code=HTTP_202_ACCEPTED)
async def start_initial_load(data: JSONBody[InitialLoadIn], once: OnlyOnce) -> Response[LoadOut]:
    """Load an ERP's data into the CRM; follow `Location` until the load has ended."""

    async def start(tx: Tx) -> Response[LoadOut]:
        load = await service.start_load(
            tx,
            integration_id=data.integration_id,
            kind=LoadKind.INITIAL,
            tables=data.tables,
        )
        return accepted(queries.show_load(load, []))

    return await once.run(start)


@get("/loads", tags=TAGS, guards=[MAY_VIEW])
async def list_loads(
    *,
    actor: CurrentActor,
    uow: Uow,
    page: AskedPage,
    integration_id: FromQuery[UUID | None] = None,
    load_status: StatusFilter = None,
    kind: FromQuery[LoadKind | None] = None,
) -> Page[LoadItem]:
    """List loads, newest first; the order is `created_at`."""
    filters = LoadFilters(integration_id=integration_id, status=load_status, kind=kind)
    async with uow.begin(actor) as tx:
        return await queries.list_loads(tx, request=page, filters=filters)


@get("/loads/{load_id:uuid}", tags=TAGS, guards=[MAY_VIEW])
async def read_load(
    load_id: FromPath[UUID], actor: CurrentActor, uow: Uow, translate: Translate
) -> LoadOut:
    """Read how far a load is, phase by phase."""
    async with uow.begin(actor) as tx:
        return await queries.get_load(tx, load_id, translate=translate)


@get("/loads/{load_id:uuid}/events", tags=TAGS, guards=[MAY_VIEW])
async def follow_load(
    translate: Translate,
    load_id: FromPath[UUID],
    actor: CurrentActor,
    uow: Uow,
    context: AppContext,
) -> ServerSentEvent:
    """Follow a load live: `progress` with every change, then `finished`."""

    async def read() -> LoadOut:
        async with uow.begin(actor) as tx:
            return await queries.get_load(tx, load_id, translate=translate)

    await read()  # a load that is not there answers 404, not an empty stream
    states = follow(
        context.redis,
        channel=queries.wake_channel(load_id),
        read=read,
        is_final=queries.is_ended,
    )
    return ServerSentEvent(as_events(states, is_final=queries.is_ended))


@get("/loads/{load_id:uuid}/log", tags=TAGS, guards=[MAY_VIEW])
async def read_load_log(
    *,
    load_id: FromPath[UUID],
    actor: CurrentActor,
    uow: Uow,
    translate: Translate,
    page: AskedPage,
    log_format: LogFormat = "json",
    level: FromQuery[Level | None] = None,
    table: FromQuery[str | None] = None,
) -> Response[Page[LogLineOut]] | Stream:
    """Read a load's log, oldest line first, or download it whole."""
    filters = LogFilters(level=level, table=table)

    async def read(request: PageRequest) -> Page[LogLineOut]:
        async with uow.begin(actor) as tx:
            return await queries.list_log(
                tx, load_id, request=request, filters=filters, translate=translate
            )

    await require_load(uow, actor, load_id)
    if log_format == "json":
        return Response(await read(page))
    is_text = log_format == "text"
    return await export_rows(
        uow,
        actor,
        name=f"load-{load_id}.{'txt' if is_text else 'ndjson'}",
        media_type="text/plain" if is_text else NDJSON,
        count=partial(queries.count_log, load_id=load_id, filters=filters),
        pieces=as_text(read, ZoneInfo(actor.timezone)) if is_text else as_ndjson(read),
    )


@get("/loads/{load_id:uuid}/rejections", tags=TAGS, guards=[MAY_VIEW])
async def list_load_rejections(
    *,
    load_id: FromPath[UUID],
    actor: CurrentActor,
    uow: Uow,
    translate: Translate,
    page: AskedPage,
    row_format: RowFormat = "json",
    table: FromQuery[str | None] = None,
) -> Response[Page[RejectionOut]] | Stream:
    """List the rows a load did not take, each with its reasons, or download them all.

    After 30 days only those are left that are still to be put right.
    """

    async def read(request: PageRequest) -> Page[RejectionOut]:
        async with uow.begin(actor) as tx:
            return await queries.list_rejections(
                tx, load_id, request=request, table=table, translate=translate
            )

    await require_load(uow, actor, load_id)
    if row_format == "json":
        return Response(await read(page))
    return await export_rows(
        uow,
        actor,
        name=f"rejections-{load_id}.ndjson",
        media_type=NDJSON,
        count=partial(queries.count_rejections, load_id=load_id, table=table),
        pieces=as_ndjson(read),
    )


@post("/loads/{load_id:uuid}/cancel", tags=TAGS, guards=[MAY_EDIT], status_code=HTTP_202_ACCEPTED)
async def cancel_load(
    translate: Translate, load_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[LoadOut]:
    """End a load; what was stored stays, and the load can be resumed."""
    async with uow.begin(actor) as tx:
        await service.cancel_load(tx, load_id=load_id)
        await tx.session.flush()
        return accepted(await queries.get_load(tx, load_id, translate=translate))


@post("/loads/{load_id:uuid}/resume", tags=TAGS, guards=[MAY_EDIT], status_code=HTTP_202_ACCEPTED)
async def resume_load(
    translate: Translate, load_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[LoadOut]:
    """Let a failed or cancelled load go on where it stopped."""
    async with uow.begin(actor) as tx:
        await service.resume_load(tx, load_id=load_id)
        await tx.session.flush()
        return accepted(await queries.get_load(tx, load_id, translate=translate))


async def require_load(uow: UnitOfWork, actor: Actor, load_id: UUID) -> None:
    async with uow.begin(actor) as tx:
        await queries.require_load(tx, load_id)


async def as_text(read: ReadPage[LogLineOut], zone: ZoneInfo) -> AsyncIterator[bytes]:
    """One line of text per line of the log, with the time in the reader's zone."""
    async for page in all_pages(read):
        yield "".join(text_line(line, zone) for line in page.items).encode()


def text_line(line: LogLineOut, zone: ZoneInfo) -> str:
    at = line.at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
    about = f" [{line.table}]" if line.table else ""
    return f"{at} {line.level.upper():7}{about} {line.text}\n"
