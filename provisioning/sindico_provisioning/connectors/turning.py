"""Turning an ERP's way of writing values into ours, a column at a time.

What `erp_tables` can judge itself is left as it is.
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

Column = list[Any]
Turn = Callable[[Any], Any]

MOST_DIGITS = 130
"""Of a whole number; Oracle's largest has 126."""
_DAY = len("dd/mm/aaaa")
_NO_DAY = ("01/01/0001", "0001-01-01")
"""What .NET writes for no date at all."""


class _Memo(dict[str, Any]):
    """Turned texts of one page; days and codes repeat a thousand times."""

    def __init__(self, turn: Turn) -> None:
        super().__init__()
        self._turn = turn

    def __missing__(self, text: str) -> Any:
        turned = self[text] = self._turn(text)
        return turned


def turn_column(column: Column, turn: Turn) -> Column:
    memo = _Memo(turn)
    return [
        value if value is None else memo[value] if type(value) is str else turn(value)
        for value in column
    ]


def turn_codes(column: Column) -> Column:
    memo = _Memo(turn_code)
    return [
        value
        if value is None
        else str(value)
        if type(value) is int
        else memo[value]
        if type(value) is str
        else turn_code(value)
        for value in column
    ]


def whole_of(value: Decimal | float) -> int | None:
    """The whole number that a value is; None for a fraction, and for more than an ERP counts.

    Written out, a number that a server sends in a few bytes, 1E+999999999, would fill the memory.
    """
    exact = Decimal(value)
    if not exact.is_finite() or exact.adjusted() > MOST_DIGITS:
        return None
    return int(exact) if exact == exact.to_integral_value() else None


def turn_code(value: Any) -> Any:
    """Turn a code into text, whether it came as text or as a number."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        return value
    whole = value if isinstance(value, int) else whole_of(value)
    return str(value if whole is None else whole)


def turn_day(value: Any) -> Any:
    """Turn ``dd/MM/yyyy``, with or without a time, into ISO; leave what is neither as it is."""
    if not isinstance(value, str):
        return value
    if value.startswith(_NO_DAY):
        return None
    if value[2:3] == "/" and value[5:6] == "/":
        return f"{value[6:_DAY]}-{value[3:5]}-{value[:2]}"
    return value[:_DAY]


_HOUR, _INSTANT = len("dd/mm/aaaa hh"), len("dd/mm/aaaa hh:mm:ss")


def turn_instants(column: Column, zone: ZoneInfo) -> Column:
    """Turn ``dd/MM/yyyy HH:mm:ss`` in the ERP's zone into ISO with an offset."""
    hours = _Memo(lambda hour: _turn_hour(hour, zone))
    turned = []
    for value in column:
        if type(value) is str and len(value) == _INSTANT:
            hour = hours[value[:_HOUR]]
            turned.append(hour and f"{hour[0]}{value[_HOUR:]}{hour[1]}")
        else:
            turned.append(_turn_odd_instant(value, zone))
    return turned


def _turn_hour(text: str, zone: ZoneInfo) -> tuple[str, str] | None:
    """Give what stands before minutes and seconds and what stands after; None for no date."""
    day = turn_day(text[:_DAY])
    if day is None:
        return None
    hour = f"{day}T{text[_DAY + 1 :]}"
    return hour, _find_offset(hour, zone)


def _turn_odd_instant(value: Any, zone: ZoneInfo) -> Any:
    """Turn an instant without a time, with a fraction or with a zone of its own."""
    day = turn_day(value)
    if not isinstance(day, str):
        return day
    clock = value[_DAY + 1 :] or "00:00:00"
    has_zone = clock[-1:] == "Z" or "+" in clock or "-" in clock
    return f"{day}T{clock}{'' if has_zone else _find_offset(f'{day}T{clock[:2]}', zone)}"


@lru_cache(maxsize=50_000)
def _find_offset(hour: str, zone: ZoneInfo) -> str:
    try:
        local = datetime.fromisoformat(f"{hour}:00:00").replace(tzinfo=zone)
    except ValueError:
        return ""  # no such hour: left without a zone, and rejected
    offset = f"{local:%z}"
    return f"{offset[:3]}:{offset[3:5]}"
