"""The zip archive that an .xlsx file is: what it says of itself, and what it really unpacks to.

Sizes in an archive are claims. A reader believes them or not; so everything is unpacked once, in
small pieces that are thrown away, before any reader sees the file.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from sindico_platform.spreadsheets.errors import refusal
from sindico_platform.spreadsheets.limits import MAX_PARTS, MAX_UNPACKED_BYTES

ZIP_SIGNATURE = b"PK\x03\x04"
LOCAL_HEADER = struct.Struct("<4s22xHH")
ENCRYPTED = 0x1
PIECE_BYTES = 1 << 20
WORKBOOK_PARTS = {"[Content_Types].xml", "xl/workbook.xml"}
SHEETS = "xl/worksheets/"

ERROR_CELL = (b' t="e"',)
BARE_FORMULA = (b"</f></c>", b"</f><v></v>", b"</f><v/>", b"</f><v />")
LONGEST_MARK = max(map(len, ERROR_CELL + BARE_FORMULA))


@dataclass(slots=True)
class Measured:
    """What unpacking an archive showed."""

    unpacked_bytes: int = 0
    error_cells: int = 0
    bare_formulas: int = 0


def list_parts(file: IO[bytes]) -> list[ZipInfo]:
    """Read the archive's directory; nothing is unpacked.

    Raises:
        InvalidInput: it is no workbook, is damaged, or claims to unpack to too much.
    """
    try:
        with ZipFile(file) as archive:
            parts = archive.infolist()
    except (BadZipFile, NotImplementedError, ValueError, OSError, EOFError) as fault:
        raise refusal("file-damaged") from fault
    names = {part.filename for part in parts}
    if not names >= WORKBOOK_PARTS:
        raise refusal("file-not-xlsx")
    if len(names) != len(parts) or not all(map(_is_plain, parts)):
        raise refusal("file-damaged")
    claimed = sum(part.file_size for part in parts)
    if len(parts) > MAX_PARTS or claimed > MAX_UNPACKED_BYTES:
        raise refusal("file-unpacks-too-large", max_bytes=MAX_UNPACKED_BYTES)
    return parts


def measure(file: IO[bytes]) -> Measured:
    """Unpack every part once, in constant memory, and count as it goes by.

    Raises:
        InvalidInput: as `list_parts`, or what came out is more than allowed or than was claimed.
    """
    found = Measured()
    for part in list_parts(file):
        size, rest = 0, b""
        for piece in _unpack(file, part):
            size += len(piece)
            if found.unpacked_bytes + size > MAX_UNPACKED_BYTES:
                raise refusal("file-unpacks-too-large", max_bytes=MAX_UNPACKED_BYTES)
            if part.filename.startswith(SHEETS):
                rest = _count(rest, piece, found)
        if size != part.file_size:
            raise refusal("file-damaged")
        found.unpacked_bytes += size
    return found


def _is_plain(part: ZipInfo) -> bool:
    return part.compress_type in {ZIP_STORED, ZIP_DEFLATED} and not part.flag_bits & ENCRYPTED


def _unpack(file: IO[bytes], part: ZipInfo) -> Iterator[bytes]:
    """The part's bytes as its stream gives them, however many were announced."""
    left = part.compress_size
    _seek_content(file, part)
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    while left > 0 and (packed := file.read(min(left, PIECE_BYTES))):
        left -= len(packed)
        if part.compress_type == ZIP_STORED:
            yield packed
            continue
        try:
            while packed:
                yield inflate.decompress(packed, PIECE_BYTES)
                packed = inflate.unconsumed_tail
        except zlib.error as fault:
            raise refusal("file-damaged") from fault
    yield inflate.flush()
    if left > 0:
        raise refusal("file-damaged")


def _seek_content(file: IO[bytes], part: ZipInfo) -> None:
    file.seek(part.header_offset)
    header = file.read(LOCAL_HEADER.size)
    if len(header) < LOCAL_HEADER.size:
        raise refusal("file-damaged")
    signature, name_bytes, extra_bytes = LOCAL_HEADER.unpack(header)
    if signature != ZIP_SIGNATURE:
        raise refusal("file-damaged")
    file.seek(part.header_offset + LOCAL_HEADER.size + name_bytes + extra_bytes)


def _count(rest: bytes, piece: bytes, found: Measured) -> bytes:
    """Count the marks that end in this piece; give back what may begin one."""
    text = rest + piece
    for marks, name in ((ERROR_CELL, "error_cells"), (BARE_FORMULA, "bare_formulas")):
        seen = sum(text.count(mark) - rest.count(mark) for mark in marks)
        setattr(found, name, getattr(found, name) + seen)
    return text[1 - LONGEST_MARK :]
