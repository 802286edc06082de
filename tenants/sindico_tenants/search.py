"""What a person types into a search box, as a pattern over the stored search form."""

import re
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, func, literal_column
from sqlalchemy.orm import InstrumentedAttribute

MIN_PART = 3
"""Shorter texts have no trigram, so they search by how the name begins."""

_MASKED = re.compile(r"[0-9A-Za-z]+([./-][0-9A-Za-z]+)*[./-][0-9A-Za-z]*\d[0-9A-Za-z]*[./-]?")
_LAST_CHARACTER = "chr(1114111)"


def clean_query(typed: str) -> str:
    """Drop what nobody means to search for: spaces around, NUL, the mask of a CNPJ or CPF."""
    text = " ".join(typed.replace("\x00", " ").split())
    return bare(text) if _MASKED.fullmatch(text) else text


def bare(document: str) -> str:
    """Take the mask off a CNPJ or CPF: ``12.abc.345/01de-35`` becomes ``12ABC34501DE35``."""
    return re.sub(r"[\s./\x00-]", "", document).upper()


def pattern_text(text: str) -> str:
    """LIKE pattern: the words in the order typed, anywhere."""
    escaped = re.sub(r"([\\%_])", r"\\\1", text).replace(" ", "%")
    return f"%{escaped}%"


def pattern_of(pattern: ColumnElement[str]) -> ColumnElement[str]:
    """The pattern as the stored search form has it: accents and case do not count."""
    return func.control.search_form(pattern, type_=Text)


def begins_with(
    column: InstrumentedAttribute[str], beginning: ColumnElement[str]
) -> ColumnElement[bool]:
    """A prefix as a range: comparisons are leakproof, LIKE is not, so only this meets an index."""
    first: ColumnElement[Any] = func.control.search_form(beginning, type_=Text)
    return and_(column >= first, column < first + literal_column(_LAST_CHARACTER))


def removal_is(
    removed_at: InstrumentedAttribute[Any], wanted: ColumnElement[bool]
) -> ColumnElement[bool]:
    """Whether the ERP's last complete snapshot lacked the row."""
    return removed_at.is_not(None) == wanted
