"""Read rows straight into structs: a column for each field of the struct, no ORM entity between."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Row, func, literal, select

from sindico_platform.database.base import Base, TenantRow
from sindico_platform.database.binding import bind_first, in_driver_form
from sindico_platform.database.driver import Row as Record
from sindico_platform.database.tx import Tx
from sindico_platform.paging.keyset import Keyset
from sindico_platform.paging.schemas import Page, PageRequest

T = TypeVar("T", bound=msgspec.Struct)

MAX_SHAPES = 500
ANY_CURSOR = ""
"""Stands for every cursor, as what is asked for has the same shape."""


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


class Fetches(Protocol):
    """Reads in the name of one tenant: `Tx` or `Reading`."""

    @property
    def tenant_id(self) -> UUID: ...

    async def fetch(self, statement: str, *values: Any) -> list[Record]: ...


class ListReader(Generic[T]):
    """Reads pages of one list at full speed: each shape of its statement is built once.

    The statement binds the tenant itself, so it needs no transaction around it.
    """

    def __init__(
        self,
        struct: type[T],
        table: type[TenantRow],
        orders: Keyset,
        filters: Mapping[str, ColumnElement[bool]],
    ) -> None:
        """Name the list's parts.

        Args:
            filters: conditions by name, each with one ``bindparam`` of the same name.
        """
        self._struct, self._names, self._tenant = struct, struct.__struct_fields__, table.tenant_id
        self._columns = [getattr(table, name) for name in self._names]
        self._orders, self._filters = orders, filters
        self._shape = lru_cache(MAX_SHAPES)(self._build_shape)

    async def page(self, tx: Fetches, request: PageRequest, wanted: Mapping[str, Any]) -> Page[T]:
        """Read the asked page of the rows that meet the wanted filters, in one statement.

        Args:
            wanted: by name of the filter, the value of its parameter; None leaves the filter out.

        Raises:
            InvalidInput: no such order, or a cursor that this list did not give in this order.
        """
        values = {name: value for name, value in wanted.items() if value is not None}
        alike = replace(request, after=ANY_CURSOR) if request.after is not None else request
        statement, names = self._shape(alike, tuple(values))
        values |= self._orders.place_of(request) | {"tenant_id": str(tx.tenant_id)}
        rows = await tx.fetch(statement, *(values[name] for name in names))
        return self._orders.page(rows, request, self._make)

    def _build_shape(
        self, request: PageRequest, wanted: tuple[str, ...]
    ) -> tuple[str, tuple[str, ...]]:
        order = self._orders.column_of(request).label("order_value")
        conditions = [self._filters[name] for name in wanted]
        rows = self._orders.shape(select(*self._columns, order).where(*conditions), request)
        return in_driver_form(bind_first(rows, self._tenant))

    def _make(self, row: Record) -> T:
        return self._struct(**dict(zip(self._names, row, strict=False)))
