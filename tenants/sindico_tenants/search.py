"""What a person types into a search box, as a pattern over the stored search form."""

import re
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, func, literal
from sqlalchemy.orm import InstrumentedAttribute

MIN_PART = 3
"""Shorter texts have no trigram, so they search by how the name begins."""

_MASKED = re.compile(r"[0-9A-Za-z]+([./-][0-9A-Za-z]+)*[./-][0-9A-Za-z]*\d[0-9A-Za-z]*[./-]?")
_LAST_CHARACTER = chr(0x10FFFF)


def clean_query(typed: str) -> str:
    """Drop what nobody means to search for: spaces around, NUL, the mask of a CNPJ or CPF."""
    text = " ".join(typed.replace("\x00", " ").split())
    return bare(text) if _MASKED.fullmatch(text) else text


def bare(document: str) -> str:
    """Take the mask off a CNPJ or CPF: ``12.abc.345/01de-35`` becomes ``12ABC34501DE35``."""
    return re.sub(r"[\s./\x00-]", "", document).upper()


def pattern_of(text: str) -> ColumnElement[str]:
    """LIKE pattern: the words in the order typed, anywhere; accents and case do not count."""
    escaped = re.sub(r"([\\%_])", r"\\\1", text).replace(" ", "%")
    return func.control.search_form(f"%{escaped}%", type_=Text)


def begins_with(column: InstrumentedAttribute[str], text: str) -> ColumnElement[bool]:
    """A prefix as a range: comparisons are leakproof, LIKE is not, so only this meets an index."""
    first: ColumnElement[Any] = func.control.search_form(text, type_=Text)
    return and_(column >= first, column < first + literal(_LAST_CHARACTER))
