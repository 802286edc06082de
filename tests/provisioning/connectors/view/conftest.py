import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from sindico_platform.embedded.postgres import EmbeddedPostgres
from sindico_provisioning.connectors.view.schemas import Dialect
from tests.provisioning.connectors.view.databases import RunningDatabase, server_of
from tests.support.servers.certificates import Certificates
from tests.support.servers.mariadb import MariaDb, run_mariadb
from tests.support.servers.postgres import Postgres, furnish, run_tls_door

TABLE = (
    "CREATE TABLE clientes (codigo varchar(20) PRIMARY KEY, nome varchar(200), "
    "documento decimal(14), situacao char(1), alterado {instant})"
)
VIEW = "CREATE VIEW v_clientes AS SELECT codigo, nome, documento, situacao, alterado FROM clientes"


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
async def erp_postgres(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Postgres]:
    with EmbeddedPostgres(tmp_path_factory.mktemp("erp"), durable=False) as running:
        yield await furnish(running)


@pytest.fixture(scope="session")
async def tls_door(erp_postgres: Postgres, certificates: Certificates) -> AsyncIterator[int]:
    async with run_tls_door(erp_postgres.port, certificates.right()) as port:
        yield port


@pytest.fixture(scope="session")
def erp_mariadb(
    tmp_path_factory: pytest.TempPathFactory, certificates: Certificates
) -> Iterator[MariaDb]:
    with run_mariadb(
        tmp_path_factory.mktemp("mariadb"), certificate=certificates.right()
    ) as running:
        yield running


@pytest.fixture
async def postgres(erp_postgres: Postgres, tls_door: int) -> AsyncIterator[RunningDatabase]:
    running = erp_postgres
    await running.execute(
        TABLE.format(instant="timestamp"), VIEW, "GRANT SELECT ON v_clientes TO leitura, cifrado"
    )
    yield RunningDatabase(
        server=server_of(Dialect.POSTGRESQL, running.port),
        tls_port=tls_door,
        schema="public",
        execute=running.execute,
    )
    await running.execute("DROP TABLE clientes CASCADE")


@pytest.fixture
async def mariadb(erp_mariadb: MariaDb) -> AsyncIterator[RunningDatabase]:
    async def execute(*statements: str) -> None:
        await asyncio.to_thread(erp_mariadb.execute, *statements)

    await execute(TABLE.format(instant="datetime(6)"), VIEW)
    yield RunningDatabase(
        server=server_of(Dialect.MYSQL, erp_mariadb.port),
        tls_port=erp_mariadb.port,
        schema="erp",
        execute=execute,
    )
    await execute("DROP VIEW IF EXISTS v_clientes", "DROP TABLE clientes")


KINDS = [
    pytest.param("postgres", id="postgresql"),
    pytest.param("mariadb", id="mariadb", marks=pytest.mark.stack),
]


@pytest.fixture(params=KINDS)
def running(request: pytest.FixtureRequest) -> RunningDatabase:
    """The same views in each kind of database."""
    found: RunningDatabase = request.getfixturevalue(request.param)
    return found
