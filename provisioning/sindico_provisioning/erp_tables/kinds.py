"""Kinds of field: how a value is read, what it becomes in SQL, how a whole column is checked.

Each kind has two readings of the same rule. `read` takes one value, mends what may be mended (a
mask taken off, a blank made null) and otherwise raises `Unfit` with the reason. `suspects` looks
over a column of a page that msgspec has already typed and names the positions `read` must judge;
it never accepts what `read` would change or refuse. `suspects_written` does so for numbers that
are still the JSON that was sent: COPY reads their digits as well as we would. Tests hold all
together.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Context, Decimal, Inexact, InvalidOperation
from itertools import repeat
from typing import Any, TypeVar

import msgspec

from sindico_platform.brazil import (
    STATES,
    find_cep_fault,
    find_cnpj_fault,
    find_cpf_fault,
    find_nfe_key_fault,
    find_uf_fault,
    is_cep,
    is_cnpj,
    is_cpf,
    is_nfe_key,
    parse_cep,
    parse_cnpj,
    parse_cpf,
    parse_nfe_key,
)
from sindico_platform.errors import FieldError
from sindico_provisioning.erp_tables.errors import Unfit, unfit

YEARS = (1900, 2200)
"""First and last year a date may have: outside lie only typing errors."""

ABROAD = "EX"
"""What an address outside the country has for a state."""

_UFS = {*STATES, ABROAD}

D = TypeVar("D", date, datetime)

Read = Callable[[Any, int | None], Any]
Suspects = Callable[[Sequence[Any]], list[int]]

_MASK = " \t\r\n./-"
_TO_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_CPF_LENGTH, _IBGE_LENGTH = 11, 7


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """How values of one sort are read, stored and shown."""

    type: str
    """For integrators: text, integer, decimal, date, datetime or boolean."""
    sql_type: str
    read: Read
    """Clean one value that is not null; the second argument is the field's greatest length."""
    suspects: Suspects | None = None
    """Positions of a typed column that need `read`; None when typing is all there is to check."""
    suspects_written: Suspects | None = None
    """Likewise of a column of `msgspec.Raw`; None where values are always typed."""
    format: str | None = None
    """What the text must be: ``cnpj``, ``cep``, …"""
    length: int | None = None
    """Exact length of the bare text, where the format fixes one."""
    decimal_places: int | None = None


def read_text(value: Any, max_length: int | None) -> str:
    if not isinstance(value, str):
        raise unfit("not-text")
    if "\x00" in value:
        raise unfit("nul-byte")
    if not is_encodable(value):
        raise unfit("lone-surrogate")
    if max_length is not None and len(value) > max_length:
        raise unfit("too-long", max_length=max_length, length=len(value))
    return value


