"""Each mistake that people make with a database is told apart, on the databases themselves."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from sindico_platform.connection_tests.schemas import Stage, StageStatus
from sindico_platform.egress import EgressGuard
from sindico_platform.egress.ranges import LOOPBACK
from sindico_platform.settings import Secret
from sindico_provisioning.connectors.view import reaching, session
from sindico_provisioning.connectors.view.drivers import postgresql
from sindico_provisioning.connectors.view.schemas import Dialect, TlsMode
from sindico_provisioning.connectors.view.session import SIGN_IN_SECONDS
from tests.provisioning.connectors.view.databases import (
    HOST,
    Diagnosis,
    RunningDatabase,
    diagnose,
    server_of,
    walk_test,
)
from tests.support.servers.certificates import Certificates

LEAKS = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""Oracle's driver leaves a socket to the collector when the other side hangs up at once."""

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]


async def test_a_test_that_succeeds_leaves_evidence_of_each_stage(
    running: RunningDatabase, certificates: Certificates
) -> None:
    server = running.over_tls(ca_certificate=certificates.ca_pem)

    results = await walk_test(server, running.source())

    assert {result.status for result in results} == {StageStatus.SUCCEEDED}
    said = {item.stage: (item.evidence or "").format(**item.facts) for item in results}
    assert "TLS" in said[Stage.TLS]
    assert "leitura" in said[Stage.AUTHENTICATE]
    assert "30" in said[Stage.TRANSACTION]
    assert "v_clientes" in said[Stage.VIEWS]
    assert "v_clientes" in said[Stage.READ]


async def test_without_tls_or_a_mapping_these_stages_are_left_out(running: RunningDatabase) -> None:
    results = await walk_test(running.server)

    skipped = {result.stage for result in results if result.status is StageStatus.SKIPPED}
    assert skipped == {Stage.TLS, Stage.READ}


