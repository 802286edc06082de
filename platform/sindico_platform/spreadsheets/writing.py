"""Write .xlsx and .csv piece by piece, in constant memory, every cell a text.

Texts stay texts: in a workbook a cell of text type is never run, whatever it begins with, and its
format keeps it a text when somebody edits it; in CSV, where there are no types, what would be run
gets an apostrophe, which reading takes off again.
"""

import csv
import io
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from xml.sax.saxutils import escape

from sindico_platform.spreadsheets.cells import defuse
from sindico_platform.spreadsheets.frame import (
    FROZEN_HEADER,
    HEAD,
    MAIN,
    UNFIT_IN_XML,
    Archive,
    add_frame,
    sheet_part,
)
from sindico_platform.spreadsheets.limits import MAX_CELL_CHARACTERS

Row: TypeAlias = Sequence[str | None]
Batches: TypeAlias = AsyncIterator[Iterable[Row]]

COMPRESSION = 5
HEADER_STYLE, TEXT_STYLE, WRAPPED_STYLE = 1, 2, 3

STYLES = (
    f'{HEAD}<styleSheet xmlns="{MAIN}">'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="3"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill><fill><patternFill patternType="solid">'
    '<fgColor rgb="FFDCE6F1"/><bgColor indexed="64"/></patternFill></fill></fills>'
    '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="4"><xf/>'
    '<xf fontId="1" fillId="2" numFmtId="49" applyFont="1" applyFill="1" applyNumberFormat="1"/>'
    '<xf numFmtId="49" applyNumberFormat="1"/>'
    '<xf numFmtId="49" applyNumberFormat="1" applyAlignment="1">'
    '<alignment vertical="top" wrapText="1"/></xf></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
    "</styleSheet>"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """A column of a sheet that is written."""

    title: str
    width: int = 20
    """In characters."""
    wraps: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class SheetOut:
    """A sheet that is written: a header and the rows as they come."""

    name: str
    columns: Sequence[Column]
    batches: Batches


async def in_one(rows: Iterable[Row]) -> Batches:
    """Rows that are there already."""
    yield rows


async def write_csv(
    columns: Sequence[Column], batches: Batches, *, delimiter: str
) -> AsyncIterator[bytes]:
    """UTF-8 with the mark by which Excel knows it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    text.write("\ufeff")
    writer.writerow([defuse(column.title) for column in columns])
    async for rows in batches:
        for row in rows:
            writer.writerow([defuse(cell) if cell else "" for cell in row])
        yield _taken(text).encode()
    if left := _taken(text):
        yield left.encode()


def _taken(text: io.StringIO) -> str:
    taken = text.getvalue()
    text.seek(0)
    text.truncate()
    return taken


async def write_xlsx(*sheets: SheetOut) -> AsyncIterator[bytes]:
    """A workbook whose first sheet is the one people see."""
    archive = Archive(compression=COMPRESSION)
    add_frame(archive, [sheet.name for sheet in sheets], STYLES)
    for number, sheet in enumerate(sheets, start=1):
        with archive.open(sheet_part(number)) as out:
            out.write(_sheet_head(sheet).encode())
            styles = [WRAPPED_STYLE if column.wraps else TEXT_STYLE for column in sheet.columns]
            async for rows in sheet.batches:
                out.write("".join(_row(row, styles) for row in rows).encode())
                yield archive.take()
            out.write(b"</sheetData></worksheet>")
    archive.close()
    yield archive.take()


def _sheet_head(sheet: SheetOut) -> str:
    widths = "".join(
        f'<col min="{n}" max="{n}" width="{column.width}" style="{TEXT_STYLE}" customWidth="1"/>'
        for n, column in enumerate(sheet.columns, start=1)
    )
    titles = _row([column.title for column in sheet.columns], [HEADER_STYLE] * len(sheet.columns))
    return (
        f'{HEAD}<worksheet xmlns="{MAIN}">{FROZEN_HEADER}<cols>{widths}</cols><sheetData>{titles}'
    )


def _row(row: Row, styles: Sequence[int]) -> str:
    cells = [_cell(text, style) for text, style in zip(row, styles, strict=False)]
    return f"<row>{''.join(cells)}</row>"


def _cell(text: str | None, style: int) -> str:
    if not text:
        return f'<c s="{style}"/>'
    fit = escape(UNFIT_IN_XML.sub("\ufffd", text[:MAX_CELL_CHARACTERS]))
    return f'<c s="{style}" t="inlineStr"><is><t xml:space="preserve">{fit}</t></is></c>'
