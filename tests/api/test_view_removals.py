"""Removing a View integration: what goes, what stays, and what may not be lost beside it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import func, select, update

from sindico_platform.audit import queries as audit
from sindico_platform.audit.schemas import AuditFilters
from sindico_platform.database.tx import Actor, Tx
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.jobs.models import Job
from sindico_platform.paging.schemas import PageRequest
from sindico_platform.tenancy.models import Tenant
from sindico_provisioning.freshness.models import Freshness, Incident
from sindico_provisioning.integrations.errors import IntegrationNotFound
from sindico_provisioning.integrations.queries import count_integrations
from sindico_provisioning.loads.errors import LoadAlreadyRunning
from sindico_provisioning.loads.models import LoadKind
from sindico_provisioning.loads.service import start_load
from sindico_provisioning.reconciliation.models import Reconciliation
from sindico_provisioning.schedules.models import Schedule, ScheduledRun
from sindico_provisioning.staging.retention.jobs import retire_rows
from sindico_provisioning.staging.retention.service import begin_retirement
from sindico_provisioning.view_connections.models import ViewConnection, ViewMapping
from sindico_provisioning.view_connections.removals.service import remove_integration
from tests.api.test_view_connections import CONNECTION, PATH, problem
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant
from tests.support.jobs import eventually
from tests.support.locks import somebody_waits
from tests.support.rows import make_row

GONE = (ViewConnection, ViewMapping, Schedule, ScheduledRun, Freshness)


@pytest.fixture
async def tenant(make_tenant: MakeTenant) -> Tenant:
    return await make_tenant()


@pytest.fixture
async def view(uow: UnitOfWork, tenant: Tenant) -> UUID:
    """An integration with a connection and a mapping."""
    return await make_row(uow, tenant, "view_integration_id")


@pytest.fixture
async def dba(tenant: Tenant, client_as: ClientAs) -> AsyncClient:
    return await client_as(tenant, "admin")


async def count(tx: Tx, *models: Any) -> int:
    found = [await tx.session.scalar(select(func.count()).select_from(each)) for each in models]
    return sum(each or 0 for each in found)


async def plan(dba: AsyncClient, view: UUID) -> None:
    """A schedule, and a limit with an incident open."""
    address = f"/api/v1/integrations/{view}"
    schedule = {"kind": "daily", "times": ["03:00"]}
    assert (await dba.put(f"{address}/schedule", json=schedule)).status_code == 200
    assert (await dba.put(f"{address}/freshness", json={"max_hours": 24})).status_code == 200


async def skip_a_run(uow: UnitOfWork, tenant: Tenant, view: UUID) -> None:
    """A time at which the schedule began no load."""
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        skipped = ScheduledRun(
            tenant_id=tx.tenant_id,
            integration_id=view,
            slot_at=tx.now,
            at=tx.now,
            outcome="skipped",
            missed=0,
        )
        tx.session.add(skipped)


async def open_incident(uow: UnitOfWork, tenant: Tenant, view: UUID) -> str:
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        incident = Incident(
            tenant_id=tx.tenant_id,
            id=tx.new_id(),
            integration_id=view,
            max_hours=24,
            opened_at=tx.now,
            tellings=0,
        )
        tx.session.add(incident)
        return str(incident.id)


async def test_what_configures_it_goes_and_what_it_did_stays(
    dba: AsyncClient, tenant: Tenant, uow: UnitOfWork, view: UUID
) -> None:
    await plan(dba, view)
    await skip_a_run(uow, tenant, view)
    incident = await open_incident(uow, tenant, view)
    name = (await dba.get(f"{PATH}/{view}")).json()["name"]
    load = (await dba.post("/api/v1/initial-loads", json={"integration_id": str(view)})).json()

    busy = await dba.delete(f"{PATH}/{view}")
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        kept = await count(tx, *GONE)
    await dba.post(f"/api/v1/loads/{load['id']}/cancel")
    stale = await dba.delete(f"{PATH}/{view}", headers={"If-Match": '"7"'})
    removed = await dba.delete(f"{PATH}/{view}", headers={"If-Match": '"1"'})

    assert problem(busy) == (409, "load-already-running")
    assert load["id"] in busy.json()["detail"]
    assert kept == len(GONE)
    assert problem(stale) == (412, "changed-meanwhile")
    assert removed.status_code == 204
    for path in (f"{PATH}/{view}", f"/api/v1/integrations/{view}", f"{PATH}/{view}/mappings"):
        assert (await dba.get(path)).status_code == 404
    assert problem(await dba.delete(f"{PATH}/{view}")) == (404, "integration-not-found")
    for path in (PATH, "/api/v1/integrations"):
        assert (await dba.get(path)).json()["items"] == []
    (run,) = (await dba.get(f"/api/v1/integrations/{view}/runs")).json()["items"]
    assert run["id"] == load["id"]
    assert (await dba.get(f"/api/v1/loads/{load['id']}/log")).status_code == 200
    resumed = await dba.post(f"/api/v1/loads/{load['id']}/resume")
    assert problem(resumed) == (404, "integration-not-found")
    ended = (await dba.get(f"/api/v1/incidents/{incident}")).json()
    assert (ended["closed_code"], ended["integration"]) == ("settings-changed", name)
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        assert await count(tx, *GONE) == 0
        assert await count_integrations(tx) == 0
        page = await audit.list_events(tx, request=PageRequest(), filters=AuditFilters())
        assert await begin_retirement(tx, integration_id=view, job=retire_rows)
    tags = {event.tag for event in page.items}
    assert tags >= {
        "integration:delete",
        "view-connection:delete",
        "schedule:delete",
        "incident:close",
    }
    again = await dba.post(PATH, json=CONNECTION | {"name": name})
    assert again.status_code == 201


async def test_a_comparison_under_way_and_another_kind_are_refused(
    dba: AsyncClient, tenant: Tenant, uow: UnitOfWork, view: UUID
) -> None:
    other = await make_row(uow, tenant, "integration_id")
    asked = await dba.post(f"/api/v1/integrations/{view}/reconciliations")

    assert asked.is_success, asked.text
    assert problem(await dba.delete(f"{PATH}/{view}")) == (409, "reconciliation-running")
    assert problem(await dba.delete(f"{PATH}/{other}")) == (409, "integration-not-view")


@pytest.mark.parametrize(
    "end",
    [
        update(Job).values(state="cancelled", finished_at=func.now()),
        update(Reconciliation).values(job_id=func.gen_random_uuid()),
    ],
    ids=["ended", "forgotten"],
)
async def test_a_comparison_whose_job_is_gone_holds_nobody_up(
    dba: AsyncClient, tenant: Tenant, uow: UnitOfWork, view: UUID, end: Any
) -> None:
    path = f"/api/v1/integrations/{view}/reconciliations"
    first = await dba.post(path)
    await carry_out(uow, tenant, end)
    second = await dba.post(path)
    await carry_out(uow, tenant, end)

    removed = await dba.delete(f"{PATH}/{view}")

    assert first.is_success
    assert second.is_success, second.text
    assert removed.status_code == 204, removed.text
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        assert list(await tx.session.scalars(select(Reconciliation.status))) == ["failed"] * 2


async def carry_out(uow: UnitOfWork, tenant: Tenant, statement: Any) -> None:
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        await tx.session.execute(statement)


async def remove(tx: Tx, view: UUID) -> None:
    await remove_integration(tx, integration_id=view)


async def load(tx: Tx, view: UUID) -> None:
    await start_load(tx, integration_id=view, kind=LoadKind.MANUAL)


@pytest.mark.parametrize(
    ("first", "second", "refusal"),
    [(remove, load, IntegrationNotFound), (load, remove, LoadAlreadyRunning)],
    ids=["removed first", "loaded first"],
)
async def test_a_load_and_a_removal_at_once_do_not_both_happen(
    *,
    uow: UnitOfWork,
    tenant: Tenant,
    view: UUID,
    first: Callable[[Tx, UUID], Awaitable[None]],
    second: Callable[[Tx, UUID], Awaitable[None]],
    refusal: type[Exception],
) -> None:
    actor = Actor.system(tenant.tenant_id)

    async def follow() -> None:
        async with uow.begin(actor) as tx:
            await second(tx, view)

    async with uow.begin(actor) as tx:
        await first(tx, view)
        await tx.session.flush()
        late = asyncio.create_task(follow())
        await eventually(somebody_waits(uow, actor))

    with pytest.raises(refusal):
        await late
