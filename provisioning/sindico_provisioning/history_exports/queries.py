"""Every SELECT on history files, and those on the ledger that fill them.

A file is read piece by piece, each in a transaction of its own, so that none stays open for as
long as a file takes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, func, or_, select, tuple_

from sindico_platform.database.tx import Tx
from sindico_platform.paging.keyset import Keyset
from sindico_platform.paging.schemas import Page, PageRequest
from sindico_platform.words import Translate, in_english
from sindico_provisioning.exchanges.masking import sees_all
from sindico_provisioning.exchanges.models import BodyFormat, Direction, Exchange, ExchangeChunk
from sindico_provisioning.history_exports.errors import HistoryExportNotFound
from sindico_provisioning.history_exports.models import ACTIVE, ExportStatus, HistoryExport
from sindico_provisioning.history_exports.schemas import (
    Asked,
    ExportErrorOut,
    HistoryExportOut,
    HistorySize,
)
from sindico_provisioning.integrations.models import Integration

ORDERS = Keyset(HistoryExport.id, default="-created_at", created_at=HistoryExport.id)
HEADS_AT_ONCE = 500
WHOLE = 100.0

Position = tuple[datetime, UUID]


@dataclass(frozen=True, slots=True)
class Head:
    """A request whose records are to be listed."""

    at: datetime
    id: UUID
    body_bytes: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a request's records, packed as the ledger packs it."""

    outcomes: bytes | None
    rejections: bytes | None


async def measure(tx: Tx, asked: Asked) -> HistorySize:
    """How many requests and records the file will list."""
    pushed = Exchange.direction == Direction.IN
    found = await tx.session.execute(
        select(
            func.count().label("requests"),
            func.coalesce(func.sum(Exchange.received).filter(pushed), 0).label("records"),
        ).where(*_asked(tx, asked))
    )
    row = found.one()
    return HistorySize(requests=row.requests, records=int(row.records))


def _asked(tx: Tx, asked: Asked) -> list[ColumnElement[bool]]:
    chosen = Exchange.resource.in_(asked.tables)
    others = Exchange.resource.is_(None) if asked.with_others else false()
    return [*_in_period(tx, asked), or_(chosen, others)]


def _in_period(tx: Tx, asked: Asked) -> list[ColumnElement[bool]]:
    return [
        Exchange.tenant_id == tx.tenant_id,
        Exchange.at >= asked.period.since,
        Exchange.at < asked.period.until,
    ]


async def list_integration_ids(tx: Tx) -> list[UUID]:
    """The bound tenant's integrations; no package allows many."""
    found = await tx.session.scalars(
        select(Integration.id).where(Integration.tenant_id == tx.tenant_id)
    )
    return list(found)


async def list_requests(tx: Tx, asked: Asked, *, after: Position | None) -> list[Exchange]:
    """The next requests in the order of time, without what became of their records."""
    statement = select(Exchange).where(*_asked(tx, asked), *_after(after))
    ordered = statement.order_by(Exchange.at, Exchange.id).limit(HEADS_AT_ONCE)
    found = await tx.session.scalars(ordered)
    return list(found)


async def list_heads(tx: Tx, asked: Asked, table: str, *, after: Position | None) -> list[Head]:
    """The next requests that brought records of a table."""
    statement = (
        select(Exchange.at, Exchange.id, Exchange.body_bytes)
        .where(
            *_in_period(tx, asked),
            Exchange.resource == table,
            Exchange.body_bytes > 0,
            *_after(after),
        )
        .order_by(Exchange.at, Exchange.id)
        .limit(HEADS_AT_ONCE)
    )
    return [Head(*row) for row in await tx.session.execute(statement)]


def _after(after: Position | None) -> list[ColumnElement[bool]]:
    if after is None:
        return []
    at, last = after
    return [Exchange.at >= at, or_(Exchange.at > at, and_(Exchange.at == at, Exchange.id > last))]


async def read_verdicts(tx: Tx, heads: Sequence[Head]) -> dict[UUID, Verdict]:
    """What became of the requests' records."""
    statement = select(Exchange.id, Exchange.outcomes, Exchange.rejections).where(
        Exchange.tenant_id == tx.tenant_id,
        Exchange.at >= heads[0].at,
        Exchange.at <= heads[-1].at,
        tuple_(Exchange.at, Exchange.id).in_([(head.at, head.id) for head in heads]),
    )
    return {row[0]: Verdict(row[1], row[2]) for row in await tx.session.execute(statement)}


