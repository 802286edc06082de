"""A load from a database view, beside a bare cursor read of the same rows into COPY.

Source and target are two databases of one server. The load is walked by the job that production
runs: pages by key in read-only transactions, every row checked, merged into the staging under
row-level security, with cursor, counts, log and ledger. The yardstick reads a server-side cursor
and copies into a bare table with the same key.
"""

import gc
import resource
import time
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
from uuid_utils.compat import uuid4, uuid7

from benchmarks.figures import Figure, tell
from benchmarks.initial_load import find_job
from benchmarks.stack import Stack, add_tenant
from sindico_api.context import Context
from sindico_api.worker import job_services
from sindico_platform.database.tx import Actor
from sindico_platform.jobs.runner import run_job
from sindico_provisioning.connectors.view.schemas import Dialect, TlsMode
from sindico_provisioning.loads import queries, service
from sindico_provisioning.loads.models import LoadKind, LoadStatus
from sindico_provisioning.loads.schemas import PhaseOut
from sindico_provisioning.view_connections.mappings import looking
from sindico_provisioning.view_connections.mappings import service as mappings
from sindico_provisioning.view_connections.reaching import reach_stored
from sindico_provisioning.view_connections.schemas import NewViewConnectionIn, ViewMappingIn
from sindico_provisioning.view_connections.service import create_connection
from sindico_tenants.server_settings.hosts import allow_host

FEW, MANY = 50_000, 500_000
PAGE_ROWS = 10_000
USER, PASSWORD, DATABASE = "erp_leitura", "uma-senha", "erp"
FIELDS = (
    "id_erp",
    "atualizado_em",
    "pedido_id",
    "sequencia",
    "codigo_produto",
    "descricao",
    "unidade",
    "quantidade",
    "valor_unitario",
    "valor_desconto",
    "valor_total",
)
"""Columns of the view, called as the fields are."""
TABLE = "itens_pedido"
"""The longest of an ERP; nothing is analysed of it, so that the load ends with its reading."""
ITEMS = """
    CREATE TABLE itens AS
    SELECT n / 5 || '-' || n % 5 AS id_erp,
        now() - (n || ' seconds')::interval AS atualizado_em,
        (n / 5)::text AS pedido_id,
        n % 5 + 1 AS sequencia,
        'P' || n % 3000 AS codigo_produto,
        'Parafuso sextavado ' || n % 3000 AS descricao,
        'CX' AS unidade,
        (n % 90 + 0.5)::numeric(18, 6) AS quantidade,
        (n % 1000 + 0.55)::numeric(21, 10) AS valor_unitario,
        0.55::numeric(15, 2) AS valor_desconto,
        (n % 100000 + 31.25)::numeric(15, 2) AS valor_total
    FROM generate_series(1, {rows}) AS n
"""


async def measure(stack: Stack) -> list[Figure]:
    """Rows per second of a first pull and of one that finds nothing new, and their memory."""
    gc.freeze()  # as the worker does
    stack.environ["SINDICO_EGRESS_ALLOW"] = "127.0.0.0/8"
    source = await make_source(stack)
    await fill_source(source, FEW)
    async with stack.context() as context:
        tenant_id, integration_id = await make_integration(stack, context)
        await pull(context, tenant_id, integration_id)
        small = peak_megabytes()
        await fill_source(source, MANY)
        bare = [await copy_plainly(stack, source)]
        await empty_staging(stack)
        first = await pull(context, tenant_id, integration_id)
        again = await pull(context, tenant_id, integration_id)
        bare.append(await copy_plainly(stack, source))
    tell(f"bare: {bare[0]:.1f} s and {bare[1]:.1f} s")
    return figures(first, again, sum(bare) / len(bare), peak_megabytes() - small)


async def make_source(stack: Stack) -> str:
    """The customer's database with a user that reads; gives its administrator's URL."""
    connection = await asyncpg.connect(stack.admin_url)
    try:
        await connection.execute(f"CREATE USER {USER} PASSWORD '{PASSWORD}'")
        await connection.execute(f"CREATE DATABASE {DATABASE}")
    finally:
        await connection.close()
    return urlsplit(stack.admin_url)._replace(path=f"/{DATABASE}").geturl()


async def fill_source(url: str, rows: int) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("DROP TABLE IF EXISTS itens CASCADE")
        await connection.execute(ITEMS.format(rows=rows))
        await connection.execute(
            "ALTER TABLE itens ADD PRIMARY KEY (id_erp);"
            "CREATE VIEW v_itens AS SELECT * FROM itens;"
            f"GRANT SELECT ON v_itens TO {USER}"
        )
        await connection.execute("VACUUM ANALYZE itens")
    finally:
        await connection.close()


