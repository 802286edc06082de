"""Tenants created and provisioned through API and worker, on an empty fleet and on a large one."""

import asyncio
import secrets
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import httpx
from stdnum.br import cnpj

from benchmarks.figures import Figure, tell
from benchmarks.stack import Stack
from sindico_api.demo.caller import FINAL, Caller
from sindico_api.grid import GRID
from sindico_platform.database.tx import Actor
from sindico_platform.embedded.ports import claim_port
from sindico_platform.identity.passwords import service as passwords
from sindico_provisioning.master_tenant.service import ensure_master_tenant

WARM_UP, ROUNDS, TENANTS, IDLE_RUNS, FLEET = 40, 3, 100, 20, 10_000
CALLERS, UNDER_WAY = 8, 48
"""So many requests at once, so many deployments: enough that no pause of ours is the bound."""
LOOK_SECONDS, IDLE_LOOK_SECONDS = 0.5, 0.01
READY_SECONDS, DEADLINE_SECONDS = 60, 60

TENANT_TABLES = """
    SELECT format('%I.%I', n.nspname, c.relname) AS name,
        array_agg(a.attname ORDER BY a.attnum) AS columns
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            AND a.attgenerated = ''
    WHERE c.relkind = 'r' AND n.nspname IN ('control', 'crm') AND c.relname <> 'job'
    GROUP BY 1 HAVING bool_or(a.attname = 'tenant_id')
"""


async def measure(stack: Stack) -> list[Figure]:
    """Rate, idle latency and size on an empty fleet; the rate again among 10,000 tenants."""
    async with operator_of(stack) as caller, connected(stack) as watcher:
        await provision_many(caller, WARM_UP)
        idle = [await provision_idle(caller) for _ in range(IDLE_RUNS)]
        before = await size_bytes(watcher)
        first = await median_rate(caller, "among the first")
        per_tenant = (await size_bytes(watcher) - before) / (ROUNDS * TENANTS)
        tell(f"copying tenants until there are {FLEET:,}")
        await grow_fleet(watcher, FLEET)
        await provision_many(caller, WARM_UP)
        later = await median_rate(caller, f"among {FLEET:,}")
    return figures(idle, first, per_tenant, later)


async def median_rate(caller: Caller, where: str) -> float:
    """The median of some rounds: a busy moment of the machine is not ours."""
    rates = []
    for number in range(1, ROUNDS + 1):
        rates.append(await provision_many(caller, TENANTS))
        tell(f"round {number} of {ROUNDS} {where}: {rates[-1]:.1f} tenants/s")
    return statistics.median(rates)


def figures(idle: list[float], first: float, per_tenant: float, later: float) -> list[Figure]:
    return [
        Figure(name="provisioning, sustained", value=first, unit="tenants/s", at_least=25),
        Figure(
            name="provisioning, CRM active when idle",
            value=statistics.median(idle),
            unit="s",
            at_most=1,
        ),
        Figure(name="size of a tenant", value=per_tenant / 1000, unit="kB", at_most=100),
        Figure(
            name=f"provisioning among {FLEET:,} tenants",
            value=later,
            unit="tenants/s",
            yardstick="among the first",
            yardstick_value=first,
            at_least=0.8,
        ),
    ]


@asynccontextmanager
async def operator_of(stack: Stack) -> AsyncIterator[Caller]:
    """API, worker and clock running, and an operator signed in."""
    password = secrets.token_urlsafe(16)
    async with stack.context() as context:
        master = await ensure_master_tenant(
            context.uow,
            grid=GRID,
            name="Vendor",
            domain="vendor",
            operator_login="operator",
            operator_name="Operator",
        )
        digest = await context.doors.passwords.digest(password)
        async with context.uow.begin(Actor.system(master.tenant_id)) as tx:
            await passwords.set_password(
                tx, user_id=master.operator_id, digest=digest, how="benchmark"
            )
    with ExitStack() as processes:
        folder = processes.enter_context(TemporaryDirectory())
        port = claim_port(Path(folder) / "port")
        for arguments in (("api", "--port", str(port)), ("worker",), ("clock",)):
            processes.enter_context(stack.process("sindico_api.cli.main", *arguments))
        url = f"http://127.0.0.1:{port}"
        await until_ready(url)
        async with Caller.signed_in(url, "operator@vendor", password) as caller:
            yield caller


