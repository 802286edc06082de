"""The only writer of the ledger."""

from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

import msgspec
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from sindico_platform.database.base import table_of
from sindico_platform.database.driver import driver
from sindico_platform.database.tx import Tx
from sindico_provisioning.connectors.schemas import Exchange as ConnectorExchange
from sindico_provisioning.exchanges.compression import compress
from sindico_provisioning.exchanges.models import BodyFormat, Direction, Exchange, ExchangeChunk
from sindico_provisioning.exchanges.schemas import (
    DAYS_AHEAD,
    MARGIN_DAYS,
    MAX_CHUNK_BYTES,
    NO_ROWS,
    RETENTION_DAYS,
    Piece,
    Pull,
    Record,
)
from sindico_provisioning.staging.schemas import Counts

TEND = "SELECT made, dropped FROM control.tend_exchange_partitions($1, $2)"
"""Days to come, days to keep."""

INSERT_EXCHANGE, INSERT_CHUNK = insert(table_of(Exchange)), insert(table_of(ExchangeChunk))


async def record_exchange(tx: Tx, record: Record) -> None:
    """Write an exchange down, in the transaction of its outcome or, if there is none, in its own.

    Whoever acts is the client of an exchange with direction `in`.
    """
    told = tx.actor if record.direction is Direction.IN else None
    await tx.session.execute(
        INSERT_EXCHANGE,
        {
            "tenant_id": tx.tenant_id,
            "at": tx.now,
            "id": record.id,
            "direction": record.direction,
            "integration_id": record.integration_id,
            "load_id": record.load_id,
            "resource": record.resource,
            "method": record.method,
            "path": record.path,
            "status": record.status,
            "failure": record.failure,
            "actor_kind": told and told.kind,
            "actor_id": told and told.id,
            "actor_name": told and told.name,
            "request_id": tx.actor.request_id,
            "started_at": record.started_at,
            "duration_ms": record.duration_ms,
            **_counts(record),
            "body_bytes": record.body_bytes,
            "outcomes": compress(record.outcomes.encode()) if record.outcomes else None,
            "rejections": compress(msgspec.json.encode(record.rejections))
            if record.rejections
            else None,
            "answer": compress(record.answer) if record.answer else None,
        },
    )
    await _insert_pieces(tx, record)


async def _insert_pieces(tx: Tx, record: Record) -> None:
    rows = [
        {
            "tenant_id": tx.tenant_id,
            "at": tx.now,
            "exchange_id": record.id,
            "position": position,
            "format": piece.format,
            "first_index": piece.first_index,
            "row_count": piece.row_count,
            "body": piece.body,
        }
        for position, piece in enumerate(record.pieces)
    ]
    if rows:
        await tx.session.execute(INSERT_CHUNK, rows)


def pack_pulls(exchanges: Iterable[ConnectorExchange]) -> list[Pull]:
    """Compress what a connector exchanged; it takes a while, so call it in a thread."""
    return [Pull(exchange=item, pieces=tuple(cut(item.body))) for item in exchanges]


async def record_pulls(
    tx: Tx,
    *,
    integration_id: UUID,
    load_id: UUID | None,
    resource: str,
    pulls: Sequence[Pull],
    counts: Counts | None = None,
    received: int | None = None,
) -> None:
    """Write down what a connector exchanged with the ERP for one page of a table.

    Args:
        load_id: for which load; None when it was only to compare.
        counts: what the page's rows came to; they stand at the last exchange, which brought them.
        received: how many rows it brought, where none were taken.
    """
    for position, pull in enumerate(pulls, start=1):
        exchange, is_last = pull.exchange, position == len(pulls)
        await record_exchange(
            tx,
            Record(
                id=tx.new_id(),
                direction=Direction.OUT,
                method=exchange.method,
                path=exchange.path,
                status=exchange.status,
                failure=exchange.failure,
                started_at=exchange.started_at,
                duration_ms=exchange.elapsed_ms,
                integration_id=integration_id,
                load_id=load_id,
                resource=resource,
                counts=(is_last and counts) or NO_ROWS,
                received=received if is_last else None,
                body_bytes=len(exchange.body),
                pieces=pull.pieces,
            ),
        )


def cut(body: bytes) -> Iterator[Piece]:
    """Cut a body that is not known as rows into pieces, compressed."""
    view = memoryview(body)
    for first in range(0, len(body), MAX_CHUNK_BYTES):
        packed = compress(view[first : first + MAX_CHUNK_BYTES])
        yield Piece(format=BodyFormat.BYTES, first_index=0, row_count=0, body=packed)


def _counts(record: Record) -> dict[str, int]:
    counts = record.counts
    return {
        "received": counts.received if record.received is None else record.received,
        "created": counts.created,
        "updated": counts.updated,
        "unchanged": counts.unchanged,
        "rejected": counts.rejected,
    }


async def tend_partitions(fleet: AsyncEngine) -> tuple[int, int]:
    """Make the days to come and drop those that are past keeping. For the clock.

    Repeating it changes nothing; killed anywhere, it has either done all or nothing.

    Returns:
        How many were made and dropped.
    """
    async with driver(fleet) as connection:
        made, dropped = await connection.fetchrow(TEND, DAYS_AHEAD, RETENTION_DAYS + MARGIN_DAYS)
    return made, dropped
