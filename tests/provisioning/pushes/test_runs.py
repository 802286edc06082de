"""What was pushed reaches the CRM with the integration's next run; a run without news is empty."""

from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import func, select, update

from sindico_api.context import Context
from sindico_platform.database.tx import Actor
from sindico_platform.paging.schemas import PageRequest
from sindico_platform.tenancy.models import Tenant
from sindico_provisioning.erp_tables.queries import get_table
from sindico_provisioning.loads import queries, service
from sindico_provisioning.loads.history import queries as history
from sindico_provisioning.loads.models import Load, LoadKind, LoadPhase, LoadStatus
from sindico_provisioning.loads.schemas import LoadOut, LogFilters
from sindico_provisioning.pushes import service as pushes
from sindico_provisioning.staging.arrivals.models import Arrival
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant
from tests.support.jobs import kill_after, run_jobs

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


async def start(context: Context, tenant: Tenant, erp: AsyncClient, *tables: str) -> UUID:
    (integration,) = (await erp.get("/api/v1/integrations")).json()["items"]
    async with context.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        load = await service.start_load(
            tx,
            integration_id=UUID(integration["id"]),
            kind=LoadKind.MANUAL,
            tables=tables or None,
        )
        return load.id


async def run(context: Context, tenant: Tenant, erp: AsyncClient, *tables: str) -> LoadOut:
    load_id = await start(context, tenant, erp, *tables)
    await run_jobs(context, tenant.tenant_id, at_once=True)
    return await read(context, tenant, load_id)


async def read(context: Context, tenant: Tenant, load_id: UUID) -> LoadOut:
    async with context.uow.begin(Actor.system(tenant.tenant_id)) as tx:
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
    erp: AsyncClient, context: Context, tenant: Tenant
) -> None:
    await push(erp, "empresa", id_erp="c1", razao_social="Acme")
    assert (await run(context, tenant, erp)).status == LoadStatus.SUCCEEDED
    await push(erp, "empresa", id_erp="c1", razao_social="Acme")  # nothing new
    await erp.delete("/api/v1/erp/empresa", params={"id_erp": "c9"})  # nothing there

    again = await run(context, tenant, erp)

    assert (again.status, again.phases) == (LoadStatus.EMPTY, [])


async def test_a_removal_that_was_refused_is_no_news(
    erp: AsyncClient,
    client_as: ClientAs,
    context: Context,
    tenant: Tenant,
) -> None:
    """Else nobody would hear that a client which may do nothing any more brings nothing."""
    await push(erp, "empresa", id_erp="c1", razao_social="Acme")
    await run(context, tenant, erp)
    reader = await client_as(tenant, "erp_tables:view")

    refused = await reader.delete("/api/v1/erp/empresa", params={"id_erp": "c1"})
    again = await run(context, tenant, erp)

    assert (refused.status_code, again.status) == (403, LoadStatus.EMPTY)


async def test_a_run_of_some_tables_leaves_no_news_of_others_behind(
    erp: AsyncClient, context: Context, tenant: Tenant
) -> None:
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


async def is_removed(erp: AsyncClient, name: str) -> bool:
    account = (await accounts(erp))[name]
    return (await erp.get(f"/api/v1/accounts/{account}")).json()["erp_removed_at"] is not None


async def test_a_clock_set_back_by_an_hour_hides_no_push(
    erp: AsyncClient, context: Context, tenant: Tenant
) -> None:
    """Everything that was before is then in the future."""
    hour = timedelta(hours=1)
    await push(erp, "empresa", id_erp="c1", razao_social="Acme")
    await run(context, tenant, erp)
    async with context.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        for table in (Load, LoadPhase):
            later = {"started_at": table.started_at + hour, "finished_at": table.finished_at + hour}
            await tx.session.execute(update(table).values(later))
    await push(erp, "empresa", id_erp="c2", razao_social="Beta")

    told = [(await run(context, tenant, erp)).status for _ in range(2)]

    assert told == [LoadStatus.SUCCEEDED, LoadStatus.EMPTY]
    assert sorted(await accounts(erp)) == ["Acme", "Beta"]


@pytest.mark.parametrize("waits", [False, True], ids=["alone", "another-waits"])
@pytest.mark.parametrize("commits", [True, False], ids=["commits", "rolls-back"])
async def test_a_push_that_is_committed_only_after_a_run_comes_with_the_next(
    erp: AsyncClient, context: Context, tenant: Tenant, *, waits: bool, commits: bool
) -> None:
    """Whether or not the run takes what came before it."""
    await push(erp, "empresa", id_erp="c1", razao_social="Acme")
    await run(context, tenant, erp)
    if waits:
        await push(erp, "empresa", id_erp="c2", razao_social="Beta")
    with suppress(ZeroDivisionError):
        async with context.uow.begin(Actor.system(tenant.tenant_id)) as tx:
            await pushes.remove_rows(tx, table=get_table("empresa"), keys=["c1"])
            meanwhile = (await run(context, tenant, erp)).status
            unknown = await is_removed(erp, "Acme")
            _ = 1 / commits

    following = [(await run(context, tenant, erp)).status for _ in range(2)]

    assert meanwhile == (LoadStatus.SUCCEEDED if waits else LoadStatus.EMPTY)
    assert (unknown, await is_removed(erp, "Acme")) == (False, commits)
    # What was rolled back had taken the place of what waited: that one is brought once more.
    assert following[0] == (LoadStatus.SUCCEEDED if commits or waits else LoadStatus.EMPTY)
    assert following[1] == LoadStatus.EMPTY


@pytest.mark.kills("loads.run_load")
@pytest.mark.parametrize("step", range(1, 7))
async def test_a_push_before_a_killed_run_goes_on_is_brought_by_it_or_by_the_next(
    erp: AsyncClient, context: Context, tenant: Tenant, step: int
) -> None:
    await push(erp, "empresa", id_erp="c1", razao_social="Acme")
    load_id = await start(context, tenant, erp)
    kill = kill_after("committed", step, only="loads.run_load")
    drained = await run_jobs(context, tenant.tenant_id, at_once=True, kill=kill)
    await push(erp, "empresa", id_erp="b1", razao_social="Beta")  # before the key that was brought

    await run_jobs(context, tenant.tenant_id, at_once=True)
    first = (await read(context, tenant, load_id)).status
    brought = sorted(await accounts(erp))
    following = [(await run(context, tenant, erp)).status for _ in range(2)]

    assert (drained.killed, first) == (True, LoadStatus.SUCCEEDED)
    assert sorted(await accounts(erp)) == ["Acme", "Beta"]
    assert following[0] == LoadStatus.SUCCEEDED or len(brought) == 2
    assert following[1] == LoadStatus.EMPTY


async def test_however_many_pushes_there_were_one_of_them_is_remembered(
    erp: AsyncClient, context: Context, tenant: Tenant
) -> None:
    for number in range(3):
        await push(erp, "empresa", id_erp=f"c{number}", razao_social="Acme")

    async with context.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        kept = await tx.session.scalar(select(func.count()).select_from(Arrival))

    assert kept == 1