async def until_ready(url: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    async with httpx.AsyncClient(trust_env=False) as http:
        while time.monotonic() < deadline:
            try:
                if (await http.get(f"{url}/health/ready")).is_success:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)
    raise TimeoutError("the API did not become ready")


@asynccontextmanager
async def connected(stack: Stack) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(f"{stack.admin_url.rsplit('/', 1)[0]}/sindico")
    yield connection
    await connection.close()


async def provision_many(caller: Caller, count: int) -> float:
    """Tenants per second from the first request to the last CRM that is seen active."""
    callers, places = asyncio.Semaphore(CALLERS), asyncio.Semaphore(UNDER_WAY)

    async def one() -> None:
        async with places:
            async with callers:
                path = await begin(caller)
            await finish(caller, path, look_seconds=LOOK_SECONDS)

    started = time.monotonic()
    async with asyncio.timeout(DEADLINE_SECONDS), asyncio.TaskGroup() as group:
        for _ in range(count):
            group.create_task(one())
    return count / (time.monotonic() - started)


async def provision_idle(caller: Caller) -> float:
    """Seconds from asking for the CRM to its being active, with nothing else to do."""
    started = time.monotonic()
    await finish(caller, await begin(caller), look_seconds=IDLE_LOOK_SECONDS)
    return time.monotonic() - started


async def begin(caller: Caller) -> str:
    """Create a tenant and ask for its CRM; gives the run's path."""
    base = f"{secrets.randbelow(10**8):08d}0001"
    tenant = await caller.post(
        "/api/v1/tenants",
        {
            "name": "Empresa Exemplo",
            "domain": f"t{secrets.token_hex(8)}",
            "cnpj": base + cnpj.calc_check_digits(base),
            "contracted_package": "starter",
        },
    )
    run = await caller.post(
        f"/api/v1/tenants/{tenant['id']}/provisioning-runs",
        {
            "package": "starter",
            "default_integration": None,
            "admin": {"name": "Ana", "email": "ana@empresa.com.br", "login": "ana"},
        },
    )
    return f"/api/v1/provisioning-runs/{run['id']}"


async def finish(caller: Caller, path: str, *, look_seconds: float) -> None:
    """Wait for a run's end, looking now and then as a client does."""
    status = "pending"
    while status not in FINAL:
        await asyncio.sleep(look_seconds)
        status = (await caller.get(path))["status"]
    if status != "succeeded":
        raise RuntimeError(f"{path} ended as {status}")


async def size_bytes(watcher: asyncpg.Connection) -> int:
    size: int = await watcher.fetchval("SELECT pg_database_size(current_database())")
    return size


async def grow_fleet(watcher: asyncpg.Connection, count: int) -> None:
    """Copy one provisioned tenant's rows until there are `count` tenants, set by set."""
    model = await watcher.fetchval(
        "SELECT tenant_id FROM control.subscription WHERE crm_state = 'active' LIMIT 1"
    )
    async with watcher.transaction():
        await watcher.execute("SET LOCAL session_replication_role = replica")
        await watcher.execute("CREATE TEMP TABLE fresh (id uuid) ON COMMIT DROP")
        await watcher.execute(
            "INSERT INTO fresh SELECT gen_random_uuid() FROM generate_series(1, $1)", count
        )
        for table in await watcher.fetch(TENANT_TABLES):
            values = {"tenant_id": "fresh.id"}
            if table["name"] == "control.tenant":
                values |= {"domain": "'f' || fresh.id"}
            columns = [f'"{name}"' for name in table["columns"]]
            chosen = [values.get(name, f'model."{name}"') for name in table["columns"]]
            await watcher.execute(
                f"INSERT INTO {table['name']} ({', '.join(columns)})"
                f" SELECT {', '.join(chosen)} FROM {table['name']} AS model, fresh"
                " WHERE model.tenant_id = $1",
                model,
            )
    await watcher.execute("ANALYZE")
