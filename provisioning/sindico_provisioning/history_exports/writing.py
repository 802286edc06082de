"""A history file, piece by piece: whoever sends or stores the pieces sets the pace."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from sindico_platform.database.tx import Tx
from sindico_platform.spreadsheets.workbook import Workbook
from sindico_provisioning.erp_tables.queries import TABLES
from sindico_provisioning.exchanges.models import Exchange, ExchangeChunk
from sindico_provisioning.history_exports import queries
from sindico_provisioning.history_exports.overview import COLUMNS, overview_rows
from sindico_provisioning.history_exports.queries import Head, Position, Verdict
from sindico_provisioning.history_exports.schemas import Asked
from sindico_provisioning.history_exports.sheets import (
    Reader,
    RequestNumbers,
    RequestSheet,
    TableSheet,
)
from sindico_provisioning.history_exports.words import READING_SHEET, REQUESTS_SHEET
from sindico_provisioning.integrations.queries import name_integrations

GROUP_BYTES = 4 * 1024 * 1024
"""So many bytes of bodies are looked up together, or one body if it is larger."""
PIECES_AT_ONCE = 8
ROWS_AT_ONCE = 2_000
NO_VERDICT = Verdict(None, None)

Stretch = list[tuple[ExchangeChunk, Verdict]]


class Begin(Protocol):
    """Opens a transaction in which the ledger is read."""

    def __call__(self) -> AbstractAsyncContextManager[Tx]: ...


class Progress(Protocol):
    """Is told how many rows were written since the last time; may end the writing by raising."""

    async def __call__(self, rows: int, /) -> None: ...


async def unwatched(_rows: int, /) -> None:
    """Nobody waits."""


class HistoryFile:
    """One file that is written once."""

    def __init__(
        self, begin: Begin, asked: Asked, reader: Reader, progress: Progress = unwatched
    ) -> None:
        self._begin, self._asked, self._reader, self._progress = begin, asked, reader, progress
        day = "dd/mm/yyyy" if is_day_first(reader) else "yyyy-mm-dd"
        self._book, self._numbers = Workbook(day=day), RequestNumbers()

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """The bytes of the file, in constant memory."""
        async with self._begin() as tx:
            names = await name_integrations(tx, await queries.list_integration_ids(tx))
        requests = RequestSheet(self._reader, self._numbers, names)
        async for piece in self._requests(requests):
            yield piece
        numbers = self._numbers
        tables = [TableSheet(TABLES[name], self._reader, numbers) for name in self._asked.tables]
        for table in tables:
            async for piece in self._table(table):
                yield piece
        self._finish(requests, tables)
        yield self._book.take()

    async def _requests(self, sheet: RequestSheet) -> AsyncIterator[bytes]:
        self._book.begin_sheet(self._reader.translate(REQUESTS_SHEET), sheet.columns)
        after: Position | None = None
        while True:
            async with self._begin() as tx:
                found = await queries.list_requests(tx, self._asked, after=after)
                tx.session.expunge_all()
            if not found:
                return
            await asyncio.to_thread(self._write_requests, sheet, found)
            yield self._book.take()
            await self._progress(len(found))
            after = found[-1].at, found[-1].id

    def _write_requests(self, sheet: RequestSheet, found: list[Exchange]) -> None:
        self._book.write_rows([sheet.row(request) for request in found])

    async def _table(self, sheet: TableSheet) -> AsyncIterator[bytes]:
        self._book.begin_sheet(sheet.table.name, sheet.columns)
        async for stretch in self._stretches(sheet.table.name):
            for part in _parted(stretch):
                rows = await asyncio.to_thread(self._write_records, sheet, part)
                yield self._book.take()
                await self._progress(rows)

    def _write_records(self, sheet: TableSheet, part: Stretch) -> int:
        written = 0
        for chunk, verdict in part:
            rows = sheet.rows(chunk, verdict)
            self._book.write_rows(rows)
            written += len(rows)
        return written

    async def _stretches(self, table: str) -> AsyncIterator[Stretch]:
        after: Position | None = None
        while True:
            async with self._begin() as tx:
                heads = await queries.list_heads(tx, self._asked, table, after=after)
            if not heads:
                return
            for group in _grouped(heads):
                async for stretch in self._bodies(group):
                    yield stretch
            after = heads[-1].at, heads[-1].id

    async def _bodies(self, group: list[Head]) -> AsyncIterator[Stretch]:
        first, verdicts = 0, None
        while True:
            async with self._begin() as tx:
                found = await queries.list_pieces(tx, group, first=first, count=PIECES_AT_ONCE)
                if found and verdicts is None:
                    verdicts = await queries.read_verdicts(tx, group)
                tx.session.expunge_all()
            if not found:
                return
            told = verdicts or {}
            yield [(chunk, told.get(chunk.exchange_id, NO_VERDICT)) for chunk in found]
            first += PIECES_AT_ONCE

    def _finish(self, requests: RequestSheet, tables: list[TableSheet]) -> None:
        last = self._book.begin_plain_sheet(self._reader.translate(READING_SHEET), COLUMNS)
        self._book.write_rows(overview_rows(self._reader, self._asked, requests, tables))
        self._book.close(order=[last, *range(1, last)])


def is_day_first(reader: Reader) -> bool:
    """Whether the reader's language writes the day before the year."""
    return reader.locale.startswith("pt")


def _parted(stretch: Stretch) -> Iterator[Stretch]:
    """Pieces together as long as they hold few records."""
    part: Stretch = []
    rows = 0
    for chunk, verdict in stretch:
        if part and rows + chunk.row_count > ROWS_AT_ONCE:
            yield part
            part, rows = [], 0
        part.append((chunk, verdict))
        rows += chunk.row_count
    yield part


def _grouped(heads: list[Head]) -> Iterator[list[Head]]:
    """Neighbours whose bodies are small enough to be looked up together."""
    group: list[Head] = []
    size = 0
    for head in heads:
        if group and size + head.body_bytes > GROUP_BYTES:
            yield group
            group, size = [], 0
        group.append(head)
        size += head.body_bytes
    yield group