async def make_integration(
    stack: Stack, context: Context, *, domain: str = "benchmark.test"
) -> tuple[UUID, UUID]:
    """A tenant whose View integration reads the items."""
    tenant_id, where = uuid7(), urlsplit(stack.admin_url)
    data = NewViewConnectionIn(
        name="ERP",
        dialect=Dialect.POSTGRESQL,
        host=where.hostname or "",
        port=where.port,
        database=DATABASE,
        username=USER,
        password=PASSWORD,
        tls=TlsMode.NONE,
    )
    host = await allow_host(context.guard, data.host, data.port)
    assert host is not None
    actor = Actor.system(tenant_id)
    async with context.uow.begin(actor) as tx:
        await add_tenant(tx, domain=domain)
        row = await create_connection(tx, context.secrets, data=data, host=host)
        server = reach_stored(row, context.secrets)
    mapping = ViewMappingIn(
        db_schema="public", view="v_itens", columns={name: name for name in FIELDS}
    )
    columns = await looking.find_columns(context.guard, server, schema="public", view="v_itens")
    async with context.uow.begin(actor) as tx:
        await mappings.replace_mapping(
            tx,
            integration_id=row.integration_id,
            table=TABLE,
            data=mapping,
            columns=columns,
        )
    return tenant_id, row.integration_id


async def empty_staging(stack: Stack) -> None:
    connection = await asyncpg.connect(stack.urls.owner)
    try:
        await connection.execute(f"TRUNCATE staging.{TABLE}")
    finally:
        await connection.close()


async def pull(context: Context, tenant_id: UUID, integration_id: UUID) -> PhaseOut:
    """Run a load to its end; gives what its reading came to."""
    actor = Actor.system(tenant_id)
    async with context.uow.begin(actor) as tx:
        load = await service.start_load(tx, integration_id=integration_id, kind=LoadKind.INITIAL)
    while job_id := await find_job(context, tenant_id):
        await run_job(job_services(context), tenant_id=tenant_id, job_id=job_id, worker_id=uuid4())
    async with context.uow.begin(actor) as tx:
        ended = await queries.get_load(tx, load.id)
    if ended.status != LoadStatus.SUCCEEDED:
        raise RuntimeError(f"the load ended as {ended.status}: {ended.error}")
    return ended.phases[0]


async def copy_plainly(stack: Stack, source: str) -> float:
    """Seconds that a cursor's rows take into a bare table with the same key."""
    target = await asyncpg.connect(stack.urls.owner)
    reader = await asyncpg.connect(source)
    names = ", ".join(FIELDS)
    try:
        await target.execute(
            "DROP SCHEMA IF EXISTS yardstick CASCADE; CREATE SCHEMA yardstick;"
            f"CREATE TABLE yardstick.{TABLE} AS SELECT {names} FROM staging.{TABLE} LIMIT 0;"
            f"ALTER TABLE yardstick.{TABLE} ADD PRIMARY KEY (id_erp)"
        )
        begun = time.perf_counter()
        async with reader.transaction(readonly=True), target.transaction():
            cursor = await reader.cursor(f"SELECT {names} FROM v_itens")
            while rows := await cursor.fetch(PAGE_ROWS):
                await target.copy_records_to_table(
                    TABLE, schema_name="yardstick", records=rows, columns=FIELDS
                )
        return time.perf_counter() - begun
    finally:
        await reader.close()
        await target.close()


def seconds_of(phase: PhaseOut) -> float:
    assert phase.started_at is not None
    assert phase.finished_at is not None
    return (phase.finished_at - phase.started_at).total_seconds()


def peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def figures(first: PhaseOut, again: PhaseOut, bare: float, growth: float) -> list[Figure]:
    assert (first.received, first.created) == (MANY, MANY)
    assert again.unchanged == MANY
    beside: dict[str, Any] = {
        "unit": "rows/s",
        "yardstick": "bare cursor read plus COPY",
        "yardstick_value": MANY / bare,
    }
    return [
        Figure(
            name=f"View pull of {MANY:,} rows, all new",
            value=MANY / seconds_of(first),
            at_least=0.5,
            **beside,
        ),
        Figure(
            name=f"View pull of {MANY:,} rows, all known",
            value=MANY / seconds_of(again),
            at_least=0.5,
            **beside,
        ),
        Figure(
            name=f"memory that {MANY:,} rows take over {FEW:,}, the bare read's too",
            value=growth,
            unit="MB",
            at_most=64,
        ),
    ]
