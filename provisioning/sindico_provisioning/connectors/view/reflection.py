"""Which views a database shows us, and what columns they have."""

from typing import Any

from sqlalchemy import Connection, inspect, text
from sqlalchemy import types as sql
from sqlalchemy.dialects import mysql as mysql_types
from sqlalchemy.dialects import oracle as oracle_types
from sqlalchemy.exc import NoSuchTableError
from sqlalchemy.types import TypeEngine

from sindico_provisioning.connectors.view import errors
from sindico_provisioning.connectors.view.drivers import DRIVERS
from sindico_provisioning.connectors.view.drivers.schemas import Reflected
from sindico_provisioning.connectors.view.schemas import (
    ColumnSort,
    FoundColumn,
    FoundView,
    ViewServer,
)

MOST_VIEWS = 5000

_SORTS: tuple[tuple[type[TypeEngine[Any]], ColumnSort], ...] = (
    (sql.Boolean, ColumnSort.BOOLEAN),
    (mysql_types.TINYINT, ColumnSort.INTEGER),
    (sql.Integer, ColumnSort.INTEGER),
    (sql.Numeric, ColumnSort.NUMBER),
    (oracle_types.DATE, ColumnSort.DATETIME),  # Oracle's dates have a time of day
    (sql.DateTime, ColumnSort.DATETIME),
    (sql.Date, ColumnSort.DATE),
    (sql.LargeBinary, ColumnSort.BINARY),
    (sql.BINARY, ColumnSort.BINARY),
    (sql.String, ColumnSort.TEXT),
)
_BY_NAME = {
    "UNIQUEIDENTIFIER": ColumnSort.TEXT,
    "BIT": ColumnSort.BOOLEAN,
    "MONEY": ColumnSort.NUMBER,
}


def list_views(connection: Connection, server: ViewServer) -> list[FoundView]:
    """Everything that the user may see, views before tables, by schema and name."""
    rows = connection.execute(text(DRIVERS[server.dialect].views)).fetchmany(MOST_VIEWS)
    as_typed = getattr(connection.dialect, "normalize_name", None)
    normal = as_typed if connection.dialect.requires_name_normalize and as_typed else str
    return [
        FoundView(db_schema=normal(row[0]), name=normal(row[1]), kind=str(row[2])) for row in rows
    ]


def list_columns(
    connection: Connection, server: ViewServer, *, schema: str | None, view: str
) -> list[FoundColumn]:
    """The columns of one view, in its own order.

    Raises:
        Terminal: ``view-missing``.
    """
    columns = reflect_columns(connection, server, schema=schema, view=view)
    return [
        FoundColumn(name=column.name, type=column.label, sort=sort_of(column.kind))
        for column in columns
    ]


def reflect_columns(
    connection: Connection, server: ViewServer, *, schema: str | None, view: str
) -> list[Reflected]:
    """The columns of one view with their types, in its own order.

    Raises:
        Terminal: ``view-missing``.
    """
    reflect = DRIVERS[server.dialect].reflect or inspect_columns
    try:
        columns = reflect(connection, schema, view)
    except NoSuchTableError as error:
        raise _missing(server, schema, view) from error
    if not columns:
        raise _missing(server, schema, view)
    return columns


def inspect_columns(connection: Connection, schema: str | None, view: str) -> list[Reflected]:
    """The columns as SQLAlchemy finds them."""
    return [
        Reflected(
            name=str(column["name"]),
            kind=column["type"],
            label=_name_of(column["type"], connection),
        )
        for column in inspect(connection).get_columns(view, schema=schema)
    ]


def _missing(server: ViewServer, schema: str | None, view: str) -> Exception:
    name = f"{schema}.{view}" if schema else view
    return errors.VIEW_MISSING.error(view=name, user=server.username)


def sort_of(kind: TypeEngine[Any]) -> ColumnSort:
    """What a column holds, as far as a mapping minds."""
    by_name = _BY_NAME.get(kind.__visit_name__.upper())
    if by_name is not None:
        return by_name
    return next((sort for of, sort in _SORTS if isinstance(kind, of)), ColumnSort.OTHER)


def _name_of(kind: TypeEngine[Any], connection: Connection) -> str:
    if isinstance(kind, sql.NullType):
        return "?"
    return kind.compile(connection.dialect).lower()
