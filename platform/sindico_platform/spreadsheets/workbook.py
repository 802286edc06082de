"""A workbook of typed cells, written sheet by sheet in constant memory.

One part is packed at a time, and what is packed is taken away at once. A sheet that is full goes
on in another one, so that no row is lost however many there are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

from sindico_platform.spreadsheets.frame import (
    FROZEN_HEADER,
    HEAD,
    MAIN,
    MAX_SHEET_NAME,
    Archive,
    add_frame,
    sheet_part,
)
from sindico_platform.spreadsheets.typed_cells import HEADER, render_styles, text_cell
from sindico_platform.spreadsheets.writing import Column

MAX_SHEET_ROWS = 1_048_576
COMPRESSION = 1
"""Twice as quick as the level after next, for files a tenth larger."""


@dataclass(slots=True)
class _Open:
    """The sheet that is being written."""

    base: str
    columns: Sequence[Column]
    out: IO[bytes]
    titled: bool
    part: int = 1
    rows: int = 0
    """The header included."""


class Workbook:
    """Sheets in the order they are begun, unless `close` is told another."""

    def __init__(self, *, day: str, max_rows: int = MAX_SHEET_ROWS) -> None:
        self._archive = Archive(compression=COMPRESSION)
        self._styles = render_styles(day=day)
        self._names: list[str] = []
        self._open: _Open | None = None
        self._max_rows = max_rows

    def begin_sheet(self, name: str, columns: Sequence[Column]) -> None:
        """End the sheet before and begin one with a header, which stays in sight and filters."""
        self._end_sheet()
        self._begin(_Open(base=name, columns=columns, out=self._part(name), titled=True))

    def begin_plain_sheet(self, name: str, columns: Sequence[Column]) -> int:
        """End the sheet before and begin one without a header.

        Returns:
            The sheet's number.
        """
        self._end_sheet()
        self._begin(_Open(base=name, columns=columns, out=self._part(name), titled=False))
        return len(self._names)

    def write_rows(self, rows: Sequence[str]) -> None:
        """Write rows to the sheet that is open: the XML of their cells, without the row's own."""
        while rows:
            sheet = self._require_open()
            if sheet.rows >= self._max_rows:
                sheet = self._go_on(sheet)
            taken = rows[: self._max_rows - sheet.rows]
            sheet.out.write(("<row>" + "</row><row>".join(taken) + "</row>").encode())
            sheet.rows += len(taken)
            rows = rows[len(taken) :]

    def take(self) -> bytes:
        """What was packed since the last time."""
        return self._archive.take()

    def close(self, order: Sequence[int] = ()) -> None:
        """End the workbook; fetch the rest with `take`.

        Args:
            order: numbers of the sheets, from 1, as people see them.
        """
        self._end_sheet()
        add_frame(self._archive, self._names, self._styles, order)
        self._archive.close()

    def _part(self, name: str) -> IO[bytes]:
        self._names.append(name)
        return self._archive.open(sheet_part(len(self._names)))

    def _begin(self, sheet: _Open) -> None:
        self._open = sheet
        sheet.out.write(_head(sheet.columns, frozen=sheet.titled).encode())
        if sheet.titled:
            header = "".join(text_cell(column.title, HEADER) for column in sheet.columns)
            self.write_rows([header])

    def _go_on(self, full: _Open) -> _Open:
        self._end_sheet()
        part = full.part + 1
        mark = f" ({part})"
        out = self._part(full.base[: MAX_SHEET_NAME - len(mark)] + mark)
        sheet = _Open(full.base, full.columns, out, full.titled, part)
        self._begin(sheet)
        return sheet

    def _end_sheet(self) -> None:
        if (sheet := self._open) is None:
            return
        last = f"{_letters(len(sheet.columns))}{sheet.rows}"
        filters = f'<autoFilter ref="A1:{last}"/>' if sheet.titled else ""
        sheet.out.write(f"</sheetData>{filters}</worksheet>".encode())
        sheet.out.close()
        self._open = None

    def _require_open(self) -> _Open:
        if self._open is None:
            raise RuntimeError("no sheet was begun")
        return self._open


def _head(columns: Sequence[Column], *, frozen: bool) -> str:
    widths = "".join(
        f'<col min="{n}" max="{n}" width="{column.width}" customWidth="1"/>'
        for n, column in enumerate(columns, start=1)
    )
    view = FROZEN_HEADER if frozen else ""
    return f'{HEAD}<worksheet xmlns="{MAIN}">{view}<cols>{widths}</cols><sheetData>'


def _letters(column: int) -> str:
    """``A`` for 1, ``AA`` for 27."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
