"""The panel of a customer with a year of runs and seven days of exchanges, beside an empty one's.

Both customers have the same integrations, one that we read and one that pushes. The full one's
both ran every hour of a year, twelve tables each time, and its ledger holds over a hundred thousand
requests in daily partitions, those that were pushed behind those that we sent. What is asked for is
what a person sees under *ERP data*: General information of either integration, a page from the
middle of its log list, and History. Full and empty take turns, request by request, so that a busy
moment of the machine falls on both. That they take the same number of statements is a test's
business (``tests/api/console/test_erp_data.py``).
"""

import asyncio
import http.client
import re
import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
from uuid_utils.compat import uuid7

from benchmarks.figures import Figure, tell
from benchmarks.list_route import free_port, make_user, until_ready
from benchmarks.stack import Stack
from sindico_api.cookies import session_cookie_name
from sindico_platform.database.tx import Actor
from sindico_platform.identity.sessions import service as sessions
from sindico_provisioning.integrations.models import IntegrationKind
from sindico_provisioning.integrations.service import create_integration
from sindico_provisioning.schedules import service as schedules
from sindico_provisioning.schedules.schemas import ScheduleIn

TURNS, WARM_UP = 150, 20
"""Requests for each page of each customer; the first ones are not counted."""
RUNS, DAYS = 365 * 24, 7
SENT_AN_HOUR, PUSHED_AN_HOUR = 12 * 50, 12 * 20
GRANTS = ("integrations:view", "loads:view", "exchanges:export", "personal_data:view")
NANO = 1_000_000_000
PANEL = "/console/erp-data"
TURNED_PAGES = 20
NEXT = re.compile(r'rel="next" href="([^"]+)"')
TABLES = """(ARRAY['vendedor','fornecedor','empresa','contato','empresa_marca','cotacao',
    'itens_cotacao','pedido','itens_pedido','nota','itens_nota','fatura'])"""

FILL_RUNS = f"""
    WITH runs AS (
        INSERT INTO control.load (tenant_id, id, integration_id, kind, status, requested_by, job_id,
            tries, tries_without_progress, revision, created_at, started_at, finished_at)
        SELECT $1, id, $2, 'scheduled', CASE WHEN n % 40 = 0 THEN 'failed' ELSE 'succeeded' END,
            'schedules', gen_random_uuid(), 0, 0, 1, at, at, at + make_interval(secs => 40 + n % 99)
        FROM unnest($3::uuid[]) WITH ORDINALITY AS planned(id, n),
            LATERAL (SELECT now() - make_interval(hours => {RUNS} - n::int + 1)) AS hours(at)
        RETURNING tenant_id, id, status, started_at, finished_at
    )
    INSERT INTO control.load_phase (tenant_id, load_id, position, step, resource, status, progress,
        pages, received, created, updated, unchanged, rejected, removed, started_at, finished_at)
    SELECT tenant_id, id, position, CASE WHEN position <= 12 THEN 'fetch' ELSE 'synchronise' END,
        {TABLES}[1 + (position - 1) % 12], status, 1, 3, 250, 10, 40, 199, 1, 0, started_at,
        finished_at
    FROM runs CROSS JOIN generate_series(1, 24) AS position
"""
FILL_LEDGER = f"""
    INSERT INTO control.exchange (tenant_id, at, id, direction, integration_id, resource, method,
        path, status, started_at, duration_ms, received, created, updated, unchanged, rejected,
        body_bytes, outcomes)
    SELECT $1, at, gen_random_uuid(), $3, $2, {TABLES}[1 + n % 12], 'POST', '/api/v1/erp/x', 200,
        at, 80, 100, 1, 9, 90, 0, 30000, decode(repeat(md5(n::text), 6), 'hex')
    FROM generate_series(0, $6::int - 1) AS n,
        LATERAL (SELECT $4::float8 + ($5::float8 - $4::float8) * n / $6::int) AS spread(seconds),
        LATERAL (SELECT now() - make_interval(secs => seconds)) AS instants(at)
"""
MAKE_DAYS = f"""
    SET timezone = 'UTC';
    DO $$
    DECLARE day date;
    BEGIN
        FOR day IN SELECT current_date - n FROM generate_series(2, {DAYS}) AS n LOOP
            EXECUTE format(
                'CREATE TABLE partitions.%I PARTITION OF control.exchange'
                ' FOR VALUES FROM (%L) TO (%L)',
                'exchange' || to_char(day, '_YYYYMMDD'), day::timestamptz, (day + 1)::timestamptz
            );
        END LOOP;
    END $$;
    RESET timezone
"""
"""Days gone by, which a running installation made when they were still ahead."""


@dataclass(frozen=True, kw_only=True)
class Customer:
    """A tenant, and how a person of it comes in."""

    tenant_id: UUID
    cookie: str
    integrations: Mapping[str, UUID]
    """By kind."""

    def panel_of(self, kind: str) -> str:
        return f"{PANEL}?integration={self.integrations[kind]}"


class Asked(NamedTuple):
    """A page to ask for again and again, over a connection of its own."""

    who: Customer
    path: str
    connection: http.client.HTTPConnection
    took_ms: list[float]


