"""SQL Server, by python-tds."""

import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import certifi
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.pool import StaticPool

from sindico_platform.connection_tests.schemas import Mistake
from sindico_platform.egress.pinning import only_to
from sindico_provisioning.connectors.view import errors
from sindico_provisioning.connectors.view.drivers.schemas import Doorway, Driver
from sindico_provisioning.connectors.view.session import (
    SIGN_IN_SECONDS,
    Desk,
    Session,
    ThreadSession,
    shut,
)

VIEWS = """
    SELECT table_schema, table_name,
        CASE table_type WHEN 'VIEW' THEN 'view' ELSE 'table' END AS kind
    FROM information_schema.tables
    ORDER BY 3 DESC, 1, 2
"""
BY_NUMBER = {
    18456: errors.LOGIN_REFUSED,
    18486: errors.LOGIN_REFUSED,
    18487: errors.LOGIN_REFUSED,
    18488: errors.LOGIN_REFUSED,
    18452: errors.LOGIN_REFUSED,
    4060: errors.DATABASE_MISSING,
    916: errors.DATABASE_DENIED,
    229: errors.VIEW_DENIED,
    230: errors.VIEW_DENIED,
    208: errors.VIEW_MISSING,
    207: errors.COLUMN_MISSING,
    1222: errors.STATEMENT_TIMED_OUT,
    17809: errors.TOO_MANY_CONNECTIONS,
    10928: errors.TOO_MANY_CONNECTIONS,
    40613: errors.NOT_READY,
    596: errors.CONNECTION_LOST,
    6005: errors.NOT_READY,
}


async def open_session(way: Doorway) -> Session:
    desk = Desk()
    try:
        with only_to(way.address):
            engine, connection = await desk.call(_connect, way)
    except BaseException:
        shut(way.sock)
        desk.leave()
        raise
    return ThreadSession(
        desk,
        engine,
        connection,
        opening=(),
        hang_up=partial(shut, way.sock),
        seconds=way.server.statement_seconds,
    )


def _connect(way: Doorway) -> tuple[Engine, Connection]:
    import pytds  # only where the extra is installed

    way.sock.setblocking(True)
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as authorities:
        authorities.write(way.server.ca_certificate or "")
        authorities.flush()
        driver = pytds.connect(**_arguments(way, authorities.name), sock=EndingSocket(way.sock))
    engine = create_engine(
        "mssql+pymssql://", module=pytds, creator=lambda: driver, poolclass=StaticPool
    )
    return engine, engine.connect()


class EndingSocket:
    """A socket that says of a broken connection what the driver takes as the end of its attempt.

    Told of it as it is, the driver sleeps until the time for signing in is over, and then calls it
    a time-out.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._sock, name)
        return self._guarded(found) if callable(found) else found

    @staticmethod
    def _guarded(call: Callable[..., Any]) -> Callable[..., Any]:
        def tell(*args: Any, **options: Any) -> Any:
            with _as_end():
                return call(*args, **options)

        return tell


@contextmanager
def _as_end() -> Iterator[None]:
    try:
        yield
    except ConnectionError as error:
        raise EOFError(str(error)) from error


def _arguments(way: Doorway, authorities: str) -> dict[str, Any]:
    server = way.server
    trusted = authorities if server.ca_certificate else certifi.where()
    return {
        "dsn": way.host,
        "port": server.port,
        "database": server.database,
        "user": server.username,
        "password": server.password.reveal(),
        "login_timeout": SIGN_IN_SECONDS,
        "timeout": server.statement_seconds,
        "appname": "sindico",
        "cafile": None if way.tls is None else trusted,
        "validate_host": True,
        "readonly": True,
        "disable_connect_retry": True,
    }


def find_mistake(error: BaseException) -> Mistake | None:
    number = getattr(error, "msg_no", None) or getattr(error, "number", None)
    if isinstance(number, int) and number:
        return BY_NUMBER.get(number)
    if "encryption" in str(error).lower():
        return errors.TLS_DEMANDED if "require" in str(error).lower() else errors.TLS_NOT_OFFERED
    if isinstance(error, TimeoutError) or "timeout" in type(error).__name__.lower():
        return errors.STATEMENT_TIMED_OUT
    if type(error).__name__ in {"ClosedConnectionError", "InterfaceError"}:
        return errors.CONNECTION_LOST
    return None


DRIVER = Driver(
    label="SQL Server",
    module="pytds",
    extra="sqlserver",
    open=open_session,
    find_mistake=find_mistake,
    has_read_only=False,
    views=VIEWS,
)
