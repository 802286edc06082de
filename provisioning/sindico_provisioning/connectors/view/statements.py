"""The SELECTs that a view is read with, for every dialect."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnClause,
    ColumnElement,
    LargeBinary,
    Select,
    TableClause,
    Text,
    and_,
    cast,
    column,
    func,
    literal,
    or_,
    select,
    table,
    tuple_,
)
from sqlalchemy.types import TypeEngine

from sindico_provisioning.connectors.view import errors
from sindico_provisioning.connectors.view.drivers.schemas import Reflected
from sindico_provisioning.connectors.view.keyset import Place, Step
from sindico_provisioning.connectors.view.schemas import ViewSource


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """How a mapped view is read: each column once, and where each field finds its own."""

    source: ViewSource
    columns: tuple[str, ...]
    types: dict[str, TypeEngine[Any]]
    """Of all columns of the view."""
    row_comparison: bool

    @property
    def view(self) -> TableClause:
        columns: list[ColumnClause[Any]] = [column(name) for name in self.columns]
        return table(self.source.view, *columns, schema=self.source.schema)

    def typed(self, name: str) -> ColumnElement[Any]:
        """A column to compare with, so that what it is compared with is sent as its type."""
        return column(name, self.types[name])

    @property
    def key(self) -> ColumnElement[Any]:
        return self.typed(self.source.columns["id_erp"])

    @property
    def mark(self) -> ColumnElement[Any] | None:
        return None if self.source.watermark is None else self.typed(self.source.watermark)


def lay_out(source: ViewSource, columns: Sequence[Reflected], *, row_comparison: bool) -> Layout:
    """Plan the reading of a view.

    Args:
        columns: all that it has.

    Raises:
        Terminal: ``view-column-missing``.
    """
    wanted = [*source.columns.values(), *([source.watermark] if source.watermark else [])]
    types = {column.name: column.kind for column in columns}
    if lost := [name for name in wanted if name not in types]:
        raise errors.COLUMN_MISSING.error(view=source.name, columns=", ".join(lost))
    return Layout(
        source=source,
        columns=tuple(dict.fromkeys(wanted)),
        types=types,
        row_comparison=row_comparison,
    )


def select_page(layout: Layout, place: Place, *, rows: int) -> Select[Any]:
    """The rows from a place on, at most `rows`."""
    statement: Select[Any] = select(layout.view).limit(rows)
    if place.step is Step.KEYLESS:
        return statement.where(layout.key.is_(None))
    if place.step is Step.KEYS or layout.mark is None:
        from_key = [] if place.key is None else [layout.key >= place.key]
        return statement.where(layout.key.is_not(None), *from_key).order_by(layout.key)
    return statement.where(*_from_mark(layout, layout.mark, place)).order_by(
        layout.mark, layout.key
    )


def tell_ahead(
    layout: Layout, place: Place, *, rows: int, wide: Sequence[int], ahead: Sequence[int]
) -> Select[Any]:
    """The same rows, and after their columns how many bytes the wide ones take in those to come.

    Args:
        wide: places of the columns.
        ahead: of how many rows to come; a column for each.
    """
    page = select_page(layout, place, rows=rows).subquery("page")
    columns = [*page.c]
    bytes_of_row = sum(
        (_bytes_in(columns[at], layout.types[layout.columns[at]]) for at in wide),
        start=literal(0),
    )
    coming = [func.sum(bytes_of_row).over(rows=(1, number)) for number in ahead]
    return select(*columns, *coming).order_by(*(page.c[name] for name in _order_of(layout, place)))


def _bytes_in(value: ColumnElement[Any], kind: TypeEngine[Any]) -> ColumnElement[int]:
    text = value if isinstance(kind, LargeBinary) else cast(value, Text)
    return func.coalesce(func.octet_length(text), 0)


def _order_of(layout: Layout, place: Place) -> Sequence[str]:
    """Columns that the rows of a page are in the order of."""
    if place.step is Step.KEYLESS:
        return ()
    key = layout.source.columns["id_erp"]
    if place.step is Step.KEYS or layout.source.watermark is None:
        return (key,)
    return (layout.source.watermark, key)


def _from_mark(
    layout: Layout, mark: ColumnElement[Any], place: Place
) -> Sequence[ColumnElement[bool]]:
    if place.key is None:
        return [mark >= place.mark]
    if layout.row_comparison:
        return [tuple_(mark, layout.key) >= tuple_(place.mark, place.key)]
    return [and_(mark >= place.mark, or_(mark > place.mark, layout.key >= place.key))]


def select_highest_mark(layout: Layout) -> Select[Any]:
    """The watermark that the next load begins from, if this one reads everything."""
    return select(func.max(layout.mark)).select_from(layout.view)


def select_totals(layout: Layout, amounts: Mapping[str, str]) -> Select[Any]:
    """How many rows have a key, and the sums of columns, in one pass over the view.

    Args:
        amounts: column by field.
    """
    sums = [func.sum(layout.typed(name)).label(field) for field, name in amounts.items()]
    columns: list[ColumnElement[Any]] = [func.count(layout.key).label("rows"), *sums]
    return select(*columns).select_from(layout.view).where(layout.key.is_not(None))


def select_few(layout: Layout, *, rows: int) -> Select[Any]:
    """Any rows, for looking at them."""
    return select(layout.view).limit(rows)
