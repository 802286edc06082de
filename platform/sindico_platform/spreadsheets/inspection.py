"""A first look at an uploaded file: what it is, and whether it may be opened at all.

Nothing is unpacked here; `packages.measure` does that, in the process that reads.
"""

from pathlib import PurePath
from typing import IO

from sindico_platform.spreadsheets.errors import refusal
from sindico_platform.spreadsheets.limits import MAX_FILE_BYTES
from sindico_platform.spreadsheets.packages import ZIP_SIGNATURE, list_parts
from sindico_platform.spreadsheets.schemas import SheetFormat, Upload

CONTENT_TYPES = {
    SheetFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    SheetFormat.CSV: "text/csv",
}
ENDINGS = {".xlsx": SheetFormat.XLSX, ".csv": SheetFormat.CSV, ".txt": SheetFormat.CSV}
OLE_SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""Old .xls files, and .xlsx files with a password."""
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
LOOKED_AT = 65_536
MAX_SHOWN_NAME = 80


def inspect_upload(file: IO[bytes], filename: str) -> Upload:
    """Tell what a file is; its position is at the beginning afterwards.

    Raises:
        InvalidInput: naming the field ``file`` and why it is not taken.
    """
    size_bytes = file.seek(0, 2)
    file.seek(0)
    if size_bytes == 0:
        raise refusal("file-empty")
    if size_bytes > MAX_FILE_BYTES:
        raise refusal("file-too-large", size_bytes=size_bytes, max_bytes=MAX_FILE_BYTES)
    kind = ENDINGS.get(PurePath(filename).suffix.lower())
    if kind is None:
        raise refusal("file-kind", name=filename[-MAX_SHOWN_NAME:])
    _check_content(file, kind)
    file.seek(0)
    return Upload(format=kind, size_bytes=size_bytes, content_type=CONTENT_TYPES[kind])


def _check_content(file: IO[bytes], kind: SheetFormat) -> None:
    head = file.read(LOOKED_AT)
    if head.startswith(OLE_SIGNATURE):
        raise refusal("file-old-or-locked")
    if kind is SheetFormat.XLSX:
        if not head.startswith(ZIP_SIGNATURE):
            raise refusal("file-not-xlsx")
        list_parts(file)
    elif head.startswith(ZIP_SIGNATURE) or _is_binary(head):
        raise refusal("file-not-csv")


def _is_binary(head: bytes) -> bool:
    return b"\x00" in head and not head.startswith(UTF16_MARKS)
