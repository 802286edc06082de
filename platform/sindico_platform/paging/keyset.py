"""Keyset pages: order by a leakproof column and the id, continue after the last row's values.

The offset form would read everything before the page again, and skip rows when others are added.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypeVar, TypeVarTuple

from sqlalchemy import ColumnElement, Select, bindparam, literal_column, tuple_
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.elements import KeyedColumnElement

from sindico_platform.errors import InvalidInput, field_error
from sindico_platform.paging.cursors import cursor_invalid, decode_cursor, encode_cursor
from sindico_platform.paging.schemas import Page, PageRequest

T = TypeVar("T")
R = TypeVar("R")
Ts = TypeVarTuple("Ts")
Column = InstrumentedAttribute[Any] | KeyedColumnElement[Any]
"""Of a table, or of a sub-select that lists what several tables say together."""


class Keyset:
    """The orders a list offers.

    Each order is one column that is never null, of a leakproof type and with an index
    ``(tenant_id, column, id)``; the id makes it total.
    """

    def __init__(self, identity: Column, *, default: str, **orders: Column) -> None:
        """Name the orders; `default` may begin with ``-``."""
        self.identity, self.default, self.orders = identity, default, orders

    def apply(self, statement: Select[*Ts], request: PageRequest) -> Select[*Ts]:
        """Order, continue after the cursor, and take one row more than the page to see the end.

        Raises:
            InvalidInput: no such order, or a cursor that this list did not give in this order.
        """
        return self.shape(statement, request).params(**self.place_of(request))

    def shape(self, statement: Select[*Ts], request: PageRequest) -> Select[*Ts]:
        """The applied statement without the cursor's values: the same for every cursor.

        The limit is part of the text: as a parameter it would make PostgreSQL plan anew each time.

        Raises:
            InvalidInput: no such order.
        """
        name, descending = self._order_of(request)
        column = self.orders[name]
        if request.after is not None:
            statement = statement.where(_later(column, self.identity, descending=descending))
        ordering = _ordering(column, self.identity, descending=descending)
        return statement.order_by(*ordering).limit(literal_column(str(request.limit + 1)))

    def place_of(self, request: PageRequest) -> dict[str, Any]:
        """The cursor's values as parameters of the shape; none on the first page.

        Raises:
            InvalidInput: no such order, or a cursor that this list did not give in this order.
        """
        if request.after is None:
            return {}
        value, last = self._read(request.after, request)
        return {"after_value": value, "after_id": last}

    def page(
        self,
        rows: Sequence[R],
        request: PageRequest,
        make: Callable[[R], T],
    ) -> Page[T]:
        """Build the page from the rows of an applied statement.

        Args:
            rows: each with the identity under its own name and the order's column as
                ``order_value``.
            make: builds an item of a row.
        """
        shown = rows[: request.limit]
        following = self._write(shown[-1], request) if len(rows) > request.limit else None
        return Page(items=[make(row) for row in shown], next_cursor=following)

    def column_of(self, request: PageRequest) -> Column:
        """Name the column that the asked order goes by."""
        return self.orders[self._order_of(request)[0]]

    def _order_of(self, request: PageRequest) -> tuple[str, bool]:
        sort = request.sort or self.default
        name = sort.removeprefix("-")
        if name not in self.orders:
            raise InvalidInput(
                field_error(
                    "sort",
                    "order-unknown",
                    "This list has no order {sort}; it has {orders}.",
                    sort=sort,
                    orders=", ".join(sorted(self.orders)),
                )
            )
        return name, sort.startswith("-")

    def _write(self, row: Any, request: PageRequest) -> str:
        return encode_cursor(
            [request.sort or self.default, row.order_value, getattr(row, self.identity.key)]
        )

    def _read(self, cursor: str, request: PageRequest) -> tuple[Any, Any]:
        kind = _cursor_type(self.column_of(request), self.identity)
        sort, value, last = decode_cursor(cursor, kind)
        if sort != (request.sort or self.default):
            raise cursor_invalid()
        return value, last


def _ordering(column: Column, identity: Column, *, descending: bool) -> list[ColumnElement[Any]]:
    columns = [identity] if column is identity else [column, identity]
    return [item.desc() if descending else item.asc() for item in columns]


def _later(column: Column, identity: Column, *, descending: bool) -> ColumnElement[bool]:
    place = tuple_(column, identity)
    bound = tuple_(
        bindparam("after_value", type_=column.type), bindparam("after_id", type_=identity.type)
    )
    return place < bound if descending else place > bound


@cache
def _cursor_type(column: Column, identity: Column) -> Any:
    value, last = column.type.python_type, identity.type.python_type
    return tuple[str, value, last]  # type: ignore[valid-type]  # types made of values
