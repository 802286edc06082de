"""Companies, branches, accounts and contacts over HTTP."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert
from uuid_utils.compat import uuid7

from sindico_platform.database.tx import Actor, Tx
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.tenancy.models import Tenant
from sindico_tenants.accounts.models import Account, Contact
from sindico_tenants.companies.models import Branch, Company
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant
from tests.support.statements import CountStatements

LISTS = {
    "companies": "company-not-found",
    "branches": "branch-not-found",
    "accounts": "account-not-found",
    "contacts": "contact-not-found",
}
TABLES: dict[str, Any] = {
    "companies": Company,
    "branches": Branch,
    "accounts": Account,
    "contacts": Contact,
}


async def fill(uow: UnitOfWork, tenant: Tenant, *names: str) -> dict[str, list[UUID]]:
    """Rows of every kind, one of each per name."""
    made: dict[str, list[UUID]] = {kind: [] for kind in TABLES}
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        for name in names:
            company = await add(tx, Company, name=name)
            branch = await add(tx, Branch, name=name, company_id=company, is_head_office=True)
            account = await add(tx, Account, name=name, person_type="company")
            contact = await add(tx, Contact, name=name, account_id=account)
            for kind, new in zip(TABLES, (company, branch, account, contact), strict=True):
                made[kind].append(new)
    return made


async def add(tx: Tx, table: Any, **values: Any) -> UUID:
    new = tx.new_id()
    kept = {"is_active": True, "created_at": tx.now, "updated_at": tx.now}
    await tx.session.execute(insert(table).values(tenant_id=tx.tenant_id, id=new, **kept, **values))
    return new


@pytest.fixture
async def tenant(make_tenant: MakeTenant) -> Tenant:
    return await make_tenant()


@pytest.mark.parametrize("kind", LISTS)
async def test_a_list_has_pages(
    kind: str, tenant: Tenant, uow: UnitOfWork, client_as: ClientAs
) -> None:
    await fill(uow, tenant, "Beta", "Álamo", "Colina")
    client = await client_as(tenant, f"{kind}:view")

    first = (await client.get(f"/api/v1/{kind}", params={"limit": 2})).json()
    rest = (
        await client.get(f"/api/v1/{kind}", params={"limit": 2, "after": first["next_cursor"]})
    ).json()

    assert [item["name"] for item in first["items"]] == ["Álamo", "Beta"]
    assert [item["name"] for item in rest["items"]] == ["Colina"]
    assert rest["next_cursor"] is None


@pytest.mark.parametrize("kind", LISTS)
async def test_a_list_is_searched(
    kind: str, tenant: Tenant, uow: UnitOfWork, client_as: ClientAs
) -> None:
    await fill(uow, tenant, "Beta", "Álamo do Sul")
    client = await client_as(tenant, f"{kind}:view")

    found = (await client.get(f"/api/v1/{kind}", params={"q": "alamo", "is_active": True})).json()

    assert [item["name"] for item in found["items"]] == ["Álamo do Sul"]


@pytest.mark.parametrize("kind", LISTS)
async def test_one_row_is_read_and_another_tenants_is_not_found(
    kind: str, tenant: Tenant, make_tenant: MakeTenant, uow: UnitOfWork, client_as: ClientAs
) -> None:
    ours = (await fill(uow, tenant, "Ours"))[kind][0]
    theirs = (await fill(uow, await make_tenant(), "Theirs"))[kind][0]
    client = await client_as(tenant, f"{kind}:view")

    read = await client.get(f"/api/v1/{kind}/{ours}")
    refused = await client.get(f"/api/v1/{kind}/{theirs}")
    missing = await client.get(f"/api/v1/{kind}/{uuid7()}")

    assert read.json()["name"] == "Ours"
    assert read.json()["pinned_fields"] == []
    assert (refused.status_code, missing.status_code) == (404, 404)
    assert refused.json()["code"] == missing.json()["code"] == LISTS[kind]


@pytest.mark.parametrize("kind", LISTS)
async def test_a_list_demands_its_permission(
    kind: str, tenant: Tenant, client_as: ClientAs
) -> None:
    client = await client_as(tenant, "loads:view")

    assert (await client.get(f"/api/v1/{kind}")).status_code == 403


@pytest.mark.parametrize("kind", LISTS)
async def test_a_list_is_one_statement_to_get_in_and_one_to_bind_and_read(
    kind: str, tenant: Tenant, client_as: ClientAs, count_statements: CountStatements
) -> None:
    client = await client_as(tenant, f"{kind}:view")
    await client.get(f"/api/v1/{kind}")  # what the tenant's package allows is remembered

    with count_statements() as statements:
        await client.get(f"/api/v1/{kind}", params={"q": "abc", "sort": "-created_at"})

    assert statements.total == 2


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "sort=salary", "after=x", "company_id=no", "is_active=maybe"]
)
async def test_a_wrong_query_is_refused(query: str, tenant: Tenant, client_as: ClientAs) -> None:
    client = await client_as(tenant, "accounts:view")

    refused = await client.get(f"/api/v1/accounts?{query}")

    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == query.partition("=")[0]


@pytest.mark.parametrize("query", ["q=%00", "cnpj=%00", "cpf=%00", "state=%00", "q=%25_%5C"])
async def test_odd_characters_find_nothing_and_break_nothing(
    query: str, tenant: Tenant, client_as: ClientAs
) -> None:
    client = await client_as(tenant, "accounts:view")

    assert (await client.get(f"/api/v1/accounts?{query}")).status_code == 200
