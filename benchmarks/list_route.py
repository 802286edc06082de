"""A list of 50 accounts through our API, beside bare Litestar, asyncpg and row-level security.

Ours also authenticates, checks a permission, binds, pages and documents; both answer the same rows.
They take turns, so that a busy moment of the machine falls on both.
"""

import asyncio
import socket
import time
from functools import partial
from uuid import UUID

import asyncpg
import httpx
from uuid_utils.compat import uuid7

from benchmarks.figures import Figure
from benchmarks.http_load import Measured, ask
from benchmarks.stack import Stack, add_tenant
from sindico_api.grid import GRID
from sindico_platform.database.tx import Actor, Tx
from sindico_platform.identity import service as identity
from sindico_platform.identity.models import UserState
from sindico_platform.identity.tokens import service as tokens

ROUNDS, SECONDS, CONNECTIONS = 7, 3, 32
TENANTS, ACCOUNTS, ROWS = 5, 10_000, 50
OURS, BARE = f"/api/v1/accounts?limit={ROWS}", "/accounts"
FILL = """
    INSERT INTO crm.account (tenant_id, id, person_type, name, trade_name, cnpj, email, phone,
                             city, state, is_active, created_at, updated_at)
    SELECT $1, gen_random_uuid(), 'company', md5(n::text) || ' Comércio Ltda.', 'Casa ' || n,
           lpad(n::text, 14, '0'), 'compras@c' || n || '.com.br', '47 33' || lpad(n::text, 6, '0'),
           'Blumenau', 'SC', true, now(), now()
    FROM generate_series(1, $2::int) AS n
"""


async def measure(stack: Stack) -> list[Figure]:
    """Requests per second and p99; the first round only warms both up."""
    tenant = await fill(stack)
    token = await make_token(stack, tenant)
    ours, bare = free_port(), free_port()
    with (
        stack.process("sindico_api.cli.main", "api", "--port", str(ours)),
        stack.process("benchmarks.bare_api", str(bare), BENCH_TENANT=str(tenant)),
    ):
        await asyncio.gather(until_ready(ours), until_ready(bare))
        await demand_same_rows(ours, bare, token)
        rounds = [await run_round(ours, bare, token) for _ in range(ROUNDS + 1)][1:]
    return figures(rounds)


async def run_round(ours: int, bare: int, token: str) -> tuple[Measured, Measured]:
    asking = partial(ask, seconds=SECONDS, connections=CONNECTIONS)
    return await asking(ours, OURS, token=token), await asking(bare, BARE)


async def demand_same_rows(ours: int, bare: int, token: str) -> None:
    """Compare the two answers.

    Raises:
        RuntimeError: they are not the same rows.
    """
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(trust_env=False) as client:
        mine = await client.get(f"http://127.0.0.1:{ours}{OURS}", headers=headers)
        theirs = await client.get(f"http://127.0.0.1:{bare}{BARE}")
    if mine.json()["items"] != theirs.json() or len(theirs.json()) != ROWS:
        raise RuntimeError("ours and the yardstick do not answer the same rows")
    if "RateLimit-Remaining" not in mine.headers:
        raise RuntimeError("ours does not count the requests")


def figures(rounds: list[tuple[Measured, Measured]]) -> list[Figure]:
    """The round whose ratio is the median of all."""
    by_ratio = sorted(rounds, key=lambda pair: pair[0].per_second / pair[1].per_second)
    ours, bare = by_ratio[len(by_ratio) // 2]
    return [
        Figure(
            name=f"list of {ROWS} accounts",
            value=ours.per_second,
            unit="requests/s",
            yardstick="bare Litestar + asyncpg + RLS",
            yardstick_value=bare.per_second,
            at_least=0.5,
        ),
        Figure(
            name=f"list of {ROWS} accounts, p99",
            value=ours.percentile(99),
            unit="ms",
            yardstick="bare Litestar + asyncpg + RLS",
            yardstick_value=bare.percentile(99),
        ),
    ]


async def fill(stack: Stack) -> UUID:
    """Several tenants with accounts; gives one of them."""
    tenants = [uuid7() for _ in range(TENANTS)]
    connection = await asyncpg.connect(stack.urls.owner)
    try:
        for tenant in tenants:
            await connection.execute(FILL, tenant, ACCOUNTS)
        await connection.execute("VACUUM ANALYZE crm.account")
    finally:
        await connection.close()
    return tenants[0]


async def make_token(stack: Stack, tenant_id: UUID) -> str:
    """A token of a user who may see accounts."""
    async with stack.context() as context, context.uow.begin(Actor.system(tenant_id)) as tx:
        user_id = await make_user(tx, "accounts:view")
        issued = await tokens.issue_to_user(tx, user_id=user_id)
    return issued.access.reveal()


async def make_user(tx: Tx, *permissions: str, domain: str = "benchmark.test") -> UUID:
    """A tenant, and a user of it with these permissions."""
    await add_tenant(tx, domain=domain)
    role = await identity.create_role(
        tx, name="Benchmark", permissions=frozenset(permissions), grid=GRID
    )
    user = await identity.create_user(tx, login="bench", name="Bench", role_ids=[role.id])
    user.state = UserState.ACTIVE
    await tx.session.flush()
    return user.id


async def until_ready(port: int) -> None:
    deadline = time.monotonic() + 30
    async with httpx.AsyncClient(trust_env=False) as client:
        while time.monotonic() < deadline:
            try:
                if (await client.get(f"http://127.0.0.1:{port}/health/ready")).is_success:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.1)
    raise RuntimeError(f"nothing answers on port {port}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
