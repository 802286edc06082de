"""A history of a million rows as an Excel file, beside openpyxl's write-only workbook.

Ours is the job that production runs, in a process of its own: it reads the exchange ledger under
row-level security, unpacks what was received, writes typed cells and keeps the file as a blob.
openpyxl is only given cells of the same kind that are in memory already.
"""

import asyncio
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any
from uuid import UUID

import msgspec
from sqlalchemy import select
from uuid_utils.compat import uuid7

from benchmarks.figures import Figure, tell
from benchmarks.push import make_item
from benchmarks.stack import Stack, add_tenant
from sindico_api.context import Context
from sindico_platform.blobs import queries as blobs
from sindico_platform.blobs.transfer import read_blob
from sindico_platform.database.tx import Actor, Tx
from sindico_provisioning.exchanges import service as exchanges
from sindico_provisioning.exchanges.compression import compress
from sindico_provisioning.exchanges.models import BodyFormat, Direction
from sindico_provisioning.exchanges.schemas import Piece, Record
from sindico_provisioning.history_exports import service
from sindico_provisioning.history_exports.jobs import PURPOSE
from sindico_provisioning.history_exports.models import ExportStatus, HistoryExport
from sindico_provisioning.history_exports.period import period_of_instants
from sindico_provisioning.staging.schemas import Counts

ROWS = int(os.environ.get("BENCH_HISTORY_ROWS", "1000000"))
REQUEST_ROWS, PIECE_ROWS, REJECTED_EVERY = 10_000, 2_500, 500
YARDSTICK_ROWS = 50_000
TABLE = "itens_pedido"
TITLE_ROWS = 1


async def measure(stack: Stack) -> list[Figure]:
    """Rows per second, and the most memory of the process that writes the file."""
    async with stack.context() as context:
        tenant_id = await fill(context)
        with TemporaryDirectory(prefix="sindico-bench-history-") as folder:
            theirs = await run("openpyxl", str(YARDSTICK_ROWS), folder, environ=stack.environ)
            ours = await run("ours", str(tenant_id), folder, environ=stack.environ)
            await demand_whole(context, tenant_id, Path(folder) / "history.xlsx")
    tell(f"ours {ours['rate']:,.0f} rows/s, openpyxl {theirs['rate']:,.0f}/s")
    return [
        Figure(
            name=f"history of {ROWS:,} rows as Excel, by its job",
            value=ours["rate"],
            unit="rows/s",
            yardstick="openpyxl write_only, cells in memory",
            yardstick_value=theirs["rate"],
            at_least=5,
        ),
        Figure(
            name="memory of the process that writes it, at most",
            value=ours["peak"],
            unit="MB",
            at_most=250,
        ),
    ]


async def run(*arguments: str, environ: dict[str, str]) -> dict[str, float]:
    """One way of writing, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.history_writer", *arguments]
    done = await asyncio.to_thread(
        subprocess.run, command, env=os.environ | environ, check=True, capture_output=True
    )
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


async def fill(context: Context) -> UUID:
    """A tenant whose ledger has pushes of items, and a file that was asked for."""
    tenant_id = uuid7()
    actor = Actor.system(tenant_id)
    async with context.uow.begin(actor) as tx:
        await add_tenant(tx)
    for first in range(0, ROWS, REQUEST_ROWS):
        async with context.uow.begin(actor) as tx:
            await exchanges.record_exchange(tx, make_push(tx, first))
    async with context.uow.begin(actor) as tx:
        asked = service.choose(period_of_instants(None, None, now=tx.now), (TABLE,))
        await service.add_export(
            tx, asked=asked, locale="pt-BR", timezone="America/Sao_Paulo", filename="history.xlsx"
        )
    return tenant_id


def make_push(tx: Tx, first: int) -> Record:
    numbers = range(first, min(first + REQUEST_ROWS, ROWS))
    rejected = [index for index in range(len(numbers)) if index % REJECTED_EVERY == 0]
    fault: dict[str, Any] = {"field": "quantidade", "code": "number-too-large", "facts": {}}
    fault["detail"] = "The number is too large."
    lines = [msgspec.json.encode(make_item(number)) for number in numbers]
    letters = bytearray(b"c" * len(lines))
    for index in rejected:
        letters[index] = ord("r")
    return Record(
        id=tx.new_id(),
        direction=Direction.IN,
        method="POST",
        path=f"/api/v1/erp/{TABLE}",
        status=207,
        started_at=tx.now,
        duration_ms=400,
        resource=TABLE,
        counts=Counts(created=len(lines) - len(rejected), rejected=len(rejected)),
        body_bytes=sum(map(len, lines)) + len(lines),
        pieces=[
            Piece(
                format=BodyFormat.NDJSON,
                first_index=start,
                row_count=len(part),
                body=compress(b"\n".join(part)),
            )
            for start in range(0, len(lines), PIECE_ROWS)
            if (part := lines[start : start + PIECE_ROWS])
        ],
        outcomes=letters.decode(),
        rejections=[
            {"index": index, "key": make_item(numbers[index])["id_erp"], "errors": [fault]}
            for index in rejected
        ],
        answer=msgspec.json.encode({"received": len(lines), "rejected": len(rejected)}),
    )


async def demand_whole(context: Context, tenant_id: UUID, copy: Path) -> None:
    """See that the file has a row for each that was received.

    Raises:
        RuntimeError: it was not written, or rows are missing.
    """
    async with context.uow.begin(Actor.system(tenant_id)) as tx:
        export = (await tx.session.scalars(select(HistoryExport))).one()
        if export.status != ExportStatus.SUCCEEDED or export.blob_id is None:
            raise RuntimeError(f"the file is {export.status}: {export.error}")
        blob = await blobs.get_blob(tx, export.blob_id, purpose=PURPOSE)
    with copy.open("wb") as file:
        async for chunk in read_blob(context.blobs, tenant_id, blob):
            file.write(chunk)
    most = await asyncio.to_thread(count_rows, copy)
    if most != ROWS + TITLE_ROWS:
        raise RuntimeError(f"the longest sheet has {most:,} rows")


def count_rows(file: Path) -> int:
    """The rows of the longest sheet."""
    most = 0
    with zipfile.ZipFile(file) as book:
        for name in book.namelist():
            if re.fullmatch(r"xl/worksheets/[^/]+\.xml", name):
                with book.open(name) as sheet:
                    most = max(most, sum(chunk.count(b"</row>") for chunk in whole_rows(sheet)))
    return most


def whole_rows(sheet: IO[bytes]) -> Iterator[bytes]:
    """The sheet in pieces that end after a row, so that no end of a row is cut in two."""
    held = b""
    while chunk := sheet.read(1 << 20):
        held += chunk
        end = held.rfind(b"</row>") + len(b"</row>")
        if end >= len(b"</row>"):
            yield held[:end]
            held = held[end:]


def typed(number: int) -> list[object]:
    """The cells that ours writes for an item, as openpyxl takes them."""
    item = make_item(number)
    changed = datetime.fromisoformat(str(item.pop("atualizado_em"))).replace(tzinfo=None)
    place = (number // REQUEST_ROWS + 1, number % REQUEST_ROWS)
    return [*place, "Criado", None, *item.values(), changed]
