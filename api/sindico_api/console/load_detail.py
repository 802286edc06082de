"""One load: how far it is, live; its log; the rows it did not take."""

from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Response, get
from litestar.params import FromPath
from litestar.response import ServerSentEvent, Stream

from sindico_api.console import rendering
from sindico_api.console.listing import Listing
from sindico_api.console.live_blocks import stream_block
from sindico_api.console.load_words import KIND_LABELS, LEVELS
from sindico_api.console.loads import LOADS_PATH, MAY_VIEW
from sindico_api.console.view import ConsoleRequest, View, view_of
from sindico_api.dependencies import AppContext, AskedPage, CurrentActor, Uow
from sindico_api.downloads import NDJSON, CountRows, as_ndjson, demand_exportable, export_rows
from sindico_api.live import follow
from sindico_api.readers.table_words import TABLE_LABELS, table_label
from sindico_api.v1.loads import as_text, require_load
from sindico_platform.database.tx import Actor, Tx
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.paging.schemas import Page, PageRequest
from sindico_provisioning.integrations import queries as integrations
from sindico_provisioning.integrations.models import IntegrationState
from sindico_provisioning.loads import queries
from sindico_provisioning.loads.schemas import (
    LoadOut,
    LogFilters,
    LogLineOut,
    PhaseOut,
    RejectionOut,
)
from sindico_provisioning.loads.service import RESUMABLE
from sindico_provisioning.packages.errors import PackageLimitReached
from sindico_provisioning.staging.retention.rejections.service import KEPT_DAYS

OUTCOMES = ("created", "updated", "unchanged", "rejected")
NEWEST_LINES = PageRequest(limit=100, sort="-at")


