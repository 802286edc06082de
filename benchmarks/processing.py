"""Processing what is staged (synchronise, ABC curve, categorise), beside the bare SQL of it.

Ours is the job that production runs, with an ERP that has nothing new, so that only the phases
after the fetching cost. The yardstick does the same as a superuser, one statement for each step
over the whole set, into tables of the same shape, keys and indexes, without tenants' policies,
batches, checkpoints or log. Both begin with the same staging.
"""

import time
from typing import Any, Self
from uuid import UUID

import asyncpg
from uuid_utils.compat import uuid4, uuid7

from benchmarks.figures import Figure, tell
from benchmarks.initial_load import find_job
from benchmarks.stack import Stack, add_tenant
from sindico_api.context import Context
from sindico_api.worker import job_services
from sindico_platform.database.tx import Actor, Tx
from sindico_platform.jobs.context import JobContext
from sindico_platform.jobs.runner import run_job
from sindico_provisioning.connectors.schemas import Cursor, Exchange, Page, Totals
from sindico_provisioning.integrations.models import Integration, IntegrationKind
from sindico_provisioning.loads import queries, service, sources
from sindico_provisioning.loads.models import LoadKind, LoadStatus
from sindico_provisioning.loads.schemas import LoadOut, Stint
from sindico_tenants.abc_curve import service as abc_curve
from sindico_tenants.abc_curve.models import Measure
from sindico_tenants.abc_curve.schemas import AbcSettingsIn

ORDERS, MORE_ORDERS = 100_000, 500_000
SELLERS, CUSTOMERS = 40, 8_000
TOLD_SECONDS = 0.1
"""Phases that take less are left out of the progress."""
TABLES = ("vendedor", "empresa", "pedido")

FILL = (
    """
    INSERT INTO staging.vendedor (tenant_id, integration_id, id_erp, nome, ativo, changed_at)
    SELECT $1, $2, 'v' || n, 'Vendedor ' || n, true, now() FROM generate_series(1, $3::int) AS n
    """,
    """
    INSERT INTO staging.empresa (tenant_id, integration_id, id_erp, razao_social, cnpj, vendedor_id,
        categoria, carteira, ativo, changed_at)
    SELECT $1, $2, 'c' || n, 'Cliente ' || md5(n::text), lpad(n::text, 14, '0'),
        'v' || (1 + n % 40), CASE WHEN n % 3 = 0 THEN 'Atacado' END,
        CASE WHEN n % 2 = 0 THEN 'Carteira ' || n % 7 END, true, now()
    FROM generate_series(1, $3::int) AS n
    """,
    """
    INSERT INTO staging.pedido (tenant_id, integration_id, id_erp, numero, empresa_id, vendedor_id,
        data_emissao, situacao, valor_total, changed_at)
    SELECT $1, $2, 'o' || n, n::text,
        'c' || (1 + (8000 * power((n::bigint * 7919 % 100003) / 100003.0, 2))::int % 8000),
        'v' || (1 + n % 40), current_date - (n % 700), 'Faturado',
        round((10 + n::bigint * 104729 % 500000) / 7.0, 2), now()
    FROM generate_series(1, $3::int) AS n
    """,
)

BARE_TABLES = (
    "seller",
    "account",
    "sales_order",
    "external_ref",
    "account_abc",
    "abc_change",
    "category",
    "portfolio",
    "account_placement",
    "placement_change",
)


class NothingNew:
    """An ERP whose tables have no rows to give."""

    snapshots: frozenset[str] = frozenset()
    tables = TABLES

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        return None

    async def read_page(self, table: str, cursor: Cursor | None) -> Page:
        return Page(
            table=table,
            rows=[],
            next_cursor=cursor and None,
            fetched_bytes=0,
            progress=1,
            detail="",
        )

    async def tell_totals(self, table: str) -> Totals | None:  # noqa: ARG002  (the protocol's)
        return None

    def take_exchanges(self) -> list[Exchange]:
        return []


