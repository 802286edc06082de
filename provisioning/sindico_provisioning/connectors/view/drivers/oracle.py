"""Oracle, by python-oracledb in its thin mode."""

import re
from typing import Any

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
)

VIEWS = """
    SELECT owner, object_name, CASE object_type WHEN 'TABLE' THEN 'table' ELSE 'view' END AS kind
    FROM all_objects
    WHERE object_type IN ('VIEW', 'MATERIALIZED VIEW', 'TABLE')
        AND owner NOT IN (SELECT username FROM all_users WHERE oracle_maintained = 'Y')
    ORDER BY 3 DESC, 1, 2
"""
BY_NUMBER = {
    1017: errors.LOGIN_REFUSED,
    28000: errors.LOGIN_REFUSED,
    28001: errors.LOGIN_REFUSED,
    1045: errors.DATABASE_DENIED,
    12514: errors.DATABASE_MISSING,
    12505: errors.DATABASE_MISSING,
    12520: errors.TOO_MANY_CONNECTIONS,
    18: errors.TOO_MANY_CONNECTIONS,
    20: errors.TOO_MANY_CONNECTIONS,
    1033: errors.NOT_READY,
    1034: errors.NOT_READY,
    1089: errors.NOT_READY,
    942: errors.VIEW_MISSING,
    1031: errors.VIEW_DENIED,
    41900: errors.VIEW_DENIED,
    904: errors.COLUMN_MISSING,
    3113: errors.CONNECTION_LOST,
    3135: errors.CONNECTION_LOST,
    28: errors.CONNECTION_LOST,
    3136: errors.CONNECTION_LOST,
}
BY_OWN_CODE = {
    "DPY-4024": errors.STATEMENT_TIMED_OUT,
    "DPY-4011": errors.CONNECTION_LOST,
    "DPY-1001": errors.CONNECTION_LOST,
    "DPY-6001": errors.DATABASE_MISSING,
    "DPY-6003": errors.DATABASE_MISSING,
    "DPY-6000": errors.ADDRESS_UNWELCOME,
}
_NUMBER, _OWN_CODE = re.compile(r"ORA-(\d{5})"), re.compile(r"DPY-\d{4}")


async def open_session(way: Doorway) -> Session:
    way.sock.close()  # the driver makes its own connection, to the address that answered
    desk = Desk()
    try:
        with only_to(way.address):
            engine, connection = await desk.call(_connect, way)
    except BaseException:
        desk.leave()
        raise
    driver: Any = connection.connection.driver_connection
    return ThreadSession(
        desk,
        engine,
        connection,
        opening=("SET TRANSACTION READ ONLY",),
        hang_up=driver.cancel,
        seconds=way.server.statement_seconds,
    )


def _connect(way: Doorway) -> tuple[Engine, Connection]:
    import oracledb  # only where the extra is installed

    server = way.server
    oracledb.defaults.fetch_lobs = False
    oracledb.defaults.fetch_decimals = True
    driver = oracledb.connect(
        user=server.username,
        password=server.password.reveal(),
        host=way.address,
        port=server.port,
        service_name=server.database,
        protocol="tcp" if way.tls is None else "tcps",
        ssl_context=way.tls,
        ssl_server_dn_match=False,  # the context verifies the host's name
        tcp_connect_timeout=SIGN_IN_SECONDS,
        retry_count=0,
    )
    driver.call_timeout = server.statement_seconds * 1000
    engine = create_engine("oracle+oracledb://", creator=lambda: driver, poolclass=StaticPool)
    return engine, engine.connect()


def find_mistake(error: BaseException) -> Mistake | None:
    text = str(error)
    if found := _NUMBER.search(text):
        return BY_NUMBER.get(int(found[1]))
    if found := _OWN_CODE.search(text):
        return BY_OWN_CODE.get(found[0])
    return errors.LOGIN_TIMED_OUT if isinstance(error, TimeoutError) else None


DRIVER = Driver(
    label="Oracle",
    module="oracledb",
    extra="oracle",
    open=open_session,
    find_mistake=find_mistake,
    views=VIEWS,
)
