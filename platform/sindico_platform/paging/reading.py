"""Read rows straight into structs: a column for each field of the struct, no ORM entity between."""

from collections.abc import Iterable
from typing import Any, Generic, TypeVar

import msgspec
from sqlalchemy import ColumnElement, Row, func, literal, select

from sindico_platform.database.base import Base
from sindico_platform.database.tx import Tx
from sindico_platform.paging.keyset import Keyset
from sindico_platform.paging.schemas import Page, PageRequest

T = TypeVar("T", bound=msgspec.Struct)


class StructReader(Generic[T]):
    """Reads rows of one table as one kind of struct, whose fields are columns of the table."""

    def __init__(self, struct: type[T], table: type[Base]) -> None:
        self._struct, self._names, self._table = struct, struct.__struct_fields__, table
        self._columns = [getattr(table, name) for name in self._names]

    async def find(self, tx: Tx, *conditions: ColumnElement[bool]) -> T | None:
        """Read the one row that meets the conditions, which name a key."""
        found = (await tx.session.execute(select(*self._columns).where(*conditions))).one_or_none()
        return None if found is None else self._make(found)

    async def count(self, tx: Tx, *, most: int) -> int:
        """Count the bound tenant's rows, and stop at `most`."""
        some = select(literal(1)).select_from(self._table).limit(most).subquery()
        return await tx.session.scalar(select(func.count()).select_from(some)) or 0

    async def page(
        self,
        tx: Tx,
        orders: Keyset,
        request: PageRequest,
        conditions: Iterable[ColumnElement[bool]] = (),
    ) -> Page[T]:
        """Read the asked page of the rows that meet the conditions, in one statement."""
        order = orders.column_of(request).label("order_value")
        statement = orders.apply(select(*self._columns, order).where(*conditions), request)
        rows: Any = (await tx.session.execute(statement)).all()
        return orders.page(rows, request, self._make)

    def _make(self, row: Row[Any]) -> T:
        return self._struct(**dict(zip(self._names, row, strict=False)))
