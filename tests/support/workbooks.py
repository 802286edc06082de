"""Spreadsheets as people and attackers make them."""

import struct
from collections.abc import Callable, Iterable, Sequence
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

SHEET_PART = "xl/worksheets/sheet1.xml"


def xlsx(
    *rows: Sequence[Any], change: Callable[[Worksheet], None] | None = None, title: str = "Plan1"
) -> bytes:
    """A workbook of one sheet; `change` does to it what rows cannot say."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = title
    for row in rows:
        sheet.append(list(row))
    if change:
        change(sheet)
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def csv_of(
    *rows: Iterable[str], delimiter: str = ";", encoding: str = "utf-8", end: str = "\r\n"
) -> bytes:
    """Lines as they come, without any quoting."""
    return "".join(delimiter.join(row) + end for row in rows).encode(encoding)


def repacked(workbook: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """The same archive with the content of its parts changed."""
    source, file = ZipFile(BytesIO(workbook)), BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as target:
        for part in source.infolist():
            target.writestr(part.filename, change(part.filename, source.read(part)))
    return file.getvalue()


def bomb(size_bytes: int) -> bytes:
    """A workbook of some kilobytes whose sheet unpacks to `size_bytes`."""

    def blow_up(name: str, content: bytes) -> bytes:
        if name != SHEET_PART:
            return content
        return content.replace(b"<sheetData>", b"<sheetData>" + b" " * size_bytes)

    return repacked(xlsx(["Nome"], ["Acme"]), blow_up)


def claiming(workbook: bytes, size_bytes: int) -> bytes:
    """The same archive, whose directory says that the sheet unpacks to `size_bytes`."""
    changed, at = bytearray(workbook), 0
    while (at := changed.find(b"PK\x01\x02", at)) >= 0:
        length = struct.unpack_from("<H", changed, at + 28)[0]
        if bytes(changed[at + 46 : at + 46 + length]).decode() == SHEET_PART:
            struct.pack_into("<I", changed, at + 24, size_bytes)
        at += 4
    return bytes(changed)
