"""Every SELECT on the ledger. All of them name the days, so that no other partition is opened."""

from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import BindParameter, ColumnElement, bindparam, exists, select

from sindico_platform.database.tx import Tx
from sindico_platform.paging.keyset import Keyset
from sindico_platform.paging.reading import StructReader
from sindico_platform.paging.schemas import Page, PageRequest
from sindico_provisioning.erp_tables.examine import Unreadable, parse_row
from sindico_provisioning.erp_tables.queries import TABLES
from sindico_provisioning.exchanges.compression import decompress
from sindico_provisioning.exchanges.errors import ExchangeNotFound
from sindico_provisioning.exchanges.masking import mask_errors, mask_row, sees_all
from sindico_provisioning.exchanges.models import BodyFormat, Direction, Exchange, ExchangeChunk
from sindico_provisioning.exchanges.schemas import (
    RETENTION_DAYS,
    ExchangeFilters,
    ExchangeOut,
    ReceivedRow,
)

TAKES_AT_MOST = timedelta(minutes=2)
"""Of one push."""

ORDERS = Keyset(Exchange.id, default="-at", at=Exchange.at)
READER = StructReader(ExchangeOut, Exchange)

PARTITION_FAULTS = """
    SELECT parent, day::text
    FROM unnest(ARRAY['exchange', 'exchange_chunk']) AS parent
    CROSS JOIN generate_series(0, $1::int) AS ahead
    CROSS JOIN LATERAL (
        SELECT (now() AT TIME ZONE 'UTC')::date + ahead AS day
    ) AS wanted
    WHERE to_regclass('partitions.' || parent || to_char(day, '_YYYYMMDD')) IS NULL
    ORDER BY day, parent
"""
"""For the doctor: which days of the next $1 have no place yet."""


def earliest(now: datetime) -> datetime:
    """The instant before which nothing is shown, though a little more is kept."""
    return now - timedelta(days=RETENTION_DAYS)


async def list_exchanges(
    tx: Tx, *, request: PageRequest, filters: ExchangeFilters
) -> Page[ExchangeOut]:
    """One page of the bound tenant's exchanges, newest first."""
    return await READER.page(tx, ORDERS, request, _conditions(tx, filters))


def _conditions(tx: Tx, filters: ExchangeFilters) -> list[ColumnElement[bool]]:
    since = max(filters.since or earliest(tx.now), earliest(tx.now))
    found = [Exchange.tenant_id == tx.tenant_id, Exchange.at >= since]
    if filters.until is not None:
        found.append(Exchange.at < filters.until)
    if filters.resources is not None:
        found.append(Exchange.resource.in_(filters.resources))
    if filters.direction is not None:
        # In the text, for a plan made for any direction could not use an index of one.
        way: BindParameter[str] = bindparam(None, filters.direction.value, literal_execute=True)
        found.append(Exchange.direction == way)
    if filters.integration_id is not None:
        found.append(Exchange.integration_id == filters.integration_id)
    return found


async def has_arrivals(tx: Tx, *, since: datetime) -> bool:
    """Whether pushes brought or removed rows since an instant; yes, if that is past keeping.

    A push's instant is that of its transaction's beginning, so one that took `TAKES_AT_MOST` is
    found too.
    """
    begun = since - TAKES_AT_MOST
    if begun < earliest(tx.now):
        return True
    arrived = exists().where(
        Exchange.tenant_id == tx.tenant_id,
        Exchange.at >= begun,
        Exchange.direction == Direction.IN,
        (Exchange.created + Exchange.updated > 0) | (Exchange.method == "DELETE"),
    )
    return bool(await tx.session.scalar(select(arrived)))


async def get_exchange(tx: Tx, exchange_id: UUID) -> Exchange:
    """One exchange of the bound tenant, with its outcomes.

    Raises:
        ExchangeNotFound: no such exchange, or it is past keeping.
    """
    found: Exchange | None = await tx.session.scalar(
        select(Exchange).where(
            Exchange.tenant_id == tx.tenant_id,
            Exchange.at >= earliest(tx.now),
            Exchange.id == exchange_id,
        )
    )
    if found is None:
        raise ExchangeNotFound
    return found


async def stream_chunks(tx: Tx, exchange: Exchange) -> AsyncIterator[tuple[ExchangeChunk, bytes]]:
    """The pieces of a body in order, decompressed, one at a time."""
    position = 0
    while chunk := await _find_chunk(tx, exchange, position):
        yield chunk, decompress(chunk.body)
        tx.session.expunge(chunk)
        position += 1


async def _find_chunk(tx: Tx, exchange: Exchange, position: int) -> ExchangeChunk | None:
    found: ExchangeChunk | None = await tx.session.get(
        ExchangeChunk, (tx.tenant_id, exchange.at, exchange.id, position)
    )
    return found


async def read_body(tx: Tx, exchange: Exchange) -> bytes | None:
    """A body that was not taken apart into rows; None to those who may not see personal data.

    Whole, so for small ones alone.
    """
    if not sees_all(tx.actor):
        return None
    return b"".join([body async for _, body in stream_chunks(tx, exchange)])


async def stream_rows(tx: Tx, exchange: Exchange) -> AsyncIterator[ReceivedRow]:
    """The rows of a body in order, each with what became of it, in constant memory."""
    outcomes = decompress(exchange.outcomes).decode() if exchange.outcomes else ""
    rejections = _rejections_by_index(tx, exchange)
    async for chunk, body in stream_chunks(tx, exchange):
        for index, piece in enumerate(_split(chunk, body), start=chunk.first_index):
            row, text = _show(tx, exchange, piece)
            yield ReceivedRow(
                index=index,
                outcome=outcomes[index] if index < len(outcomes) else None,
                row=row,
                text=text,
                rejection=rejections.get(index),
            )


def _rejections_by_index(tx: Tx, exchange: Exchange) -> dict[int, dict[str, Any]]:
    if not exchange.rejections:
        return {}
    told = msgspec.json.decode(decompress(exchange.rejections), type=list[dict[str, Any]])
    table = TABLES.get(exchange.resource or "")
    if table and not sees_all(tx.actor):
        told = [{**item, "errors": mask_errors(table, item["errors"])} for item in told]
    return {item["index"]: item for item in told}


def _split(chunk: ExchangeChunk, body: bytes) -> Iterator[Any]:
    if chunk.format == BodyFormat.NDJSON:
        yield from (line for line in body.split(b"\n") if line and not line.isspace())
    elif chunk.format == BodyFormat.JSON:
        yield from _split_array(body)


def _split_array(body: bytes) -> list[Any]:
    try:
        return msgspec.json.decode(body, type=list[msgspec.Raw])
    except (ValueError, RecursionError):  # half a surrogate pair: it was read leniently
        whole = parse_row(body)
        return whole if isinstance(whole, list) else []


def _show(tx: Tx, exchange: Exchange, piece: Any) -> tuple[dict[str, Any] | None, str | None]:
    parsed = parse_row(piece) if isinstance(piece, bytes | msgspec.Raw) else piece
    everything = sees_all(tx.actor)
    if not isinstance(parsed, dict):
        text = parsed.text if isinstance(parsed, Unreadable) else repr(parsed)
        return None, text if everything else None
    table = TABLES.get(exchange.resource or "")
    if everything:
        return parsed, None
    return (mask_row(table, parsed), None) if table else (None, None)
