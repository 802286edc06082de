"""One-line texts that people type: how long they may be, and which characters they may hold."""

import re
from unicodedata import normalize

from sindico_platform.errors import FieldError, field_error

# Controls, line and paragraph separators, lone surrogates, and what turns the direction of a line
# around, so that it reads as something else than it is.
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def squeeze(text: str) -> str:
    """Without space around it, with single spaces in it, and composed as the keyboard does it."""
    return " ".join(normalize("NFC", text).split())


def find_text_fault(text: str, *, field: str, most: int) -> FieldError | None:
    """What is wrong with a text of one line.

    Args:
        most: how many characters it may have.
    """
    if len(text) > most:
        detail = "At most {most} characters fit here; this text has {length}."
        return field_error(field, "too-long", detail, most=most, length=len(text))
    if found := _FORBIDDEN.search(text.strip()):
        detail = "Line breaks and control characters are not taken here; character {place} is one."
        place = text.index(found[0]) + 1
        return field_error(field, "control-character", detail, place=place)
    return None