async def measure(stack: Stack) -> list[Figure]:
    """Seconds beside the bare SQL's, and how the cost of an order grows with their number."""

    async def ready(_tx: Tx, _integration_id: UUID) -> None:
        """It needs no properties."""

    async def open_nothing(_ctx: JobContext, _stint: Stint) -> Any:
        return NothingNew()

    sources.SOURCES[IntegrationKind.ERPX] = sources.Source(require_ready=ready, open=open_nothing)
    async with stack.context() as context:
        first, again, bare = await compare(stack, context, ORDERS)
        many, many_again, many_bare = await compare(stack, context, MORE_ORDERS)
    return [
        figure(f"processing {ORDERS:,} orders for the first time", first, bare, at_most=1.5),
        figure(
            f"processing {MORE_ORDERS:,} orders for the first time", many, many_bare, at_most=1.5
        ),
        Figure(
            name="an order of 500,000, to one of 100,000",
            value=many / MORE_ORDERS * 1e6,
            unit="µs",
            yardstick="of 100,000",
            yardstick_value=first / ORDERS * 1e6,
            at_most=1.3,
        ),
        figure(f"processing {ORDERS:,} orders again", again, bare),
        figure(f"processing {MORE_ORDERS:,} orders again", many_again, many_bare),
    ]


def figure(name: str, ours: float, bare: float, *, at_most: float | None = None) -> Figure:
    return Figure(
        name=name,
        value=ours,
        unit="s",
        yardstick="bare SQL, s",
        yardstick_value=bare,
        at_most=at_most,
    )


async def compare(stack: Stack, context: Context, orders: int) -> tuple[float, float, float]:
    """Seconds of a first run, of a second one, and of the bare SQL."""
    tenant_id, integration_id = await make_tenant(context)
    admin = await asyncpg.connect(stack.admin_url.rpartition("/")[0] + "/sindico")
    try:
        for statement, rows in zip(FILL, (SELLERS, CUSTOMERS, orders), strict=True):
            await admin.execute(statement, tenant_id, integration_id, rows)
        await admin.execute("VACUUM ANALYZE staging.pedido")
        bare = await run_bare(admin, tenant_id, integration_id)
        first, took = await run_load(context, tenant_id, integration_id)
        _, took_again = await run_load(context, tenant_id, integration_id)
        tell(f"{orders:,} orders: {took:.1f} s, again {took_again:.1f} s, bare {bare:.1f} s")
        tell(
            ", ".join(
                f"{p.table} {seconds(p):.1f}" for p in first.phases if seconds(p) >= TOLD_SECONDS
            )
        )
        await agree(admin, tenant_id, orders)
    finally:
        await admin.close()
    return took, took_again, bare


def seconds(phase: Any) -> float:
    return float((phase.finished_at - phase.started_at).total_seconds())


async def make_tenant(context: Context) -> tuple[UUID, UUID]:
    tenant_id, integration_id = uuid7(), uuid7()
    async with context.uow.begin(Actor.system(tenant_id)) as tx:
        await add_tenant(tx, domain=f"{tenant_id.hex[-12:]}.test")
        await abc_curve.create_settings(tx, data=AbcSettingsIn(measure=Measure.ORDERS))
        tx.session.add(
            Integration(
                tenant_id=tenant_id,
                id=integration_id,
                kind=IntegrationKind.ERPX,
                name="ERP",
                state="active",
                state_at=tx.now,
                is_default=True,
                created_at=tx.now,
            )
        )
    return tenant_id, integration_id


async def run_load(
    context: Context, tenant_id: UUID, integration_id: UUID
) -> tuple[LoadOut, float]:
    async with context.uow.begin(Actor.system(tenant_id)) as tx:
        load = await service.start_load(tx, integration_id=integration_id, kind=LoadKind.MANUAL)
    begun = time.perf_counter()
    while job_id := await find_job(context, tenant_id):
        await run_job(job_services(context), tenant_id=tenant_id, job_id=job_id, worker_id=uuid4())
    took = time.perf_counter() - begun
    async with context.uow.begin(Actor.system(tenant_id)) as tx:
        ended = await queries.get_load(tx, load.id)
    if ended.status != LoadStatus.SUCCEEDED:
        raise RuntimeError(f"the load ended as {ended.status}: {ended.error}")
    return ended, took


