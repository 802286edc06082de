"""MySQL and MariaDB, by PyMySQL."""

from functools import partial
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.dialects.mysql.pymysql import MySQLDialect_pymysql
from sqlalchemy.pool import StaticPool
from sqlalchemy.types import NullType

from sindico_platform.connection_tests.schemas import Mistake
from sindico_provisioning.connectors.view import errors
from sindico_provisioning.connectors.view.drivers.schemas import Doorway, Driver, Reflected
from sindico_provisioning.connectors.view.session import (
    SIGN_IN_SECONDS,
    Desk,
    Session,
    ThreadSession,
    shut,
)

VIEWS = """
    SELECT table_schema, table_name,
        CASE WHEN table_type LIKE '%VIEW' THEN 'view' ELSE 'table' END AS kind
    FROM information_schema.tables
    WHERE table_schema NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys')
    ORDER BY 3 DESC, 1, 2
"""
COLUMNS = """
    SELECT column_name, data_type, column_type FROM information_schema.columns
    WHERE table_schema = COALESCE(:schema, DATABASE()) AND table_name = :view
    ORDER BY ordinal_position
"""
BY_NUMBER = {
    1044: errors.DATABASE_DENIED,
    1045: errors.LOGIN_REFUSED,
    1049: errors.DATABASE_MISSING,
    1130: errors.ADDRESS_UNWELCOME,
    1040: errors.TOO_MANY_CONNECTIONS,
    1203: errors.TOO_MANY_CONNECTIONS,
    1226: errors.TOO_MANY_CONNECTIONS,
    1053: errors.NOT_READY,
    1142: errors.VIEW_DENIED,
    1143: errors.VIEW_DENIED,
    1146: errors.VIEW_MISSING,
    1054: errors.COLUMN_MISSING,
    1698: errors.LOGIN_REFUSED,
    1820: errors.LOGIN_REFUSED,
    1969: errors.STATEMENT_TIMED_OUT,
    3024: errors.STATEMENT_TIMED_OUT,
    3118: errors.LOGIN_REFUSED,
    3159: errors.TLS_DEMANDED,
    1927: errors.CONNECTION_LOST,
    2006: errors.CONNECTION_LOST,
    2013: errors.CONNECTION_LOST,
    4031: errors.CONNECTION_LOST,
}
READ_GRACE_SECONDS = 10
_CANNOT_CONNECT = 2003
_TYPES: dict[str, Any] = MySQLDialect_pymysql.ischema_names


async def open_session(way: Doorway) -> Session:
    desk = Desk()
    try:
        engine, connection = await desk.call(_connect, way)
    except BaseException:
        shut(way.sock)
        desk.leave()
        raise
    return ThreadSession(
        desk,
        engine,
        connection,
        opening=("START TRANSACTION READ ONLY",),
        hang_up=partial(shut, way.sock),
        seconds=way.server.statement_seconds,
    )


def _connect(way: Doorway) -> tuple[Engine, Connection]:
    import pymysql  # only where the extra is installed

    server = way.server
    way.sock.setblocking(True)
    driver = pymysql.connect(
        host=way.host,
        port=server.port,
        user=server.username,
        password=server.password.reveal(),
        database=server.database,
        charset="utf8mb4",
        ssl=way.tls,
        ssl_disabled=way.tls is None,
        connect_timeout=SIGN_IN_SECONDS,
        read_timeout=server.statement_seconds + READ_GRACE_SECONDS,
        local_infile=False,
        defer_connect=True,
    )
    driver.connect(way.sock)
    engine = create_engine("mysql+pymysql://", creator=lambda: driver, poolclass=StaticPool)
    dialect: Any = engine.dialect
    dialect._sscursor = _streaming_cursor()  # noqa: SLF001  (there is no other way to choose it)
    connection = engine.connect()
    _bound_statements(connection, server.statement_seconds)
    return engine, connection


def _streaming_cursor() -> type[Any]:
    from pymysql.cursors import SSCursor  # only where the extra is installed

    class StreamingCursor(SSCursor):
        """Ends the connection if closed before its end, to which the driver's own reads on."""

        connection: Any
        _result: Any

        def close(self) -> None:
            if self._result is not None and self._result.unbuffered_active:
                self._result.unbuffered_active = False
                if self.connection is not None and self.connection.open:
                    self.connection.close()
            super().close()

        __del__ = close

    return StreamingCursor


def _bound_statements(connection: Connection, seconds: int) -> None:
    is_mariadb = getattr(connection.dialect, "is_mariadb", False)
    limit = (
        f"max_statement_time = {seconds}"
        if is_mariadb
        else (f"max_execution_time = {seconds * 1000}")
    )
    connection.exec_driver_sql(f"SET SESSION {limit}")
    connection.rollback()  # lint-skip: raw-session (another database than ours)


def reflect(connection: Connection, schema: str | None, view: str) -> list[Reflected]:
    """The columns of a view; SQLAlchemy's way would need the right to see how it is written."""
    rows = connection.execute(text(COLUMNS), {"schema": schema, "view": view}).all()
    return [
        Reflected(name=name, kind=_TYPES.get(kind, NullType)(), label=label)
        for name, kind, label in rows
    ]


def find_mistake(error: BaseException) -> Mistake | None:
    number = error.args[0] if error.args else None
    if number == _CANNOT_CONNECT or "SSL" in str(error):
        return errors.TLS_NOT_OFFERED if "doesn't support SSL" in str(error) else None
    if isinstance(number, int):
        return BY_NUMBER.get(number)
    if isinstance(error, TimeoutError):
        return errors.LOGIN_TIMED_OUT
    return None


DRIVER = Driver(
    label="MySQL / MariaDB",
    module="pymysql",
    extra="mysql",
    open=open_session,
    find_mistake=find_mistake,
    views=VIEWS,
    reflect=reflect,
)