async def test_a_database_that_falls_silent_is_left(
    postgres: RunningDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is to end its statements itself, but nobody can rely on that."""
    monkeypatch.setattr(session, "GRACE_SECONDS", 0)
    left = asyncio.Event()

    async def pass_back(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while sent := await reader.read(1 << 16):
            writer.write(sent)

    async def fall_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, questions = await asyncio.open_connection(HOST, postgres.server.port)
        back = asyncio.create_task(pass_back(answers, writer))
        is_silent = False
        with suppress(ConnectionError):
            while sent := await reader.read(1 << 16):
                is_silent = is_silent or b"pg_catalog.pg_class" in sent
                questions.write(b"" if is_silent else sent)
        questions.close()
        writer.close()
        await back
        left.set()

    async with listening(fall_silent) as port:
        found = await diagnose(replace(postgres.server, port=port, statement_seconds=1))
        await left.wait()

    assert found is not None
    assert found.code == "view-connection-lost"  # at whatever stage a slow machine was by then


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"password": Secret("errada")}, Diagnosis(Stage.AUTHENTICATE, "view-login-refused")),
        ({"username": "ninguem"}, Diagnosis(Stage.AUTHENTICATE, "view-login-refused")),
        ({"port": 1}, Diagnosis(Stage.CONNECT, "connection-refused")),
        ({"host": "no-such-host.invalid"}, Diagnosis(Stage.RESOLVE, "dns-not-found")),
    ],
    ids=["password", "user", "port", "host"],
)
async def test_what_is_typed_wrong(
    running: RunningDatabase, changes: dict[str, Any], expected: Diagnosis
) -> None:
    found = await diagnose(replace(running.server, **changes))

    if changes.get("username") and running.server.dialect is Dialect.POSTGRESQL:
        expected = Diagnosis(Stage.AUTHENTICATE, "view-address-unwelcome")
    assert found == expected


async def test_a_database_that_does_not_exist(postgres: RunningDatabase) -> None:
    found = await diagnose(replace(postgres.server, database="outro"))

    assert found == Diagnosis(Stage.AUTHENTICATE, "view-database-missing")


@pytest.mark.stack
async def test_a_database_that_mariadb_hides(mariadb: RunningDatabase) -> None:
    """To users without rights on everything it does not tell whether a database exists."""
    for name in ("outro", "alheio"):
        found = await diagnose(replace(mariadb.server, database=name))
        assert found == Diagnosis(Stage.AUTHENTICATE, "view-database-denied")
    found = await diagnose(replace(mariadb.server, database="outro", username="administra"))
    assert found == Diagnosis(Stage.AUTHENTICATE, "view-database-missing")


async def test_a_database_that_the_user_may_not_use(postgres: RunningDatabase) -> None:
    found = await diagnose(replace(postgres.server, database="fechado"))

    assert found == Diagnosis(Stage.AUTHENTICATE, "view-database-denied")


async def test_a_user_that_sees_nothing(postgres: RunningDatabase) -> None:
    found = await diagnose(replace(postgres.server, username="cego"))

    assert found == Diagnosis(Stage.VIEWS, "view-none-visible")


async def test_our_address_is_not_let_in(postgres: RunningDatabase) -> None:
    found = await diagnose(replace(postgres.server, username="distante"))

    assert found == Diagnosis(Stage.AUTHENTICATE, "view-address-unwelcome")


async def test_encryption_that_the_database_demands(running: RunningDatabase) -> None:
    found = await diagnose(replace(running.server, username="cifrado"))

    if running.server.dialect is Dialect.MYSQL:  # it says no more than that it refuses
        assert found == Diagnosis(Stage.AUTHENTICATE, "view-login-refused")
    else:
        assert found == Diagnosis(Stage.AUTHENTICATE, "view-address-unwelcome")


async def test_a_certificate_of_a_stranger(running: RunningDatabase) -> None:
    found = await diagnose(running.over_tls())

    assert found == Diagnosis(Stage.TLS, "tls-certificate-refused")


async def test_a_certificate_for_another_name(
    running: RunningDatabase, certificates: Certificates
) -> None:
    async def resolve(_: str) -> list[str]:
        return [HOST]

    guard = EgressGuard(allow=LOOPBACK, resolver=resolve)
    server = running.over_tls(host="outro.example", ca_certificate=certificates.ca_pem)

    found = await diagnose(server, guard=guard)

    assert found == Diagnosis(Stage.TLS, "tls-certificate-other-name")


async def test_encryption_that_the_database_lacks(postgres: RunningDatabase) -> None:
    found = await diagnose(replace(postgres.server, tls=TlsMode.VERIFIED))

    assert found == Diagnosis(Stage.TLS, "view-tls-not-offered")


async def test_a_right_that_is_missing(running: RunningDatabase) -> None:
    await running.execute("CREATE TABLE segredo (codigo varchar(20))")
    try:
        found = await diagnose(
            running.server,
            running.source(view="segredo", columns={"id_erp": "codigo"}, watermark=None),
        )
    finally:
        await running.execute("DROP TABLE segredo")

    if running.server.dialect is Dialect.MYSQL:
        assert found is None  # the user may read the whole database
    else:
        assert found == Diagnosis(Stage.READ, "view-denied")


async def test_a_view_and_a_column_that_are_gone(running: RunningDatabase) -> None:
    gone = await diagnose(running.server, running.source(view="v_outra"))
    poorer = await diagnose(
        running.server, running.source(columns={"id_erp": "codigo", "razao_social": "fantasia"})
    )

    assert gone == Diagnosis(Stage.READ, "view-missing")
    assert poorer == Diagnosis(Stage.READ, "view-column-missing")


async def test_a_private_address_is_refused(running: RunningDatabase) -> None:
    found = await diagnose(running.server, guard=EgressGuard())

    assert found == Diagnosis(Stage.RESOLVE, "egress-address-refused")


@asynccontextmanager
async def listening(serve: Serve) -> AsyncIterator[int]:
    server = await asyncio.start_server(serve, HOST, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@LEAKS
@pytest.mark.parametrize("dialect", list(Dialect), ids=str)
async def test_what_hangs_up_is_no_database(dialect: Dialect) -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with listening(hang_up) as port:
        found = await diagnose(server_of(dialect, port))

    assert found == Diagnosis(Stage.AUTHENTICATE, "view-not-a-database")


@LEAKS
@pytest.mark.parametrize("dialect", list(Dialect), ids=str)
async def test_what_breaks_off_is_no_database(dialect: Dialect) -> None:
    async def break_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if dialect in {Dialect.POSTGRESQL, Dialect.SQLSERVER, Dialect.ORACLE}:  # they speak first
            await reader.read(1)
        connection = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async with asyncio.timeout(SIGN_IN_SECONDS / 2), listening(break_off) as port:
        found = await diagnose(server_of(dialect, port))

    assert found == Diagnosis(Stage.AUTHENTICATE, "view-not-a-database")


@LEAKS
@pytest.mark.parametrize("dialect", list(Dialect), ids=str)
async def test_a_web_server_is_no_database(dialect: Dialect) -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async with listening(answer) as port:
        found = await diagnose(server_of(dialect, port))

    assert found == Diagnosis(Stage.AUTHENTICATE, "view-not-a-database")


@pytest.mark.parametrize("dialect", list(Dialect), ids=str)
async def test_what_says_nothing_times_out_and_is_not_called_refused(
    dialect: Dialect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reaching, "SIGN_IN_SECONDS", 0.3)
    monkeypatch.setattr(postgresql, "SIGN_IN_SECONDS", 0.3)
    over = asyncio.Event()

    async def keep_quiet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()

    async with listening(keep_quiet) as port:
        found = await diagnose(server_of(dialect, port))
        over.set()

    assert found == Diagnosis(Stage.AUTHENTICATE, "view-login-timed-out")


async def test_a_driver_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)

    found = await diagnose(server_of(Dialect.ORACLE, 1521))

    assert found is not None
    assert found.code == "view-driver-missing"


def test_a_driver_confused_after_signing_in_has_lost_its_connection() -> None:
    said = asyncpg.InternalClientError("cannot switch to state 15")

    told = reaching.explain(server_of(Dialect.POSTGRESQL, 5432), "v_clientes", said)

    assert told.code == "view-connection-lost"
