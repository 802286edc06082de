"""What was pushed reaches the CRM with the integration's next run; a run without news is empty."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient

from sindico_api.context import Context
from sindico_platform.database.tx import Actor
from sindico_platform.paging.schemas import PageRequest
from sindico_platform.tenancy.models import Tenant
from sindico_provisioning.loads import queries, service
from sindico_provisioning.loads.history import queries as history
from sindico_provisioning.loads.models import LoadKind, LoadStatus
from sindico_provisioning.loads.schemas import LoadOut, LogFilters
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant
from tests.support.jobs import run_jobs

LISTS = ("accounts:view", "contacts:view", "integrations:view")


@pytest.fixture
async def tenant(make_tenant: MakeTenant) -> Tenant:
    return await make_tenant()


@pytest.fixture
async def erp(client_as: ClientAs, tenant: Tenant) -> AsyncClient:
    return await client_as(tenant, "erp_tables:include", "erp_tables:delete", *LISTS)


async def push(erp: AsyncClient, table: str, **row: Any) -> None:
    answer = await erp.post(f"/api/v1/erp/{table}", json=[row])
    assert answer.status_code == 200, answer.text


async def run(context: Context, tenant: Tenant, erp: AsyncClient, *tables: str) -> LoadOut:
    (integration,) = (await erp.get("/api/v1/integrations")).json()["items"]
    actor = Actor.system(tenant.tenant_id)
    async with context.uow.begin(actor) as tx:
        load = await service.start_load(
            tx,
            integration_id=UUID(integration["id"]),
            kind=LoadKind.MANUAL,
            tables=tables or None,
        )
        load_id = load.id
    await run_jobs(context, tenant.tenant_id, at_once=True)
    async with context.uow.begin(actor) as tx:
        return await queries.get_load(tx, load_id)


async def accounts(erp: AsyncClient) -> dict[str, str]:
    items = (await erp.get("/api/v1/accounts")).json()["items"]
    return {item["name"]: item["id"] for item in items}


async def test_children_that_came_first_join_their_parents_in_the_crm(
    erp: AsyncClient, context: Context, tenant: Tenant
) -> None:
    await push(erp, "contato", id_erp="p1", nome="Ana", empresa_id="c1")
    first = await run(context, tenant, erp)
    alone = (await erp.get("/api/v1/contacts")).json()["items"]
    await push(erp, "empresa", id_erp="c1", razao_social="Acme")

    second = await run(context, tenant, erp)

    joined = (await erp.get("/api/v1/contacts")).json()["items"]
    assert first.status == second.status == LoadStatus.SUCCEEDED
    assert [item["account_id"] for item in alone] == [None]
    assert [item["account_id"] for item in joined] == [(await accounts(erp))["Acme"]]


async def test_a_run_without_news_is_empty_and_no_success(
    erp: AsyncClient, context: Context, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    await push(erp, "empresa", id_erp="c1", razao_social="Acme")
    assert (await run(context, tenant, erp)).status == LoadStatus.SUCCEEDED
    await push(erp, "empresa", id_erp="c1", razao_social="Acme")  # nothing new
    no_margin = "sindico_provisioning.exchanges.queries.TAKES_AT_MOST"
    monkeypatch.setattr(no_margin, timedelta(0))

    again = await run(context, tenant, erp)

    assert (again.status, again.phases) == (LoadStatus.EMPTY, [])


async def test_a_removal_that_was_refused_is_no_news(
    erp: AsyncClient,
    client_as: ClientAs,
    context: Context,
    tenant: Tenant,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else nobody would hear that a client which may do nothing any more brings nothing."""
    no_margin = "sindico_provisioning.exchanges.queries.TAKES_AT_MOST"
    monkeypatch.setattr(no_margin, timedelta(0))
    await push(erp, "empresa", id_erp="c1", razao_social="Acme")
    await run(context, tenant, erp)
    reader = await client_as(tenant, "erp_tables:view")

    refused = await reader.delete("/api/v1/erp/empresa", params={"id_erp": "c1"})
    again = await run(context, tenant, erp)

    assert (refused.status_code, again.status) == (403, LoadStatus.EMPTY)


async def test_a_run_of_some_tables_leaves_no_news_of_others_behind(
    erp: AsyncClient, context: Context, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_margin = "sindico_provisioning.exchanges.queries.TAKES_AT_MOST"
    monkeypatch.setattr(no_margin, timedelta(0))
    await push(erp, "contato", id_erp="p1", nome="Ana")
    await push(erp, "empresa", id_erp="c1", razao_social="Acme")
    some = await run(context, tenant, erp, "contato")
    before = await accounts(erp)

    everything = await run(context, tenant, erp)

    assert (some.status, before) == (LoadStatus.SUCCEEDED, {})
    assert everything.status == LoadStatus.SUCCEEDED
    assert list(await accounts(erp)) == ["Acme"]


async def test_a_run_counts_what_it_brought_into_the_crm(
    erp: AsyncClient, context: Context, tenant: Tenant
) -> None:
    await push(erp, "empresa", id_erp="c1", razao_social="Acme")
    await push(erp, "filial", id_erp="f1", cod_empresa="nowhere", razao_social="Acme Sul")

    load = await run(context, tenant, erp)

    async with context.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        (told,) = (await history.list_runs(tx, load.integration_id, PageRequest(limit=9))).items
        figures = await history.read_figures(tx, load.integration_id)
        counts = (await queries.count_rows(tx, [load.id]))[load.id]
        log = await queries.list_log(
            tx, load.id, request=PageRequest(limit=99), filters=LogFilters()
        )
    assert (told.received, told.created, told.rejected) == (2, 1, 1)
    assert figures.median_received == 2
    assert (counts.received, counts.rejected) == (2, 1)
    assert {"received": 2, "rejected": 1} in [line.facts for line in log.items]


async def test_what_was_removed_by_key_is_marked_in_the_crm(
    erp: AsyncClient, context: Context, tenant: Tenant
) -> None:
    await push(erp, "empresa", id_erp="c1", razao_social="Acme")
    await run(context, tenant, erp)
    await erp.delete("/api/v1/erp/empresa", params={"id_erp": "c1"})

    await run(context, tenant, erp)

    account = (await accounts(erp))["Acme"]
    assert (await erp.get(f"/api/v1/accounts/{account}")).json()["erp_removed_at"] is not None
