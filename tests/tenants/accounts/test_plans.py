"""Each list of accounts meets its index, under row-level security, in a table of some size."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from uuid_utils.compat import uuid7

from sindico_api.context import Context, open_context
from sindico_platform.database.binding import Reading
from sindico_platform.database.driver import Row
from sindico_platform.database.roles import RoleUrls
from sindico_platform.database.tx import Actor
from sindico_platform.paging.schemas import PageRequest
from sindico_tenants.accounts import queries
from sindico_tenants.accounts.schemas import AccountFilters
from tests.conftest import clone_database, settings_for

OURS, ROWS = uuid7(), (20_000, 2_000, 2_000)
FILL = """
    INSERT INTO crm.account (tenant_id, id, person_type, name, cnpj, is_active,
                             created_at, updated_at)
    SELECT $1, gen_random_uuid(), 'company', 'Cliente ' || md5(n::text), 'C' || n, true,
           now(), now()
    FROM generate_series(1, $2::int) AS n
"""
AFTER = "WyJuYW1lIiwiYSIsIjAxOTkwMDAwLTAwMDAtNzAwMC04MDAwLTAwMDAwMDAwMDAwMCJd"
PLANS = {
    "by name": (PageRequest(), AccountFilters(), "ix_account_search_name", "tenant_id"),
    "next page": (
        PageRequest(after=AFTER),
        AccountFilters(),
        "ix_account_search_name",
        "ROW(search_name, id) >",
    ),
    "newest first": (PageRequest(sort="-created_at"), AccountFilters(), "pk_account", "tenant_id"),
    "prefix": (PageRequest(), AccountFilters(q="zz"), "ix_account_search_name", "search_name >="),
    "CNPJ": (PageRequest(), AccountFilters(cnpj="C77"), "ix_account_cnpj", "cnpj ="),
}


@pytest.fixture(scope="module")
async def filled(admin_url: str, template: str) -> RoleUrls:
    urls = await clone_database(admin_url, template)
    connection = await asyncpg.connect(urls.owner)
    try:
        for tenant, rows in zip((OURS, uuid7(), uuid7()), ROWS, strict=True):
            await connection.execute(FILL, tenant, rows)
        await connection.execute("ANALYZE crm.account")
    finally:
        await connection.close()
    return urls


@pytest.fixture(scope="module")
async def filled_context(
    filled: RoleUrls, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Context]:
    settings = settings_for(filled, redis_url, tmp_path_factory.mktemp("blobs"))
    async with open_context(settings, process="test") as opened:
        yield opened


@pytest.mark.parametrize("name", PLANS)
async def test_each_list_meets_its_index(filled_context: Context, name: str) -> None:
    request, filters, index, condition = PLANS[name]

    explaining = Explaining(filled_context.uow.reading(Actor.system(OURS)))
    await queries.list_accounts(explaining, request=request, filters=filters)

    assert index in explaining.plan
    assert condition in explaining.plan.partition("Index Cond")[2].partition("\n")[0]


class Explaining:
    """Asks for the plan of what is fetched, which finds nothing."""

    def __init__(self, reading: Reading) -> None:
        self._reading, self.tenant_id, self.plan = reading, reading.tenant_id, ""

    async def fetch(self, statement: str, *values: Any) -> list[Row]:
        rows = await self._reading.fetch(f"EXPLAIN {statement}", *values)
        self.plan = "\n".join(row[0] for row in rows)
        return []


async def test_search_for_a_part_meets_the_trigrams(filled: RoleUrls) -> None:
    plan = await explain_as_definer(filled, OURS)

    assert "ix_account_search_text" in plan
    assert "search_text ~~" in plan.partition("Index Cond")[2].partition("\n")[0]


async def explain_as_definer(urls: RoleUrls, tenant: UUID) -> str:
    """Ask for the plan as the function's owner, since a plan inside a function cannot be seen."""
    connection = await asyncpg.connect(urls.owner)
    try:
        async with connection.transaction():
            await connection.execute("SET LOCAL ROLE sindico_definer")
            await connection.execute(
                "SELECT set_config('sindico.tenant_id', $1, true)", str(tenant)
            )
            rows = await connection.fetch(
                "EXPLAIN SELECT id FROM crm.account"
                " WHERE tenant_id = (SELECT current_setting('sindico.tenant_id')::uuid)"
                " AND search_text LIKE '%bela vista%'"
            )
    finally:
        await connection.close()
    return "\n".join(row[0] for row in rows)
