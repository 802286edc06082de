"""What every workbook is packed in: the archive as a stream, and the parts around the sheets."""

import io
import re
from collections.abc import Sequence
from typing import IO
from xml.sax.saxutils import quoteattr
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

BORN = (1980, 1, 1, 0, 0, 0)
"""The same content makes the same bytes."""
MAX_SHEET_NAME = 31
UNFIT_IN_NAME = re.compile(r"[\[\]:*?/\\]")
UNFIT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
FORMAT = "application/vnd.openxmlformats-officedocument.spreadsheetml"
FROZEN_HEADER = (
    '<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2"'
    ' activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
)


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


class Archive:
    """A zip file whose bytes are fetched while it is written."""

    def __init__(self, *, compression: int) -> None:
        self._pipe = _Pipe()
        self._zip = ZipFile(self._pipe, "w", ZIP_DEFLATED, compresslevel=compression)

    def open(self, name: str) -> IO[bytes]:
        """Begin a part, which may become longer than 4 GB; close it before the next."""
        return self._zip.open(_part(name), "w", force_zip64=True)

    def add(self, name: str, content: str) -> None:
        self._zip.writestr(_part(name), content)

    def close(self) -> None:
        self._zip.close()

    def take(self) -> bytes:
        """What was packed since the last time."""
        return self._pipe.take()


def _part(name: str) -> ZipInfo:
    part = ZipInfo(name, BORN)
    part.compress_type = ZIP_DEFLATED
    return part


def sheet_part(number: int) -> str:
    """Where the sheet of that number lies, from 1."""
    return f"xl/worksheets/sheet{number}.xml"


def add_frame(
    archive: Archive, names: Sequence[str], styles: str, order: Sequence[int] = ()
) -> None:
    """Add everything but the sheets.

    Args:
        names: of the sheets, by their number.
        order: numbers of the sheets as people see them; by number unless given.
    """
    numbers = range(1, len(names) + 1)
    overrides = "".join(
        f'<Override PartName="/{sheet_part(n)}" ContentType="{FORMAT}.worksheet+xml"/>'
        for n in numbers
    )
    listed = "".join(
        f'<sheet name={quoteattr(sheet_name(names[n - 1]))} sheetId="{n}" r:id="rId{n}"/>'
        for n in order or numbers
    )
    links = "".join(_link(f"rId{n}", "worksheet", f"worksheets/sheet{n}.xml") for n in numbers)
    archive.add(
        "[Content_Types].xml",
        f'{HEAD}<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="rels"'
        ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{FORMAT}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{FORMAT}.styles+xml"/>'
        f"{overrides}</Types>",
    )
    archive.add("_rels/.rels", _links(_link("rId1", "officeDocument", "xl/workbook.xml")))
    archive.add(
        "xl/workbook.xml",
        f'{HEAD}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{listed}</sheets></workbook>',
    )
    archive.add("xl/_rels/workbook.xml.rels", _links(links + _link("rIdS", "styles", "styles.xml")))
    archive.add("xl/styles.xml", styles)


def _links(links: str) -> str:
    return f'{HEAD}<Relationships xmlns="{PACKAGE}/relationships">{links}</Relationships>'


def _link(identity: str, kind: str, target: str) -> str:
    return f'<Relationship Id="{identity}" Type="{OFFICE}/{kind}" Target="{target}"/>'


def sheet_name(name: str) -> str:
    """The name as a sheet may have it."""
    return UNFIT_IN_NAME.sub(" ", name)[:MAX_SHEET_NAME]