@get("/loads/{load_id:uuid}", guards=[MAY_VIEW])
async def show_load(
    request: ConsoleRequest, load_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[str]:
    """How far the load is, phase by phase."""
    async with uow.begin(actor) as tx:
        shown = await load_variables(tx, load_id, view_of(request))
    return rendering.page(request, "loads/detail.html", **shown)


@get("/loads/{load_id:uuid}/events", guards=[MAY_VIEW])
async def follow_load(
    request: ConsoleRequest,
    load_id: FromPath[UUID],
    actor: CurrentActor,
    uow: Uow,
    context: AppContext,
) -> ServerSentEvent:
    """The same block of the page with every change, until the load has ended."""
    view = view_of(request)

    async def read() -> dict[str, Any]:
        async with uow.begin(actor) as tx:
            return await load_variables(tx, load_id, view)

    await require_load(uow, actor, load_id)
    states = follow(
        context.redis,
        channel=queries.wake_channel(load_id),
        read=read,
        is_final=lambda shown: shown["is_ended"],
    )
    return ServerSentEvent(stream_block(states, view, "loads/detail.html", "progress"))


@get("/loads/{load_id:uuid}/log", guards=[MAY_VIEW])
async def show_log(
    request: ConsoleRequest,
    load_id: FromPath[UUID],
    actor: CurrentActor,
    uow: Uow,
    page: AskedPage,
) -> Response[str]:
    """The log, newest line first; while the load runs the first page is live."""
    listing, view = log_listing(request, load_id), view_of(request)
    async with uow.begin(actor) as tx:
        shown = await load_variables(tx, load_id, view)
        asked = PageRequest(limit=NEWEST_LINES.limit, after=page.after, sort=listing.sort)
        found = await queries.list_log(
            tx, load_id, request=asked, filters=log_filters(listing), translate=view.tell
        )
        refusal = await refusal_of_export(tx, _log_counter(request, load_id), view)
    is_live = not shown["is_ended"] and listing.is_first_page and listing.sort == "-at"
    return rendering.page(
        request,
        "loads/log.html",
        **{**shown, **log_words(listing)},
        found=found,
        is_live=is_live,
        refusal=refusal,
        level_choices=[(code, view.translate(level.text)) for code, level in LEVELS.items()],
        table_choices=table_choices(shown["load"], view),
    )


@get("/loads/{load_id:uuid}/log/events", guards=[MAY_VIEW])
async def follow_log(
    request: ConsoleRequest,
    load_id: FromPath[UUID],
    actor: CurrentActor,
    uow: Uow,
    context: AppContext,
) -> ServerSentEvent:
    """The newest lines with every change, until the load has ended."""
    listing, view = log_listing(request, load_id), view_of(request)

    async def read() -> dict[str, Any]:
        async with uow.begin(actor) as tx:
            load = await queries.get_load(tx, load_id)
            found = await queries.list_log(
                tx,
                load_id,
                request=NEWEST_LINES,
                filters=log_filters(listing),
                translate=view.tell,
            )
        ended = queries.is_ended(load)
        return {"found": found, "is_ended": ended, "load_id": load_id} | log_words(listing)

    await require_load(uow, actor, load_id)
    states = follow(
        context.redis,
        channel=queries.wake_channel(load_id),
        read=read,
        is_final=lambda shown: shown["is_ended"],
    )
    return ServerSentEvent(stream_block(states, view, "loads/log.html", "lines"))


@get("/loads/{load_id:uuid}/log.txt", guards=[MAY_VIEW])
async def download_log(
    request: ConsoleRequest, load_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Stream:
    """The whole log as text in the reader's language, with the filters of the page."""
    read = _log_reader(request, load_id, actor, uow)
    await require_load(uow, actor, load_id)
    return await export_rows(
        uow,
        actor,
        name=f"load-{load_id}.txt",
        media_type="text/plain; charset=utf-8",
        count=_log_counter(request, load_id),
        pieces=as_text(read, ZoneInfo(actor.timezone)),
    )


@get("/loads/{load_id:uuid}/log.ndjson", guards=[MAY_VIEW])
async def download_log_lines(
    request: ConsoleRequest, load_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Stream:
    """The whole log as JSON, a line each, with the filters of the page."""
    read = _log_reader(request, load_id, actor, uow)
    await require_load(uow, actor, load_id)
    return await export_rows(
        uow,
        actor,
        name=f"load-{load_id}.ndjson",
        media_type=NDJSON,
        count=_log_counter(request, load_id),
        pieces=as_ndjson(read),
    )


@get("/loads/{load_id:uuid}/rejections", guards=[MAY_VIEW])
async def show_rejections(
    request: ConsoleRequest,
    load_id: FromPath[UUID],
    actor: CurrentActor,
    uow: Uow,
    page: AskedPage,
) -> Response[str]:
    """The rows the load did not take, each with its reasons."""
    view = view_of(request)
    listing = rejection_listing(request, load_id)
    table = listing.chosen("table", TABLE_LABELS)
    async with uow.begin(actor) as tx:
        shown = await load_variables(tx, load_id, view)
        found = await queries.list_rejections(
            tx, load_id, request=page, table=table, translate=view.translate
        )
        count = partial(queries.count_rejections, load_id=load_id, table=table)
        refusal = await refusal_of_export(tx, count, view)
        is_past = shown["load"].created_at < tx.now - timedelta(days=KEPT_DAYS)
    return rendering.page(
        request,
        "loads/rejections.html",
        **shown,
        kept_days=KEPT_DAYS if is_past and shown["rejected"] else None,
        found=found,
        refusal=refusal,
        query=urlencode(listing.filters),
        listing=listing,
        pretty=pretty,
        table_choices=table_choices(shown["load"], view),
    )


@get("/loads/{load_id:uuid}/rejections.ndjson", guards=[MAY_VIEW])
async def download_rejections(
    request: ConsoleRequest, load_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Stream:
    """Every rejected row, a line of JSON each, with the filter of the page."""
    translate = view_of(request).translate
    table = rejection_listing(request, load_id).chosen("table", TABLE_LABELS)

    async def read(asked: PageRequest) -> Page[RejectionOut]:
        async with uow.begin(actor) as tx:
            return await queries.list_rejections(
                tx, load_id, request=asked, table=table, translate=translate
            )

    await require_load(uow, actor, load_id)
    return await export_rows(
        uow,
        actor,
        name=f"rejections-{load_id}.ndjson",
        media_type=NDJSON,
        count=partial(queries.count_rejections, load_id=load_id, table=table),
        pieces=as_ndjson(read),
    )


async def refusal_of_export(tx: Tx, count: CountRows, view: View) -> str | None:
    """Why these rows cannot be downloaded at once, to be said instead of offering it."""
    try:
        await demand_exportable(tx, count)
    except PackageLimitReached as error:
        return view.translate.detail(error)
    return None


async def load_variables(tx: Tx, load_id: UUID, view: View) -> dict[str, Any]:
    """What every page of one load shows of it."""
    load = await queries.get_load(tx, load_id, translate=view.tell)
    integration = await integrations.get_recorded(tx, load.integration_id)
    return {
        "load": load,
        "load_id": load_id,
        "is_streamed": False,
        "integration_name": integration.name,
        "kind": KIND_LABELS[load.kind],
        "table_label": table_label,
        "totals": totals_of(queries.list_counted(load.phases)),
        "rejected": sum(phase.rejected for phase in load.phases),
        "largest": max((phase.received for phase in load.phases), default=0),
        "outcomes": OUTCOMES,
        "is_ended": queries.is_ended(load),
        "is_resumable": is_resumable(load) and integration.state != IntegrationState.REMOVED,
        "seconds": _seconds(load, tx),
    }


def totals_of(phases: list[PhaseOut]) -> dict[str, int]:
    """Rows of the phases together, by outcome, and all that were received."""
    names = ("received", *OUTCOMES)
    return {name: sum(getattr(phase, name) for phase in phases) for name in names}


def is_resumable(load: LoadOut) -> bool:
    return load.status in RESUMABLE


def log_listing(request: ConsoleRequest, load_id: UUID) -> Listing:
    query = dict(request.query_params)
    return Listing(path=f"{LOADS_PATH}/{load_id}/log", query=query, default_sort="-at")


def log_filters(listing: Listing) -> LogFilters:
    return LogFilters(
        level=listing.chosen("level", LEVELS), table=listing.chosen("table", TABLE_LABELS)
    )


def rejection_listing(request: ConsoleRequest, load_id: UUID) -> Listing:
    query = dict(request.query_params)
    return Listing(path=f"{LOADS_PATH}/{load_id}/rejections", query=query)


def log_words(listing: Listing) -> dict[str, Any]:
    return {
        "listing": listing,
        "levels": LEVELS,
        "table_label": table_label,
        "query": urlencode(listing.filters),
    }


def table_choices(load: LoadOut, view: View) -> list[tuple[str, str]]:
    """The load's tables as options of a filter; each stands once, though two phases have it."""
    tables = dict.fromkeys(phase.table for phase in load.phases)
    return [(table, view.translate(table_label(table))) for table in tables]


def pretty(row: msgspec.Raw) -> str:
    """A row as people read JSON."""
    return msgspec.json.format(bytes(row), indent=2).decode()


def _seconds(load: LoadOut, tx: Tx) -> float | None:
    """How long it has run; whole seconds while it does, so that a page changes once a second."""
    if load.started_at is None:
        return None
    if load.finished_at is not None:
        return (load.finished_at - load.started_at).total_seconds()
    return (tx.now - load.started_at) // timedelta(seconds=1)


def _log_counter(request: ConsoleRequest, load_id: UUID) -> CountRows:
    filters = log_filters(log_listing(request, load_id))
    return partial(queries.count_log, load_id=load_id, filters=filters)


def _log_reader(request: ConsoleRequest, load_id: UUID, actor: Actor, uow: UnitOfWork) -> Any:
    filters, translate = log_filters(log_listing(request, load_id)), view_of(request).tell

    async def read(asked: PageRequest) -> Page[LogLineOut]:
        async with uow.begin(actor) as tx:
            return await queries.list_log(
                tx, load_id, request=asked, filters=filters, translate=translate
            )

    return read
