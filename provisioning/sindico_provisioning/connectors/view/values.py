"""From what a database's driver gives to what our tables' rows are made of."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import types as sql

from sindico_provisioning.connectors.turning import MOST_DIGITS, whole_of
from sindico_provisioning.connectors.view.statements import Layout
from sindico_provisioning.erp_tables.queries import get_table
from sindico_provisioning.erp_tables.schemas import ErpField

Column = Sequence[Any]
Turn = Callable[[Column], Column]

_YES = {"s", "sim", "y", "yes", "t", "true", "v", "1", "a", "ativo"}
_NO = {"n", "nao", "não", "no", "f", "false", "0", "i", "inativo"}
_NONE = type(None)


def turn_rows(
    layout: Layout, rows: Sequence[Sequence[Any]], zone: ZoneInfo
) -> list[dict[str, Any]]:
    """Turn a page's rows into ours; what cannot be turned stays as it is, to be rejected."""
    if not rows:
        return []
    table, places = get_table(layout.source.table), {n: i for i, n in enumerate(layout.columns)}
    by_field = {field.name: field for field in table.columns}
    columns = list(zip(*rows, strict=True))
    turned = [
        _turn_of(by_field[field], layout, name, zone)(columns[places[name]])
        for field, name in layout.source.columns.items()
    ]
    fields = tuple(layout.source.columns)
    return [dict(zip(fields, values, strict=True)) for values in zip(*turned, strict=True)]


def _turn_of(field: ErpField, layout: Layout, name: str, zone: ZoneInfo) -> Turn:
    kind = field.kind
    if kind.type == "text":
        padded = isinstance(layout.types[name], sql.CHAR | sql.NCHAR)
        return lambda column: _texts(column, digits=kind.length, padded=padded)
    if kind.type == "datetime":
        return lambda column: _instants(column, zone)
    return _TURNS[kind.type]


def _types_in(column: Column) -> set[type]:
    return set(map(type, column))


def _texts(column: Column, *, digits: int | None, padded: bool) -> Column:
    if _types_in(column) <= {str, _NONE}:
        return [v and v.rstrip(" ") for v in column] if padded else column
    return [None if v is None else _text(v, digits) for v in column]


def _text(value: Any, digits: int | None) -> Any:
    """Text of anything that has one; a number that was a document gets its zeros back."""
    if isinstance(value, str):
        return value.rstrip(" ")
    if isinstance(value, bool | bytes | bytearray | memoryview):
        return value
    if isinstance(value, Decimal | float) and (whole := whole_of(value)) is not None:
        value = whole
    if isinstance(value, int):
        return str(value).zfill(digits or 0)
    return value.isoformat() if isinstance(value, date | time) else str(value)


def _whole_numbers(column: Column) -> Column:
    if _types_in(column) <= {int, _NONE}:
        return column
    return [_whole_number(v) for v in column]


def _whole_number(value: Any) -> Any:
    if isinstance(value, str):
        digits = value.strip()
        return int(digits) if digits.isdecimal() and len(digits) <= MOST_DIGITS else value
    whole = whole_of(value) if isinstance(value, Decimal) else None
    return value if whole is None else whole


def _decimals(column: Column) -> Column:
    if str not in _types_in(column):
        return column
    return [v.strip() if isinstance(v, str) else v for v in column]


def _booleans(column: Column) -> Column:
    if _types_in(column) <= {bool, _NONE}:
        return column
    return [_boolean(v) for v in column]


def _boolean(value: Any) -> Any:
    """What ERPs keep a yes or a no as; bits come as bytes from some drivers."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, bytes) and len(value) == 1:
        value = value[0]
    text = str(value).strip().lower()
    return None if not text else True if text in _YES else False if text in _NO else value


def _days(column: Column) -> Column:
    if datetime not in _types_in(column):
        return column
    return [v.date() if isinstance(v, datetime) else v for v in column]


def _instants(column: Column, zone: ZoneInfo) -> Column:
    if _types_in(column) <= {datetime, _NONE} and None not in {v and v.tzinfo for v in column if v}:
        return column
    return [_instant(v, zone) for v in column]


def _instant(value: Any, zone: ZoneInfo) -> Any:
    if isinstance(value, datetime):
        return value.replace(tzinfo=zone) if value.tzinfo is None else value
    return datetime.combine(value, time(), zone) if isinstance(value, date) else value


_TURNS: dict[str, Turn] = {
    "integer": _whole_numbers,
    "decimal": _decimals,
    "boolean": _booleans,
    "date": _days,
}
