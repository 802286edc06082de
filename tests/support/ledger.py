"""Requests in the exchange ledger, as pushes and connectors leave them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select
from uuid_utils.compat import uuid7

from sindico_platform.database.tx import Actor, ActorKind, Tx
from sindico_platform.database.uow import UnitOfWork
from sindico_provisioning.exchanges import service
from sindico_provisioning.exchanges.compression import compress, decompress
from sindico_provisioning.exchanges.models import BodyFormat, Direction, Exchange, ExchangeChunk
from sindico_provisioning.exchanges.schemas import Piece, Record
from sindico_provisioning.staging.schemas import Counts

ERP_CLIENT = "ERP de teste"


def fault(field: str, code: str, detail: str, **facts: Any) -> dict[str, Any]:
    return {"field": field, "code": code, "detail": detail, "facts": facts}


def rejection(index: int, *faults: dict[str, Any], key: str | None = None) -> dict[str, Any]:
    return {"index": index, "key": key, "errors": list(faults)}


def piece(*rows: bytes, kind: BodyFormat = BodyFormat.NDJSON, first: int = 0) -> Piece:
    body = b"\n".join(rows) if kind is BodyFormat.NDJSON else b"[" + b",".join(rows) + b"]"
    return Piece(format=kind, first_index=first, row_count=len(rows), body=compress(body))


def push(
    table: str,
    rows: Sequence[Any],
    outcomes: str,
    *rejections: dict[str, Any],
    kind: BodyFormat = BodyFormat.NDJSON,
    rows_per_piece: int = 1_000,
    started_at: datetime,
) -> Record:
    """A push of rows; those that are bytes are sent as they are."""
    lines = [row if isinstance(row, bytes) else msgspec.json.encode(row) for row in rows]
    pieces = [
        piece(*lines[first : first + rows_per_piece], kind=kind, first=first)
        for first in range(0, len(lines), rows_per_piece)
    ]
    counts = Counts(
        created=outcomes.count("c"),
        updated=outcomes.count("u"),
        unchanged=outcomes.count("="),
        rejected=outcomes.count("r"),
    )
    return Record(
        id=uuid7(),
        direction=Direction.IN,
        method="POST",
        path=f"/api/v1/erp/{table}",
        status=207 if counts.rejected else 200,
        started_at=started_at,
        duration_ms=1234,
        resource=table,
        counts=counts,
        body_bytes=sum(map(len, lines)) + len(lines),
        pieces=pieces,
        outcomes=outcomes,
        rejections=rejections,
        answer=msgspec.json.encode({"received": counts.received, "created": counts.created}),
    )


async def keep(uow: UnitOfWork, tenant_id: UUID, *records: Record) -> None:
    """Let the ledger keep what an API client sent."""
    async with uow.begin(api_client(tenant_id)) as tx:
        await keep_in(tx, *records)


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What the ledger keeps of one exchange, unpacked and for all to see."""

    pieces: list[bytes]
    outcomes: str
    rejections: list[dict[str, Any]]
    answer: Any

    @property
    def body(self) -> bytes:
        return b"".join(self.pieces)


async def read_kept(tx: Tx, exchange_id: UUID) -> Kept:
    chunks = await tx.session.scalars(
        select(ExchangeChunk.body)
        .where(ExchangeChunk.exchange_id == exchange_id)
        .order_by(ExchangeChunk.position)
    )
    exchange = (await tx.session.scalars(select(Exchange).where(Exchange.id == exchange_id))).one()
    return Kept(
        pieces=list(map(decompress, chunks)),
        outcomes=decompress(exchange.outcomes).decode() if exchange.outcomes else "",
        rejections=json.loads(decompress(exchange.rejections)) if exchange.rejections else [],
        answer=exchange.answer and json.loads(decompress(exchange.answer)),
    )


async def keep_in(tx: Tx, *records: Record) -> None:
    for record in records:
        await service.record_exchange(tx, record)


def api_client(tenant_id: UUID) -> Actor:
    return Actor(
        tenant_id=tenant_id,
        kind=ActorKind.API_CLIENT,
        id=uuid7(),
        name=ERP_CLIENT,
        request_id="r-1",
    )