async def agree(admin: asyncpg.Connection, tenant_id: UUID, orders: int) -> None:
    """See that both came to the same classes."""
    count = "SELECT abc_class, count(*), sum(revenue_cents) FROM {}.account_abc"
    ours = await admin.fetch(
        f"{count.format('crm')} WHERE tenant_id = $1 GROUP BY 1 ORDER BY 1", tenant_id
    )
    bare = await admin.fetch(f"{count.format('bare')} GROUP BY 1 ORDER BY 1")
    stored = await admin.fetchval(
        "SELECT count(*) FROM crm.sales_order WHERE tenant_id = $1", tenant_id
    )
    if ours != bare or stored != orders:
        raise RuntimeError(f"they differ: {ours} and {bare}, {stored} orders")


async def run_bare(admin: asyncpg.Connection, tenant_id: UUID, integration_id: UUID) -> float:
    """Seconds of one statement after the other."""
    await admin.execute("DROP SCHEMA IF EXISTS bare CASCADE; CREATE SCHEMA bare")
    for table in BARE_TABLES:
        await admin.execute(f"CREATE TABLE bare.{table} (LIKE crm.{table} INCLUDING ALL)")
    for key in await admin.fetch(FOREIGN_KEYS, list(BARE_TABLES)):
        await admin.execute(key["statement"])
    await admin.execute(
        "SELECT set_config('bench.tenant', $1, false), set_config('bench.erp', $2, false)",
        str(tenant_id),
        str(integration_id),
    )
    begun = time.perf_counter()
    for statement in BARE:
        await admin.execute(statement)
    return time.perf_counter() - begun


FOREIGN_KEYS = """
    SELECT format('ALTER TABLE bare.%I ADD %s', own.relname,
        replace(pg_get_constraintdef(con.oid), 'crm.', 'bare.')) AS statement
    FROM pg_constraint AS con
    JOIN pg_class AS own ON own.oid = con.conrelid
    JOIN pg_class AS target ON target.oid = con.confrelid
    WHERE con.contype = 'f' AND own.relnamespace = 'crm'::regnamespace
        AND own.relname = ANY($1) AND target.relname = ANY($1)
"""
TENANT = "current_setting('bench.tenant')::uuid"
TODAY = "(now() AT TIME ZONE 'America/Sao_Paulo')::date"
ERP = "current_setting('bench.erp')::uuid"
NEW_ID = "lpad(to_hex({} + row_number() OVER ()), 32, '0')::uuid AS id"


def bring(
    source: str, table: str, columns: str, values: str, *, first_id: int = 0, joins: str = ""
) -> str:
    """Create rows of ours, and their links, from a staging table."""
    return f"""
        WITH fresh AS MATERIALIZED (
            SELECT staged.*, {NEW_ID.format(first_id)} FROM staging.{source} AS staged
            WHERE tenant_id = {TENANT} AND integration_id = {ERP}
        ), linked AS (
            INSERT INTO bare.external_ref (tenant_id, integration_id, resource, id_erp, id)
            SELECT {TENANT}, {ERP}, '{table}', id_erp, id FROM fresh
        )
        INSERT INTO bare.{table} (tenant_id, id, created_at, updated_at, {columns})
        SELECT {TENANT}, fresh.id, now(), now(), {values} FROM fresh {joins}
    """


def link(alias: str, resource: str, column: str) -> str:
    return f"""LEFT JOIN bare.external_ref AS {alias} ON {alias}.tenant_id = {TENANT}
        AND {alias}.integration_id = {ERP} AND {alias}.resource = '{resource}'
        AND {alias}.id_erp = fresh.{column}"""


