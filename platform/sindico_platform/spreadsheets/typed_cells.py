"""Cells with types: numbers that add up, days and instants that sort, texts that nothing runs.

Each writer takes a value as JSON has it and gives the cell's XML. What is not of the cell's type
is shown as the text it came as, so that a reader sees what was wrong. The writers are called for
every cell of a million rows: they test for the usual case first.
"""

import re
from collections.abc import Callable
from datetime import date, datetime, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeAlias
from xml.sax.saxutils import escape

import msgspec

from sindico_platform.spreadsheets.frame import HEAD, MAIN, UNFIT_IN_XML
from sindico_platform.spreadsheets.limits import MAX_CELL_CHARACTERS

WriteCell: TypeAlias = Callable[[Any], str]

EMPTY = "<c/>"
LOST = "\ufffd"
(
    HEADER,
    TEXT,
    WRAPPED,
    WHOLE,
    MONEY,
    QUANTITY,
    PRICE,
    RATE,
    DAY,
    INSTANT,
    GOOD,
    WARNING,
    BAD,
    TITLE,
    DECIMAL,
) = range(1, 16)
"""Styles, by their position in `render_styles`."""

DAY_ZERO = date(1899, 12, 30).toordinal()
FIRST_DAY = date(1900, 3, 1).toordinal()
"""Excel counts a 29 February 1900 that never was, so earlier days are shown as text."""
DAY_SECONDS = 86_400
SPECIAL = re.compile("[&<>\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]").search
PLAIN_NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]+)?").fullmatch
EXACT_DIGITS = 15
"""A spreadsheet keeps no more of a number; what has more is shown as a text, whole."""
ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d").fullmatch


class JsonNumber(str):
    """A number with a point, as it stood in the JSON; for ``float_hook``."""

    __slots__ = ()


def text_cell(value: Any, style: int = TEXT) -> str:
    """Any text; no program runs it, whatever it begins with."""
    if value is None or value == "":
        return EMPTY
    text = value if isinstance(value, str) else _as_json(value)
    if len(text) > MAX_CELL_CHARACTERS:
        text = text[: MAX_CELL_CHARACTERS - 1] + "…"
    if SPECIAL(text):
        text = escape(UNFIT_IN_XML.sub(LOST, text))
    return f'<c s="{style}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _as_json(value: Any) -> str:
    if isinstance(value, Decimal):
        return str(value)
    return msgspec.json.encode(value, enc_hook=str).decode()


def wrapped_cell(value: Any) -> str:
    return text_cell(value, WRAPPED)


def number_cells(style: int) -> WriteCell:
    """Writes numbers in one style."""

    def write(value: Any) -> str:
        if value is None:
            return EMPTY
        kind = type(value)
        if kind is JsonNumber or kind is str or kind is Decimal:
            text = _exact(str(value).strip())
        elif kind is int:
            text = str(value) if -(10**EXACT_DIGITS) < value < 10**EXACT_DIGITS else None
        else:
            text = repr(value) if kind is float and value - value == 0 else None
        return text_cell(value) if text is None else f'<c s="{style}"><v>{text}</v></c>'

    return write


def _exact(text: str) -> str | None:
    """The number, if a spreadsheet can hold it digit by digit."""
    if not PLAIN_NUMBER(text):
        return None
    if len(text) <= EXACT_DIGITS:
        return text
    shown = text.rstrip("0").rstrip(".") if "." in text else text
    return shown if len(shown.lstrip("-0.").replace(".", "")) <= EXACT_DIGITS else None


def day_cell(value: Any) -> str:
    """A day as ``2026-01-31``, or as a database without days sends it."""
    if value is None or value == "":
        return EMPTY
    return _day_of(value) if isinstance(value, str) else text_cell(value)


