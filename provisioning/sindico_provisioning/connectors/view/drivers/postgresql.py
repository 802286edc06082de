"""PostgreSQL, by asyncpg."""

from collections.abc import Sequence
from typing import Any

import asyncpg
from sqlalchemy.dialects.postgresql.asyncpg import (
    AsyncAdapt_asyncpg_ss_cursor,
    PGExecutionContext_asyncpg,
)
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool
from sqlalchemy.util import await_only

from sindico_platform.connection_tests.schemas import Mistake
from sindico_provisioning.connectors.view import errors
from sindico_provisioning.connectors.view.drivers.schemas import Doorway, Driver
from sindico_provisioning.connectors.view.session import SIGN_IN_SECONDS, AsyncSession, Session

VIEWS = """
    SELECT n.nspname, c.relname, CASE WHEN c.relkind IN ('v', 'm') THEN 'view' ELSE 'table' END
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('v', 'm', 'r', 'p', 'f') AND NOT c.relispartition
        AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg_%'
        AND has_schema_privilege(n.oid, 'USAGE') AND has_any_column_privilege(c.oid, 'SELECT')
    ORDER BY 3 DESC, 1, 2
"""

BY_STATE = {
    "28P01": errors.LOGIN_REFUSED,
    "28000": errors.LOGIN_REFUSED,
    "3D000": errors.DATABASE_MISSING,
    "42501": errors.VIEW_DENIED,
    "3F000": errors.VIEW_MISSING,
    "42P01": errors.VIEW_MISSING,
    "42703": errors.COLUMN_MISSING,
    "53300": errors.TOO_MANY_CONNECTIONS,
    "57014": errors.STATEMENT_TIMED_OUT,
    "57P01": errors.CONNECTION_LOST,
    "57P02": errors.CONNECTION_LOST,
    "57P03": errors.NOT_READY,
    "25006": errors.READ_ONLY_REFUSED,
}


class SlicingCursor(AsyncAdapt_asyncpg_ss_cursor):
    """Asks for as many rows as are wanted, where SQLAlchemy's asks for fifty at least."""

    __slots__ = ()

    _cursor: Any
    _handle_exception: Any

    def fetchmany(self, size: int | None = None) -> Sequence[Any]:
        try:
            rows: Sequence[Any] = await_only(self._cursor.fetch(size))
        except Exception as error:  # told as those of statements are
            self._handle_exception(error)
            raise
        return rows


class SlicingContext(PGExecutionContext_asyncpg):
    """Streams by such a cursor."""

    def create_server_side_cursor(self) -> Any:
        cursor: Any = SlicingCursor
        return cursor(self._dbapi_connection.dbapi_connection)


async def open_session(way: Doorway) -> Session:
    server = way.server
    way.sock.close()  # the driver makes its own connection, to the address that answered

    async def connect(*_: Any, **__: Any) -> asyncpg.Connection:
        return await asyncpg.connect(
            host=way.address,
            port=server.port,
            user=server.username,
            password=server.password.reveal(),
            passfile="/dev/null",
            database=server.database,
            ssl=way.tls or False,
            timeout=SIGN_IN_SECONDS,
            statement_cache_size=0,  # a pooler in between may not keep prepared statements
            server_settings={"application_name": "sindico"},
        )

    engine = create_async_engine(
        "postgresql+asyncpg://?prepared_statement_cache_size=0",
        async_creator=connect,
        poolclass=NullPool,
    )
    engine.dialect.execution_ctx_cls = SlicingContext
    connection = await engine.connect()
    driver: Any = (await connection.get_raw_connection()).driver_connection
    return AsyncSession(
        engine,
        connection,
        opening=_opening(server.statement_seconds),
        hang_up=driver.terminate,
        seconds=server.statement_seconds,
    )


def _opening(seconds: int) -> tuple[str, ...]:
    return ("SET TRANSACTION READ ONLY", f"SET LOCAL statement_timeout = {seconds * 1000}")


def find_mistake(error: BaseException) -> Mistake | None:
    state = getattr(error, "sqlstate", None)
    if isinstance(state, str):
        return _find_by_state(state, str(error))
    if isinstance(error, ConnectionError) and "SSL" in str(error):
        return errors.TLS_NOT_OFFERED
    if isinstance(error, TimeoutError):
        return errors.LOGIN_TIMED_OUT
    is_confused = isinstance(error, asyncpg.InternalClientError | asyncpg.ProtocolError)
    return errors.NOT_SPOKEN if is_confused else None


def _find_by_state(state: str, said: str) -> Mistake | None:
    if state == "28000" and "pg_hba.conf" in said:
        return errors.ADDRESS_UNWELCOME
    if state == "42501" and "database" in said:
        return errors.DATABASE_DENIED
    return BY_STATE.get(state, errors.CONNECTION_LOST if state[:2] == "08" else None)


DRIVER = Driver(
    label="PostgreSQL",
    module="asyncpg",
    extra="postgresql",
    open=open_session,
    find_mistake=find_mistake,
    views=VIEWS,
    row_comparison=True,
)