def is_encodable(text: str) -> bool:
    """Tell whether UTF-8 can hold the text, that is, whether it has no lone surrogate."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def find_bad_texts(rows: Sequence[tuple[Any, ...]]) -> set[int]:
    """Find the rows in which any text has a NUL or a lone surrogate."""
    everything = "\n".join([v for row in rows for v in row if type(v) is str])
    if "\x00" not in everything and (everything.isascii() or is_encodable(everything)):
        return set()
    return {
        position
        for position, row in enumerate(rows)
        if any(type(v) is str and ("\x00" in v or not is_encodable(v)) for v in row)
    }


def _read_key(value: Any, max_length: int | None) -> str | None:
    text = read_text(value, max_length)
    if not text or text.isspace():
        return None
    if text != text.strip():
        raise unfit("surrounding-space")
    return text


def _padded_keys(column: Sequence[Any]) -> list[int]:
    everything = "".join(filter(None, column))
    if not everything or everything.split(maxsplit=1) == [everything]:  # no space in any of them
        return []
    return [i for i, v in enumerate(column) if v is not None and v.strip() != v]


def _document(
    length: int,
    is_right: Callable[[str], bool],
    find_fault: Callable[[str], FieldError | None],
    parse: Callable[[str], str],
) -> tuple[Read, Suspects]:
    def read(value: Any, max_length: int | None) -> str | None:
        text = read_text(value, max_length)
        if not text.strip(_MASK):
            return None
        if fault := find_fault(text):
            raise Unfit(fault)
        return parse(text)

    def suspects(column: Sequence[Any]) -> list[int]:
        return [
            i
            for i, v in enumerate(column)
            if v is not None and not (_is_bare(v, length) and is_right(v))
        ]

    return read, suspects


def _is_bare(text: str, length: int) -> bool:
    """Tell whether the text is its own stored form, if it is right at all."""
    return len(text) == length and text.isascii() and text == text.upper()


def _choose(text: str) -> tuple[Read, Suspects]:
    bare = "".join(c for c in text if c not in _MASK)
    return _cpf if len(bare) == _CPF_LENGTH and bare.isdigit() else _cnpj


def _read_cnpj_or_cpf(value: Any, max_length: int | None) -> str | None:
    read, _ = _choose(read_text(value, max_length))
    cleaned: str | None = read(value, max_length)
    return cleaned


def _suspect_cnpj_or_cpf(column: Sequence[Any]) -> list[int]:
    return [i for i, v in enumerate(column) if v is not None and _choose(v)[1]([v])]


def _read_ibge(value: Any, max_length: int | None) -> str | None:
    text = read_text(value, max_length).strip()
    if text and not _is_ibge(text):
        raise unfit("ibge-shape")
    return text or None


def _is_ibge(text: str) -> bool:
    return len(text) == _IBGE_LENGTH and text.isascii() and text.isdigit()


def _suspect_ibge(column: Sequence[Any]) -> list[int]:
    return [i for i, v in enumerate(column) if v is not None and not _is_ibge(v)]


def _read_uf(value: Any, max_length: int | None) -> str | None:
    text = read_text(value, max_length).strip().upper()
    if text and text not in _UFS and (fault := find_uf_fault(text)):
        raise Unfit(fault)
    return text or None


def _unknown_ufs(column: Sequence[Any]) -> list[int]:
    unknown = set(column) - _UFS - {None}
    return [i for i, v in enumerate(column) if v in unknown] if unknown else []


def _decimal(digits: int, places: int) -> Kind:
    unit = Decimal(1).scaleb(-places)
    most = Decimal(10) ** (digits - places) - unit
    noise = unit.scaleb(-4)
    quantize = Context(prec=digits, traps=[Inexact, InvalidOperation]).quantize
    rounded = Context(prec=digits + 8).quantize

    def read(value: Any, _: int | None) -> Decimal | None:
        number = _to_decimal(value)
        if number is None:
            return None
        if not (number.is_finite() and -most <= number <= most):  # abs would overflow
            raise unfit("number-out-of-range", least=-most, most=most)
        clean = rounded(number, unit)
        if abs(clean - number) > noise:  # less is a float's noise, such as 0.30000000000000004
            raise unfit("too-many-decimals", places=places)
        return clean

    def fits(value: Decimal) -> bool:
        try:
            return not quantize(value, unit).is_nan()
        except (Inexact, InvalidOperation):
            return False

    def suspects(column: Sequence[Any]) -> list[int]:
        try:
            clean = map(quantize, [v for v in column if v is not None], repeat(unit))
            if not any(map(Decimal.is_nan, clean)):
                return []
        except (Inexact, InvalidOperation):
            pass
        return [i for i, v in enumerate(column) if v is not None and not fits(v)]

    return Kind(
        type="decimal",
        sql_type=f"numeric({digits},{places})",
        read=read,
        suspects=suspects,
        suspects_written=_suspects_written(digits, places),
        decimal_places=places,
    )


def _suspects_written(digits: int, places: int) -> Suspects:
    whole = digits - places
    is_right = re.compile(rb'null|"?-?0{1,%d}(?:\.0{1,%d})?"?' % (whole, places)).fullmatch

    def suspects(column: Sequence[Any]) -> list[int]:
        shapes = b",".join(column).translate(_TO_ZEROS).split(b",")
        if len(shapes) != len(column):  # a comma stands inside one of them
            shapes = [bytes(value).translate(_TO_ZEROS) for value in column]
        wrong = {shape for shape in set(shapes) if not is_right(shape)}  # there are but few shapes
        return [i for i, shape in enumerate(shapes) if shape in wrong] if wrong else []

    return suspects


def _to_decimal(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
        raise unfit("not-a-number")
    if isinstance(value, str) and not value.strip():
        return None
    try:
        return msgspec.convert(value, Decimal)
    except ValueError as fault:
        raise unfit("number-malformed") from fault


def _read_integer(value: Any, _: int | None) -> int:
    least, most = 0, 2_147_483_647
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise unfit("not-a-whole-number")
    if (isinstance(value, Decimal) and value.is_nan()) or not least <= value <= most:
        raise unfit("number-out-of-range", least=least, most=most)
    if value != int(value):
        raise unfit("too-many-decimals", places=0)
    return int(value)


def _read_date(value: Any, _: int | None) -> date | None:
    if isinstance(value, datetime):  # databases without a date type send midnight
        value = value.date()
    if isinstance(value, str):
        value = _parse(value.strip(), date, "date-malformed")
    if value is None:
        return None
    if not isinstance(value, date):
        raise unfit("not-a-date")
    return _within_years(value)


def _read_instant(value: Any, _: int | None) -> datetime | None:
    if isinstance(value, str):
        value = _parse(value.strip(), datetime, "instant-malformed")
    if value is None:
        return None
    if not isinstance(value, datetime):
        raise unfit("not-an-instant")
    if value.tzinfo is None:
        raise unfit("zone-missing")
    return _within_years(value)


def _parse(text: str, kind: type[Any], code: str) -> Any:
    if not text:
        return None
    try:
        return msgspec.convert(text, kind)
    except ValueError as fault:
        if text.startswith("0000-"):  # no calendar of ours has it, so it never parses
            raise _year_out_of_range() from fault
        raise unfit(code) from fault


def _within_years(value: D) -> D:
    if not YEARS[0] <= value.year <= YEARS[1]:
        raise _year_out_of_range()
    return value


def _year_out_of_range() -> Unfit:
    return unfit("year-out-of-range", least=YEARS[0], most=YEARS[1])


def _far_years(column: Sequence[Any]) -> list[int]:
    least, most = YEARS
    years = {v.year for v in column if v is not None}
    if all(least <= year <= most for year in years):
        return []
    return [i for i, v in enumerate(column) if v is not None and not least <= v.year <= most]


def _read_boolean(value: Any, _: int | None) -> bool:
    if not isinstance(value, bool):
        raise unfit("not-a-boolean")
    return value


_cnpj = _document(14, is_cnpj, find_cnpj_fault, parse_cnpj)
_cpf = _document(_CPF_LENGTH, is_cpf, find_cpf_fault, parse_cpf)
_nfe_key = _document(44, is_nfe_key, find_nfe_key_fault, parse_nfe_key)
_cep = _document(8, is_cep, find_cep_fault, parse_cep)


def _text(
    read: Read,
    suspects: Suspects | None = None,
    shape: str | None = None,
    length: int | None = None,
) -> Kind:
    return Kind(
        type="text", sql_type="text", read=read, suspects=suspects, format=shape, length=length
    )


TEXT = _text(read_text)
EMAIL = _text(read_text, shape="email")
PHONE = _text(read_text, shape="phone")
KEY = _text(_read_key, _padded_keys, "key")
CNPJ = _text(*_cnpj, "cnpj", 14)
CPF = _text(*_cpf, "cpf", 11)
CNPJ_OR_CPF = _text(_read_cnpj_or_cpf, _suspect_cnpj_or_cpf, "cnpj-or-cpf")
CEP = _text(*_cep, "cep", 8)
IBGE = _text(_read_ibge, _suspect_ibge, "ibge", _IBGE_LENGTH)
UF = _text(_read_uf, _unknown_ufs, "uf", 2)
NFE_KEY = _text(*_nfe_key, "nfe-key", 44)
INTEGER = Kind(type="integer", sql_type="integer", read=_read_integer)
MONEY = _decimal(15, 2)
UNIT_PRICE = _decimal(21, 10)
QUANTITY = _decimal(18, 6)
PERCENTAGE = _decimal(7, 4)
DATE = Kind(type="date", sql_type="date", read=_read_date, suspects=_far_years)
INSTANT = Kind(type="datetime", sql_type="timestamptz", read=_read_instant, suspects=_far_years)
BOOLEAN = Kind(type="boolean", sql_type="boolean", read=_read_boolean)
