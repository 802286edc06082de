"""The fleet over HTTP: found, sorted and paged; never a record; the same work however large."""

import secrets
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import NullPool, event, text
from sqlalchemy.ext.asyncio import create_async_engine
from uuid_utils.compat import uuid7

from sindico_api.context import Context
from sindico_platform.database.engines import asyncpg_url
from sindico_platform.database.roles import RoleUrls
from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.paging.schemas import MAX_LIMIT, PageRequest
from sindico_provisioning.fleet import queries
from sindico_provisioning.fleet.schemas import FleetFilter
from tests.provisioning.fleet.rows import Past, make_member
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant

ADDRESS = "/api/v1/fleet/integrations"
FAILED = Past(runs=(("succeeded", 5, 60), ("failed", 1, 60)), size_bytes=500)
LATE = Past(runs=(("succeeded", 2, 300),), schedule={"due_hours": -2}, size_bytes=9000)
HEALTHY = Past(runs=(("succeeded", 1, 90),), schedule={"due_hours": 3}, kind="view", name="Views")


@pytest.fixture
async def operator(client_as: ClientAs, make_tenant: MakeTenant) -> AsyncClient:
    return await client_as(await make_tenant(master=True), "operator")


async def tell(operator: AsyncClient, query: str) -> list[str]:
    """Name of the tenants that a query finds, in order."""
    response = await operator.get(f"{ADDRESS}?{query}")
    assert response.status_code == 200, response.text
    return [item["tenant"]["name"][0] for item in response.json()["items"]]


@pytest.fixture
async def mark(uow: UnitOfWork) -> str:
    """What the names of three customers have in common: Falha, Lenta, Saudável."""
    mark = secrets.token_hex(5)
    for name, past in (("Saudável", HEALTHY), ("Falha", FAILED), ("Lenta", LATE)):
        await make_member(uow, past, tenant=f"{name} {mark}")
    return mark


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", "FLS"),
        ("sort=-health", "SLF"),
        ("sort=tenant", "FLS"),
        ("sort=-last_success", "SLF"),
        ("sort=next_run", "LSF"),
        ("sort=-duration", "LSF"),
        ("sort=-size", "LFS"),
        ("health=late", "L"),
        ("health=never", ""),
        ("kind=view", "S"),
        ("package=advanced", ""),
    ],
)
async def test_the_fleet_is_filtered_and_sorted(
    operator: AsyncClient, mark: str, query: str, names: str
) -> None:
    assert await tell(operator, f"q={mark}&{query}") == list(names)


@pytest.mark.parametrize(
    "sort",
    [
        f"{way}{name}"
        for way in ("", "-")
        for name in ("health", "tenant", "last_success", "next_run", "duration", "size")
    ],
)
async def test_pages_follow_each_other(operator: AsyncClient, mark: str, sort: str) -> None:
    query, seen, after = f"q={mark}&sort={sort}&limit=1", list[str](), ""
    while True:
        answer: dict[str, Any] = (await operator.get(f"{ADDRESS}?{query}{after}")).json()
        seen += [item["tenant"]["name"][0] for item in answer["items"]]
        if answer.get("next_cursor") is None:
            break
        after = f"&after={answer['next_cursor']}"

    assert seen == await tell(operator, f"q={mark}&sort={sort}")
    assert sorted(seen) == ["F", "L", "S"]


async def test_a_search_by_the_integration_s_name_and_the_summary(
    operator: AsyncClient, mark: str
) -> None:
    summary = (await operator.get(f"/api/v1/fleet/summary?q={mark}")).json()

    assert "S" in await tell(operator, "q=views&limit=200")
    assert summary == {
        "failing": 1,
        "late": 1,
        "never": 0,
        "paused": 0,
        "healthy": 1,
        "running": 0,
        "size_bytes": 9500,
    }


@pytest.mark.parametrize("query", ["health=ill", "kind=fax", "sort=secret", "after=x"])
async def test_a_wrong_query_is_refused(operator: AsyncClient, query: str) -> None:
    assert (await operator.get(f"{ADDRESS}?{query}")).status_code == 422


@pytest.mark.parametrize("query", ["q=no%00such", "q=%25_%5C"])
async def test_odd_characters_find_nothing(operator: AsyncClient, query: str) -> None:
    assert await tell(operator, query) == []


async def test_looking_stands_in_the_vendor_s_trail(
    client_as: ClientAs, make_tenant: MakeTenant
) -> None:
    operator = await client_as(await make_tenant(master=True), "operator", "audit:view")
    await operator.get(ADDRESS)

    [event, *_] = (await operator.get("/api/v1/audit-events?tag=fleet:read")).json()["items"]

    assert event["facts"]["reason"] == "fleet:view"


THOUSAND = text("""
    WITH tenants AS (
        INSERT INTO control.tenant (tenant_id, name, domain, is_master, state, state_at, timezone,
            locale, created_at)
        SELECT gen_random_uuid(), 'Frota ' || lpad(n::text, 4, '0'), 'f' || n || '.test', false,
            'active', now(), 'America/Sao_Paulo', 'pt-BR', now()
        FROM generate_series(1, 1000) AS n RETURNING tenant_id
    ), sold AS (
        INSERT INTO control.subscription
        SELECT (jsonb_populate_record(null::control.subscription,
            to_jsonb(s) || jsonb_build_object('tenant_id', t.tenant_id))).*
        FROM tenants t CROSS JOIN (SELECT * FROM control.subscription LIMIT 1) AS s
        RETURNING tenant_id
    ), sources AS (
        INSERT INTO control.integration (tenant_id, id, kind, name, state, state_at, is_default,
            created_at)
        SELECT tenant_id, gen_random_uuid(), 'mega', 'ERP', 'active', now(), false, now() FROM sold
        RETURNING tenant_id, id
    )
    INSERT INTO control.load (tenant_id, id, integration_id, kind, status, requested_by, job_id,
        tries, tries_without_progress, revision, created_at, started_at, finished_at)
    SELECT tenant_id, gen_random_uuid(), id, 'scheduled', 'succeeded', 'schedules',
        gen_random_uuid(), 0, 0, 1, now(), now(), now()
    FROM sources CROSS JOIN generate_series(1, 30)
""")


async def test_a_thousand_tenants_take_the_statements_that_one_takes(
    fleet_context: Context, fresh_database: RoleUrls
) -> None:
    await make_member(fleet_context.uow, HEALTHY)
    alone = await count_statements(fleet_context)
    owner = create_async_engine(asyncpg_url(fresh_database.owner), poolclass=NullPool)
    async with owner.begin() as connection:
        await connection.execute(THOUSAND)

    together = await count_statements(fleet_context)

    assert (alone, together) == ((1, 3), (200, 3))


async def count_statements(context: Context) -> tuple[int, int]:
    """Integrations on the first page, and how many statements page and summary took."""
    sent = list[str]()

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    event.listen(context.engines.fleet.sync_engine, "before_cursor_execute", note)
    async with context.uow.begin_fleet(Actor.system(uuid7()), reason="test") as fleet:
        page = await queries.list_fleet(fleet, FleetFilter(), PageRequest(limit=MAX_LIMIT))
        await queries.count_fleet(fleet, FleetFilter())
    event.remove(context.engines.fleet.sync_engine, "before_cursor_execute", note)
    return len(page.items), len(sent)
