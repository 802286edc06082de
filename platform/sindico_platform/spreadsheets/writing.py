"""Write .xlsx and .csv piece by piece, in constant memory, every cell a text.

Texts stay texts: in a workbook a cell of text type is never run, whatever it begins with, and its
format keeps it a text when somebody edits it; in CSV, where there are no types, what would be run
gets an apostrophe, which reading takes off again.
"""

import csv
import io
import re
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from xml.sax.saxutils import escape, quoteattr
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from sindico_platform.spreadsheets.cells import defuse
from sindico_platform.spreadsheets.limits import MAX_CELL_CHARACTERS

Row: TypeAlias = Sequence[str | None]
Batches: TypeAlias = AsyncIterator[Iterable[Row]]

COMPRESSION = 5
BORN = (1980, 1, 1, 0, 0, 0)
"""The same content makes the same bytes."""
HEADER_STYLE, TEXT_STYLE, WRAPPED_STYLE = 1, 2, 3
MAX_SHEET_NAME = 31
UNFIT_IN_NAME = re.compile(r"[\[\]:*?/\\]")
UNFIT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
FORMAT = "application/vnd.openxmlformats-officedocument.spreadsheetml"

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


class _Pipe(io.RawIOBase):
    """Takes what the archive writes until somebody fetches it."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, piece: object, /) -> int:
        taken = bytes(piece)  # type: ignore[call-overload]  # any buffer, which has no name in 3.11
        self._pieces.append(taken)
        return len(taken)

    def take(self) -> bytes:
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken


async def write_xlsx(*sheets: SheetOut) -> AsyncIterator[bytes]:
    """A workbook whose first sheet is the one people see."""
    pipe = _Pipe()
    with ZipFile(pipe, "w", ZIP_DEFLATED, compresslevel=COMPRESSION) as archive:
        for name, content in _frame(sheets).items():
            archive.writestr(_part(name), content)
        for position, sheet in enumerate(sheets, start=1):
            part = _part(f"xl/worksheets/sheet{position}.xml")
            with archive.open(part, "w", force_zip64=True) as out:
                out.write(_sheet_head(sheet).encode())
                styles = [WRAPPED_STYLE if column.wraps else TEXT_STYLE for column in sheet.columns]
                async for rows in sheet.batches:
                    out.write("".join(_row(row, styles) for row in rows).encode())
                    yield pipe.take()
                out.write(b"</sheetData></worksheet>")
    yield pipe.take()


def _part(name: str) -> ZipInfo:
    part = ZipInfo(name, BORN)
    part.compress_type = ZIP_DEFLATED
    return part


def _frame(sheets: Sequence[SheetOut]) -> dict[str, str]:
    numbers = range(1, len(sheets) + 1)
    overrides = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{FORMAT}.worksheet+xml"/>'
        for n in numbers
    )
    listed = "".join(
        f'<sheet name={quoteattr(_sheet_name(sheet.name))} sheetId="{n}" r:id="rId{n}"/>'
        for n, sheet in enumerate(sheets, start=1)
    )
    links = "".join(_link(f"rId{n}", "worksheet", f"worksheets/sheet{n}.xml") for n in numbers)
    return {
        "[Content_Types].xml": (
            f'{HEAD}<Types xmlns="{PACKAGE}/content-types">'
            '<Default Extension="rels"'
            ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{FORMAT}.sheet.main+xml"/>'
            f'<Override PartName="/xl/styles.xml" ContentType="{FORMAT}.styles+xml"/>'
            f"{overrides}</Types>"
        ),
        "_rels/.rels": _links(_link("rId1", "officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": (
            f'{HEAD}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{listed}</sheets>'
            "</workbook>"
        ),
        "xl/_rels/workbook.xml.rels": _links(links + _link("rIdStyles", "styles", "styles.xml")),
        "xl/styles.xml": STYLES,
    }


def _links(links: str) -> str:
    return f'{HEAD}<Relationships xmlns="{PACKAGE}/relationships">{links}</Relationships>'


def _link(identity: str, kind: str, target: str) -> str:
    return f'<Relationship Id="{identity}" Type="{OFFICE}/{kind}" Target="{target}"/>'


def _sheet_name(name: str) -> str:
    return UNFIT_IN_NAME.sub(" ", name)[:MAX_SHEET_NAME]


def _sheet_head(sheet: SheetOut) -> str:
    widths = "".join(
        f'<col min="{n}" max="{n}" width="{column.width}" style="{TEXT_STYLE}" customWidth="1"/>'
        for n, column in enumerate(sheet.columns, start=1)
    )
    titles = _row([column.title for column in sheet.columns], [HEADER_STYLE] * len(sheet.columns))
    return (
        f'{HEAD}<worksheet xmlns="{MAIN}"><sheetViews><sheetView workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
        f"</sheetView></sheetViews><cols>{widths}</cols><sheetData>{titles}"
    )


def _row(row: Row, styles: Sequence[int]) -> str:
    cells = [_cell(text, style) for text, style in zip(row, styles, strict=False)]
    return f"<row>{''.join(cells)}</row>"


def _cell(text: str | None, style: int) -> str:
    if not text:
        return f'<c s="{style}"/>'
    fit = escape(UNFIT_IN_XML.sub("\ufffd", text[:MAX_CELL_CHARACTERS]))
    return f'<c s="{style}" t="inlineStr"><is><t xml:space="preserve">{fit}</t></is></c>'
