"""A customer's database, its views, and what of them is read into which table."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from sindico_platform.connection_tests.schemas import Stage
from sindico_platform.schemas import Output
from sindico_platform.settings import Secret


class Dialect(StrEnum):
    """Kinds of database that are read."""

    POSTGRESQL = "postgresql"
    SQLSERVER = "sqlserver"
    ORACLE = "oracle"
    MYSQL = "mysql"
    """MariaDB too."""


class TlsMode(StrEnum):
    """How the connection is protected."""

    VERIFIED = "verified"
    """Encrypted, and the server's certificate must be for its name."""
    NONE = "none"


DEFAULT_PORTS = {
    Dialect.POSTGRESQL: 5432,
    Dialect.SQLSERVER: 1433,
    Dialect.ORACLE: 1521,
    Dialect.MYSQL: 3306,
}
CHECK_STAGES = (
    Stage.RESOLVE,
    Stage.CONNECT,
    Stage.TLS,
    Stage.AUTHENTICATE,
    Stage.TRANSACTION,
    Stage.VIEWS,
    Stage.READ,
)
"""What a connection test walks."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ViewServer:
    """Where a customer's database is and as whom to read it."""

    dialect: Dialect
    host: str
    port: int
    database: str
    """In Oracle, the service's name."""
    username: str
    password: Secret[str]
    tls: TlsMode
    ca_certificate: str | None
    time_zone: str
    """That of instants which the database keeps without one."""
    statement_seconds: int
    """How long one statement may take."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ViewSource:
    """Which columns of which view become which fields of a table."""

    table: str
    schema: str | None
    view: str
    columns: Mapping[str, str]
    """Column by field; `id_erp` is always there."""
    watermark: str | None = None
    """Column that grows whenever a row is changed."""
    overlap_minutes: int = 0
    """For watermarks that are instants or dates: how far before the highest seen a load begins."""
    is_complete: bool = False
    """The view shows all that the ERP has, so that what it no longer shows is gone."""
    origin: str = ""
    """Which database it is; in another one nothing can be read on."""

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.schema}.{self.view}" if self.schema else self.view

    @property
    def print(self) -> str:
        """The same as long as a cursor made with it still leads on."""
        kept = (self.origin, self.schema, self.view, sorted(self.columns.items()), self.watermark)
        return hashlib.sha256(msgspec.json.encode(kept)).hexdigest()[:16]


class ColumnSort(StrEnum):
    """Sorts of column, as far as a mapping minds."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    DATE = "date"
    DATETIME = "datetime"
    BOOLEAN = "boolean"
    BINARY = "binary"
    OTHER = "other"


class FoundView(Output, kw_only=True, frozen=True):
    """One view or table that the database's user may see."""

    db_schema: str | None
    name: str
    kind: str
    """`view` or `table`."""


class FoundColumn(Output, kw_only=True, frozen=True):
    """One column of a view."""

    name: str
    type: str
    """As the database calls it."""
    sort: ColumnSort