SELLER, ACCOUNT = link("seller", "seller", "vendedor_id"), link("account", "account", "empresa_id")
BARE = (
    bring("vendedor", "seller", "name, is_active", "nome, ativo"),
    bring(
        "empresa",
        "account",
        "name, person_type, cnpj, is_active, seller_id, erp_category, erp_portfolio",
        "razao_social, 'company', cnpj, ativo, seller.id, categoria, carteira",
        first_id=1_000_000_000,
        joins=SELLER,
    ),
    bring(
        "pedido",
        "sales_order",
        "number, issued_on, status, total_cents, account_id, seller_id",
        "numero, data_emissao, situacao, (valor_total * 100)::bigint, account.id, seller.id",
        first_id=2_000_000_000,
        joins=f"{ACCOUNT} {SELLER}",
    ),
    f"""
    WITH sold AS (
        SELECT account_id, sum(total_cents)::bigint AS revenue_cents, count(*) AS documents,
            max(issued_on) AS last_on
        FROM bare.sales_order
        WHERE issued_on > {TODAY} - interval '12 months' AND issued_on <= {TODAY}
            AND erp_removed_at IS NULL
            AND lower(status) <> ALL('{{cancelada,cancelado,denegada,inutilizada}}')
        GROUP BY account_id
    ), ranked AS (
        SELECT account.id AS account_id, COALESCE(revenue_cents, 0) AS revenue_cents,
            COALESCE(documents, 0) AS documents, last_on,
            rank() OVER (ORDER BY COALESCE(revenue_cents, 0) DESC) AS rank,
            COALESCE(sum(COALESCE(revenue_cents, 0)) OVER (ORDER BY COALESCE(revenue_cents, 0) DESC
                GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before_cents,
            sum(COALESCE(revenue_cents, 0)) OVER () AS curve_cents
        FROM bare.account LEFT JOIN sold ON sold.account_id = account.id
    )
    INSERT INTO bare.account_abc (tenant_id, account_id, abc_class, since, measure, a_percent,
        b_percent, from_on, to_on, revenue_cents, documents, last_on, rank, before_cents,
        curve_cents)
    SELECT {TENANT}, account_id, CASE WHEN revenue_cents <= 0 THEN 'none'
            WHEN before_cents * 100 < curve_cents * 80 THEN 'A'
            WHEN before_cents * 100 < curve_cents * 95 THEN 'B' ELSE 'C' END,
        now(), 'orders', 80, 15, {TODAY} - 365, {TODAY}, revenue_cents, documents,
        last_on, rank, before_cents, curve_cents
    FROM ranked
    ON CONFLICT (tenant_id, account_id) DO UPDATE SET abc_class = excluded.abc_class
    """,
    """
    INSERT INTO bare.abc_change (tenant_id, account_id, run_id, at, to_class, revenue_cents, rank,
        before_cents, curve_cents)
    SELECT tenant_id, account_id, tenant_id, since, abc_class, revenue_cents, rank, before_cents,
        curve_cents FROM bare.account_abc
    """,
    f"""
    INSERT INTO bare.category (tenant_id, id, name, created_at, updated_at)
    SELECT {TENANT}, gen_random_uuid(), name, now(), now() FROM (
        SELECT DISTINCT COALESCE(erp_category, abc_class) AS name
        FROM bare.account JOIN bare.account_abc ON account_id = id) AS named
    """,
    f"""
    INSERT INTO bare.portfolio (tenant_id, id, name, created_at, updated_at)
    SELECT {TENANT}, gen_random_uuid(), name, now(), now() FROM (
        SELECT DISTINCT COALESCE(erp_portfolio, seller.name) AS name
        FROM bare.account JOIN bare.seller ON seller.id = seller_id) AS named
    """,
    f"""
    WITH placed AS (
        INSERT INTO bare.account_placement (tenant_id, account_id, category_id, category_by,
            portfolio_id, portfolio_by, updated_at)
        SELECT {TENANT}, account.id, category.id, 'class', portfolio.id, 'seller', now()
        FROM bare.account JOIN bare.account_abc ON account_id = account.id
        JOIN bare.seller ON seller.id = seller_id
        JOIN bare.category ON category.name = COALESCE(erp_category, abc_class)
        JOIN bare.portfolio ON portfolio.name = COALESCE(erp_portfolio, seller.name)
        RETURNING account_id
    )
    INSERT INTO bare.placement_change
        (tenant_id, account_id, at, kind, to_name, placed_by, changed_by)
    SELECT {TENANT}, account_id, now(), kind, 'x', 'class', 'bench'
    FROM placed, (VALUES ('category'), ('portfolio')) AS kinds (kind)
    """,
)
