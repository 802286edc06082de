r"""Checked rows as the text that COPY reads.

A row encoded as a JSON array is, but for its brackets, a line of CSV: texts in quotation
marks, null bare, a backslash before a quotation mark or another backslash. COPY takes that with
``ESCAPE '\'`` and ``NULL 'null'``. Only control characters differ: JSON writes them as escapes
that COPY does not know, so they are put back as they are, which a quoted text of CSV may hold.

Made this way a row costs a fraction of what encoding it value by value does.
"""

import re

COPY_OPTIONS = {"format": "csv", "null": "null", "escape": "\\"}

_ESCAPE = re.compile(rb'\\(?:u00([0-9a-f]{2})|([\\"bfnrt]))')
_CONTROLS = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t"}


def render_lines(encoded: bytes) -> bytes:
    """One line per row.

    Args:
        encoded: the rows as `encode_rows` gives them; texts must not hold NUL.
    """
    lines = encoded.replace(b"]\n[", b"\n")[1:-2] + b"\n" if encoded else b""
    return _ESCAPE.sub(_put_back, lines) if b"\\" in lines else lines


def _put_back(escape: re.Match[bytes]) -> bytes:
    if code := escape[1]:
        return bytes([int(code, 16)])
    return _CONTROLS.get(escape[2], escape[0])