async def list_pieces(
    tx: Tx, heads: Sequence[Head], *, first: int, count: int
) -> list[ExchangeChunk]:
    """Pieces of the requests' bodies from a position on, in the order of the records.

    Bodies that were not taken apart into records are left out.
    """
    keys = [(head.at, head.id) for head in heads]
    statement = (
        select(ExchangeChunk)
        .where(
            ExchangeChunk.tenant_id == tx.tenant_id,
            ExchangeChunk.at >= heads[0].at,
            ExchangeChunk.at <= heads[-1].at,
            tuple_(ExchangeChunk.at, ExchangeChunk.exchange_id).in_(keys),
            ExchangeChunk.position >= first,
            ExchangeChunk.position < first + count,
            ExchangeChunk.format != BodyFormat.BYTES,
        )
        .order_by(ExchangeChunk.at, ExchangeChunk.exchange_id, ExchangeChunk.position)
    )
    return list(await tx.session.scalars(statement))


async def list_exports(
    tx: Tx, *, request: PageRequest, translate: Translate = in_english
) -> Page[HistoryExportOut]:
    """One page of the history files that the actor may open, newest first."""
    columns = select(HistoryExport, HistoryExport.id.label("order_value"), HistoryExport.id)
    statement = ORDERS.apply(columns.where(*_visible(tx)), request)
    rows = (await tx.session.execute(statement)).all()
    return ORDERS.page(rows, request, lambda row: show_export(row[0], tx.now, translate))


def _visible(tx: Tx) -> list[ColumnElement[bool]]:
    mine: list[ColumnElement[bool]] = [HistoryExport.tenant_id == tx.tenant_id]
    return mine if sees_all(tx.actor) else [*mine, ~HistoryExport.with_personal]


async def get_export(
    tx: Tx, export_id: UUID, *, translate: Translate = in_english
) -> HistoryExportOut:
    """One history file that the actor may open.

    Raises:
        HistoryExportNotFound: there is none.
    """
    return show_export(await _get_row(tx, export_id), tx.now, translate)


async def find_blob_id(tx: Tx, export_id: UUID) -> tuple[UUID | None, str]:
    """Where the file lies, if it is written, and its status.

    Raises:
        HistoryExportNotFound: there is none.
    """
    row = await _get_row(tx, export_id)
    return row.blob_id, row.status


async def lock_export(tx: Tx, export_id: UUID) -> HistoryExport:
    """Read a history file and keep others from changing it.

    Raises:
        HistoryExportNotFound: there is none.
    """
    return await _get_row(tx, export_id, lock=True)


async def _get_row(tx: Tx, export_id: UUID, *, lock: bool = False) -> HistoryExport:
    statement = select(HistoryExport).where(*_visible(tx), HistoryExport.id == export_id)
    if lock:
        statement = statement.with_for_update()
    found: HistoryExport | None = await tx.session.scalar(
        statement.execution_options(populate_existing=True)
    )
    if found is None:
        raise HistoryExportNotFound
    return found


async def count_under_way(tx: Tx) -> int:
    """Files of the bound tenant that are being written or wait for it."""
    statement = select(func.count()).where(
        HistoryExport.tenant_id == tx.tenant_id, HistoryExport.status.in_(ACTIVE)
    )
    return await tx.session.scalar(statement) or 0


def show_export(
    row: HistoryExport, now: datetime, translate: Translate = in_english
) -> HistoryExportOut:
    return HistoryExportOut(
        id=row.id,
        status=row.status,
        since=row.since,
        until=row.until,
        tables=row.tables,
        with_personal=row.with_personal,
        requested_by=row.requested_by,
        requests=row.requests,
        records=row.records,
        written=row.written,
        percent=_percent(row),
        filename=row.filename,
        size_bytes=row.size_bytes,
        error=None if row.error is None else _show_error(row.error, translate),
        is_expired=row.expires_at is not None and row.expires_at <= now,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        expires_at=row.expires_at,
    )


def _percent(row: HistoryExport) -> float:
    if row.status == ExportStatus.SUCCEEDED:
        return WHOLE
    total = max(1, row.requests + row.records)
    return round(min(WHOLE - 1, WHOLE * row.written / total), 1)


def _show_error(error: dict[str, object], translate: Translate) -> ExportErrorOut:
    facts = error.get("facts")
    told = facts if isinstance(facts, dict) else {}
    return ExportErrorOut(code=str(error["code"]), detail=translate(str(error["detail"]), **told))


def is_ended(export: HistoryExportOut) -> bool:
    return export.status not in ACTIVE


def wake_channel(export_id: UUID) -> str:
    """What a transaction that changes the file wakes, for those who follow it live."""
    return f"history-export:{export_id}"
