"""CSV as the world writes it: which encoding, which delimiter, and then its rows."""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence

from sindico_platform.spreadsheets.cells import restore
from sindico_platform.spreadsheets.errors import refusal
from sindico_platform.spreadsheets.limits import MAX_CELL_CHARACTERS

DELIMITERS = ";,\t|"
LOST = "\ufffd"
"""Stands where a character could not be read."""
UNDEFINED_IN_1252 = re.compile("[\x81\x8d\x8f\x90\x9d]")
HINT = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
"""Excel's own first line that names the delimiter."""


def read_text(content: bytes) -> tuple[str, str]:
    """Decode a file.

    A line that is no UTF-8 is Windows-1252, whatever the others are: files get pasted together.

    Returns:
        The text, and ``utf-8``, ``utf-16``, ``windows-1252`` or ``mixed``.
    """
    text, encoding = _decode(content)
    return text.replace("\x00", LOST), encoding


def _decode(content: bytes) -> tuple[str, str]:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace"), "utf-16"
    content = content.removeprefix(codecs.BOM_UTF8)
    try:
        return content.decode(), "utf-8"
    except UnicodeDecodeError:
        lines = [_decode_line(line) for line in content.splitlines(keepends=True)]
    is_mixed = any(encoding == "utf-8" for _text, encoding in lines)
    return "".join(text for text, _ in lines), "mixed" if is_mixed else "windows-1252"


def _decode_line(line: bytes) -> tuple[str, str | None]:
    if line.isascii():
        return line.decode(), None
    try:
        return line.decode(), "utf-8"
    except UnicodeDecodeError:
        text = line.decode("windows-1252", errors="replace")
        return UNDEFINED_IN_1252.sub(LOST, text), "windows-1252"


def find_delimiter(text: str) -> tuple[str, int]:
    """Tell the delimiter, and how many lines at the beginning are no part of the table."""
    for before, line in enumerate(_lines(text)):
        if hint := HINT.fullmatch(line.strip()):
            return hint[1], before + 1
        if outside := re.sub(r'"[^"]*"', "", line).strip():
            return max(DELIMITERS, key=outside.count), 0
    return DELIMITERS[0], 0


def _lines(text: str) -> io.StringIO:
    """Lines with their ends as they are, whichever of the three kinds."""
    return io.StringIO(text, newline="")


def read_rows(text: str, delimiter: str, skipped: int) -> Iterator[tuple[int, Sequence[str]]]:
    """The rows with the number that a spreadsheet program would give them.

    Raises:
        InvalidInput: a quotation mark is not closed.
    """
    csv.field_size_limit(MAX_CELL_CHARACTERS)
    rows = csv.reader(_lines(text), delimiter=delimiter, strict=False)
    begun = 1
    try:
        for number, cells in enumerate(rows, start=1):
            begun = rows.line_num + 1
            if number > skipped:
                yield number - skipped, [restore(cell) for cell in cells]
    except csv.Error as fault:
        raise refusal("csv-quote-open", line=begun) from fault
