"""Fetching the rows of a page, in slices where they may be wide, and how pages join."""

from collections.abc import Sequence
from dataclasses import dataclass
from sys import getsizeof
from typing import Any

from sqlalchemy import Connection
from sqlalchemy import types as sql
from sqlalchemy.types import TypeEngine

from sindico_provisioning.connectors.view.keyset import Place, Step
from sindico_provisioning.connectors.view.statements import Layout, select_page, tell_ahead

PAGE_BYTES, MOST_BYTES = 32 << 20, 64 << 20
"""In memory. A page ends with the slice that goes beyond the first; beyond the second it ends even
where no page can follow it, because all its rows have one key."""
FIRST_ROWS, MOST_ROWS, SLICE_BYTES = 8, 250, 8 << 20
"""Of a slice: a view may be narrow for long and then wide."""
AHEAD = (MOST_ROWS, 64, FIRST_ROWS)
"""Rows that PostgreSQL tells the bytes of before they come."""
ROW_BY_ROW = frozenset({"mysql", "mssql"})
"""Of their databases a small slice costs no more: the rows come by themselves, one by one."""
NARROW = 4000
"""Characters of a row that need no slices."""
_SMALL = 64

Rows = Sequence[Sequence[Any]]
_BOUNDED = (
    sql.Boolean,
    sql.Integer,
    sql.Numeric,
    sql.Date,
    sql.DateTime,
    sql.Time,
    sql.Interval,
    sql.Uuid,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Fetched:
    """What came of a page."""

    rows: Rows
    is_early: bool = False
    """It ends before what was asked for does."""


def fetch_page(layout: Layout, place: Place, rows: int, connection: Connection) -> Fetched:
    """At most so many rows from a place on; fewer where they are wide.

    Of a page that ends early a part is still on its way: the connection has to be closed.
    """
    wide = wide_columns(layout)
    if not wide:
        return Fetched(rows=connection.execute(select_page(layout, place, rows=rows)).all())
    slices = _slices_of(connection.dialect.name, place)
    statement = (
        tell_ahead(layout, place, rows=rows, wide=wide, ahead=AHEAD)
        if slices.are_told
        else select_page(layout, place, rows=rows)
    )
    held: list[Sequence[Any]] = []
    held_bytes = 0
    with connection.execute(statement, execution_options={"stream_results": True}) as result:
        while fresh := result.fetchmany(slices.asked):
            held += [row[: len(layout.columns)] for row in fresh] if slices.are_told else fresh
            fresh_bytes = bytes_of(fresh, wide)
            held_bytes += fresh_bytes
            if held_bytes > PAGE_BYTES and (
                _leads_on(layout, place, held)
                or (held_bytes > MOST_BYTES and without_last_read(layout, place, held))
            ):
                return Fetched(rows=held, is_early=True)
            slices.go_on(len(fresh), fresh_bytes, fresh[-1][len(layout.columns) :])
    return Fetched(rows=held)


@dataclass(slots=True)
class Slices:
    """How many rows to ask for at a time."""

    asked: int
    most: int
    are_told: bool = False
    """The rows say how many bytes come after them."""

    def go_on(self, rows: int, taken: int, coming: Sequence[int | None]) -> None:
        """Choose the next after one of so many rows and bytes; one row comes however wide it is."""
        if self.are_told:
            told = zip(AHEAD, coming, strict=True)
            fitting = next((count for count, each in told if (each or 0) <= SLICE_BYTES), 1)
        else:
            fitting = min(self.asked * 4, SLICE_BYTES * rows // max(taken, 1))
        self.asked = max(1, min(self.most, fitting))


def _slices_of(dialect: str, place: Place) -> Slices:
    if dialect == "postgresql":  # at first one that is new
        return Slices(asked=1 if place.key is None else 2, most=MOST_ROWS, are_told=True)
    return Slices(asked=FIRST_ROWS, most=FIRST_ROWS if dialect in ROW_BY_ROW else MOST_ROWS)


def wide_columns(layout: Layout) -> tuple[int, ...]:
    """Places of the columns that may make a row wide; none if by their types they cannot."""
    lengths = [_length_of(layout.types[name]) for name in layout.columns]
    if None not in lengths and sum(filter(None, lengths)) <= NARROW:
        return ()
    return tuple(at for at, length in enumerate(lengths) if length is None or length > _SMALL)


def _length_of(kind: TypeEngine[Any]) -> int | None:
    """Characters that a column has at most; None if its type does not say."""
    if isinstance(kind, sql.String):
        return kind.length
    return _SMALL if isinstance(kind, _BOUNDED) else None


def bytes_of(rows: Rows, wide: Sequence[int]) -> int:
    """What the columns take in memory."""
    return sum(_bytes_in([row[at] for row in rows]) for at in wide)


def _bytes_in(values: Sequence[Any]) -> int:
    if {list, tuple, dict}.isdisjoint(map(type, values)):
        return sum(map(getsizeof, values))
    return sum(getsizeof(str(value)) for value in values)


def _leads_on(layout: Layout, place: Place, rows: Rows) -> bool:
    """Whether a page that ends here goes beyond the one before, so that another can follow."""
    key, mark = key_and_mark(layout, rows[-1])
    if key is None or place.key is None:
        return place.step is Step.KEYLESS or key is not None
    is_moved = not are_alike(key, place.key) or (place.step is Step.CHANGES and mark != place.mark)
    return is_moved and len(without_last_read(layout, place, rows)) < len(rows)


def without_last_read(layout: Layout, place: Place, rows: Rows) -> Rows:
    """Leave out the row that the page before ended with.

    A page begins with the rows whose key equals that row's, by the database's own comparison: it
    may hold letters alike that are not.
    """
    if place.key is None:
        return rows
    before = (place.key, place.mark if place.step is Step.CHANGES else None)
    for at, row in enumerate(rows):
        key, mark = key_and_mark(layout, row)
        if (key, mark if place.step is Step.CHANGES else None) == before:
            return [*rows[:at], *rows[at + 1 :]]
    return rows


def are_alike(key: Any, other: Any) -> bool:
    """Whether a database may hold two keys equal: many mind neither case nor spaces at the end."""
    if isinstance(key, str) and isinstance(other, str):
        return key.rstrip().casefold() == other.rstrip().casefold()
    return bool(key == other)


def key_and_mark(layout: Layout, row: Sequence[Any]) -> tuple[Any, Any]:
    """What the next page begins from, if this row ends one."""
    source = layout.source
    key = row[layout.columns.index(source.columns["id_erp"])]
    mark = None if source.watermark is None else row[layout.columns.index(source.watermark)]
    return key, mark