async def measure(stack: Stack) -> list[Figure]:
    """The 95th percentile of each page, full beside empty."""
    empty, full = await make_customer(stack), await make_customer(stack)
    await fill(stack, full)
    port = free_port()
    with stack.process("sindico_api.cli.main", "api", "--port", str(port)):
        await until_ready(port)
        return await asyncio.to_thread(compare_all, port, empty, full)


async def make_customer(stack: Stack) -> Customer:
    """With an integration that we read, one that pushes, and a person who may see both."""
    tenant_id = uuid7()
    async with stack.context() as context, context.uow.begin(Actor.system(tenant_id)) as tx:
        user_id = await make_user(tx, *GRANTS, domain=f"{tenant_id.hex}.test")
        made: dict[str, UUID] = {}
        for kind in (IntegrationKind.MEGA, IntegrationKind.API):
            made[kind] = (await create_integration(tx, kind=kind, name=kind.value)).id
            hourly = ScheduleIn(kind="interval", interval_minutes=60)
            await schedules.save_schedule(tx, integration_id=made[kind], data=hourly)
        session = await sessions.open_session(
            tx, user_id=user_id, address="127.0.0.1", user_agent="benchmark"
        )
    cookie = f"{session_cookie_name(stack.settings)}={session.reveal()}"
    return Customer(tenant_id=tenant_id, cookie=cookie, integrations=made)


async def fill(stack: Stack, customer: Customer) -> None:
    """A year of runs of both integrations, and the ledger of the days that are shown."""
    url = urlsplit(stack.admin_url)._replace(path=urlsplit(stack.urls.owner).path).geturl()
    connection = await asyncpg.connect(url)
    first = int(time.time()) - 3600 * RUNS
    kept_seconds, hours = DAYS * 86_400.0 - 1_800, DAYS * 24
    read, pushing = customer.integrations["mega"], customer.integrations["api"]
    try:
        await connection.execute(MAKE_DAYS)
        for integration_id in (read, pushing):
            ids = [uuid7(nanoseconds=(first + 3600 * n) * NANO) for n in range(RUNS)]
            await connection.execute(FILL_RUNS, customer.tenant_id, integration_id, ids)
        for who, way, newest, count in (
            (read, "out", 60.0, hours * SENT_AN_HOUR),
            (pushing, "in", kept_seconds * 0.9, hours * PUSHED_AN_HOUR // 10),
        ):
            bound = (customer.tenant_id, who, way, kept_seconds, newest, count)
            await connection.execute(FILL_LEDGER, *bound)
        await connection.execute(
            "VACUUM ANALYZE control.load, control.load_phase, control.exchange"
        )
        for name in ("load", "load_phase", "exchange"):
            count = await connection.fetchval(f"SELECT count(*) FROM control.{name}")
            tell(f"{count:,} rows of {name}")
    finally:
        await connection.close()


def compare_all(port: int, empty: Customer, full: Customer) -> list[Figure]:
    """Each page of both customers; whoever has no run has no middle of the list either."""
    general, pushed = full.panel_of("mega"), full.panel_of("api")
    pages = (
        ("General information", empty.panel_of("mega"), general),
        ("General information of pushes", empty.panel_of("api"), pushed),
        ("middle of the log list", empty.panel_of("mega"), find_middle(port, full)),
        ("History", f"{PANEL}/history", f"{PANEL}/history"),
    )
    return [
        compare(name, ask_of(port, empty, first), ask_of(port, full, second))
        for name, first, second in pages
    ]


def ask_of(port: int, who: Customer, path: str) -> Asked:
    return Asked(who, path, http.client.HTTPConnection("127.0.0.1", port, timeout=30), [])


def find_middle(port: int, full: Customer) -> str:
    """Where the reader comes who goes on from page to page for a while.

    Raises:
        RuntimeError: the list ends before.
    """
    path = full.panel_of("mega")
    for _ in range(TURNED_PAGES):
        found = NEXT.search(visit(ask_of(port, full, path)))
        if found is None:
            raise RuntimeError("the list of runs has too few pages")
        path = found[1].replace("&amp;", "&")
    return path


def compare(name: str, empty: Asked, full: Asked) -> Figure:
    """Ask for both in turns."""
    for _ in range(WARM_UP + TURNS):
        visit(empty)
        visit(full)
    value, yardstick = (
        statistics.quantiles(each.took_ms[WARM_UP:], n=20)[-1] for each in (full, empty)
    )
    tell(f"{name}: medians {middle_of(full):.1f} and {middle_of(empty):.1f} ms")
    return Figure(
        name=f"panel after a year, {name}, p95",
        value=value,
        unit="ms",
        yardstick="of an empty customer",
        yardstick_value=yardstick,
        at_most=2,
    )


def middle_of(asked: Asked) -> float:
    return statistics.median(asked.took_ms[WARM_UP:])


def visit(asked: Asked) -> str:
    """Ask once, whole answer.

    Raises:
        RuntimeError: it is no page.
    """
    begun = time.perf_counter()
    asked.connection.request("GET", asked.path, headers={"Cookie": asked.who.cookie})
    answer = asked.connection.getresponse()
    page = answer.read().decode()
    asked.took_ms.append((time.perf_counter() - begun) * 1000)
    if answer.status != http.HTTPStatus.OK:
        raise RuntimeError(f"{asked.path} answered {answer.status}: {page[:300]}")
    return page