@lru_cache(maxsize=4096)
def _day_of(text: str) -> str:
    try:
        day = date.fromisoformat(text[:10]) if ISO_DAY(text[:10]) else None
    except ValueError:
        day = None
    if day is None or day.toordinal() < FIRST_DAY or text[10:].strip("T0:.Z ") != "":
        return text_cell(text)
    return f'<c s="{DAY}"><v>{day.toordinal() - DAY_ZERO}</v></c>'


def instant_cells(zone: tzinfo) -> WriteCell:
    """Writes instants as the clocks of a zone show them; spreadsheets know no zones."""

    def write(value: Any) -> str:
        if value is None or value == "":
            return EMPTY
        local = _local(value, zone)
        days = 0 if local is None else local.toordinal()
        if local is None or days < FIRST_DAY:
            return text_cell(value)
        seconds = (local.hour * 60 + local.minute) * 60 + local.second
        share = round(seconds / DAY_SECONDS, 9)
        return f'<c s="{INSTANT}"><v>{days - DAY_ZERO + share!r}</v></c>'

    return write


def _local(value: Any, zone: tzinfo) -> datetime | None:
    try:
        if isinstance(value, str):
            value = datetime.fromisoformat(value.strip())
        return value.astimezone(zone) if value.tzinfo else None
    except (AttributeError, ValueError, OverflowError):
        return None


def flag_cell(value: Any) -> str:
    """True or false; a program shows it in its own language."""
    if value is True:
        return '<c t="b"><v>1</v></c>'
    return '<c t="b"><v>0</v></c>' if value is False else text_cell(value)


COLOURS = ("FFDCE6F1", "FFE3F4E8", "FFFFF3CD", "FFF8D7DA")
"""Of the header, and of what is good, a warning and bad; fills 2 to 5."""
TOP = '<alignment vertical="top"/>'
LOOKS = (
    (1, 2, 49, '<alignment vertical="center" wrapText="1"/>'),
    (0, 0, 49, TOP),
    (0, 0, 49, '<alignment vertical="top" wrapText="1"/>'),
    (0, 0, 3, TOP),
    (0, 0, 4, TOP),
    *((0, 0, number, TOP) for number in range(164, 169)),
    *((0, fill, 49, TOP) for fill in (3, 4, 5)),
    (2, 0, 49, TOP),
    (0, 0, 4, TOP),
)
"""Font, fill, number format and alignment of each style, from `HEADER` on."""


def render_styles(*, day: str) -> str:
    """The part that says what the styles look like.

    Args:
        day: how a day is written, such as ``dd/mm/yyyy``.
    """
    # Two digits at least: with optional ones alone, a whole number ends in a bare comma.
    codes = ("#,##0.00####", "#,##0.00########", "0.00##", day, f"{day} hh:mm:ss")
    formats = "".join(
        f'<numFmt numFmtId="{number}" formatCode="{code}"/>'
        for number, code in enumerate(codes, start=164)
    )
    fills = "".join(
        f'<fill><patternFill patternType="solid"><fgColor rgb="{colour}"/>'
        '<bgColor indexed="64"/></patternFill></fill>'
        for colour in COLOURS
    )
    cells = "".join(
        f'<xf fontId="{font}" fillId="{fill}" numFmtId="{number}" xfId="0" applyFont="1"'
        f' applyFill="1" applyNumberFormat="1" applyAlignment="1">{alignment}</xf>'
        for font, fill, number, alignment in LOOKS
    )
    return (
        f'{HEAD}<styleSheet xmlns="{MAIN}"><numFmts count="{len(codes)}">{formats}</numFmts>'
        '<fonts count="3"><font><sz val="11"/><name val="Calibri"/></font>'
        '<font><b/><sz val="11"/><name val="Calibri"/></font>'
        '<font><b/><sz val="14"/><name val="Calibri"/></font></fonts>'
        '<fills count="6"><fill><patternFill patternType="none"/></fill>'
        f'<fill><patternFill patternType="gray125"/></fill>{fills}</fills>'
        '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
        f'<cellXfs count="{len(LOOKS) + 1}"><xf/>{cells}</cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
        "</styleSheet>"
    )
