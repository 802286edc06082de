"""Jobs over HTTP: seen by their tenant, and by the vendor."""

import pytest
from httpx import AsyncClient
from sqlalchemy import select

from sindico_api.context import Context
from sindico_platform.audit.models import AuditEvent
from sindico_platform.database.tx import Actor
from sindico_platform.errors import Terminal
from sindico_platform.jobs.models import JobState
from sindico_platform.tenancy.models import Tenant
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant
from tests.support.jobs import job_state, run_jobs
from tests.support.sample_jobs import Note, add_note


@pytest.fixture
async def tenant(make_tenant: MakeTenant) -> Tenant:
    return await make_tenant()


@pytest.fixture
async def caller(client_as: ClientAs, tenant: Tenant) -> AsyncClient:
    return await client_as(tenant, "jobs:view", "jobs:edit")


@pytest.fixture
async def operator(client_as: ClientAs, make_tenant: MakeTenant) -> AsyncClient:
    master = await make_tenant(master=True)
    return await client_as(master, "dead_letters:view", "dead_letters:edit")


async def add_dead_letter(context: Context, tenant: Tenant) -> Note:
    refused = Terminal(
        "login-refused", "This release does not know the job {function}.", function="x"
    )
    note = await add_note(context, tenant.tenant_id, refused)
    await run_jobs(context, tenant.tenant_id)
    return note


async def test_a_tenant_sees_what_failed_and_why_in_its_language(
    context: Context, tenant: Tenant, caller: AsyncClient
) -> None:
    await add_note(context, tenant.tenant_id)
    note = await add_dead_letter(context, tenant)

    response = await caller.get(
        "/api/v1/jobs", params={"status": "failed"}, headers={"Accept-Language": "pt-BR"}
    )

    (item,) = response.json()["items"]
    assert (item["id"], item["status"]) == (str(note.job_id), "failed")
    assert item["function"] == "sample_jobs.take_note"
    assert item["error"]["detail"] == "Esta versão não conhece a tarefa x."


async def test_jobs_are_listed_newest_first_page_by_page(
    context: Context, tenant: Tenant, caller: AsyncClient
) -> None:
    notes = [await add_note(context, tenant.tenant_id) for _ in range(3)]

    first = (await caller.get("/api/v1/jobs", params={"limit": 2})).json()
    rest = (
        await caller.get("/api/v1/jobs", params={"limit": 2, "after": first["next_cursor"]})
    ).json()

    listed = [item["id"] for item in first["items"] + rest["items"]]
    assert listed == [str(note.job_id) for note in reversed(notes)]
    assert rest["next_cursor"] is None


async def test_a_dead_letter_is_retried_with_all_its_attempts(
    context: Context, tenant: Tenant, caller: AsyncClient
) -> None:
    note = await add_dead_letter(context, tenant)

    response = await caller.post(f"/api/v1/jobs/{note.job_id}/retry")
    drained = await run_jobs(context, tenant.tenant_id)

    assert (response.status_code, response.json()["status"]) == (200, "pending")
    assert drained.states == [JobState.SUCCEEDED]
    assert (await job_state(context, tenant.tenant_id, note.job_id)).attempts == 1
    assert await audited(context, tenant) == ["job:retry"]


async def test_a_job_that_has_not_failed_is_not_retried(
    context: Context, tenant: Tenant, caller: AsyncClient
) -> None:
    note = await add_note(context, tenant.tenant_id)

    response = await caller.post(f"/api/v1/jobs/{note.job_id}/retry")

    assert (response.status_code, response.json()["code"]) == (409, "job-not-failed")


async def test_a_cancelled_job_does_not_run(
    context: Context, tenant: Tenant, caller: AsyncClient
) -> None:
    note = await add_note(context, tenant.tenant_id)

    response = await caller.post(f"/api/v1/jobs/{note.job_id}/cancel")
    await run_jobs(context, tenant.tenant_id, at_once=True)
    again = await caller.post(f"/api/v1/jobs/{note.job_id}/cancel")

    assert response.json()["status"] == "cancelled"
    assert note.runs == 0
    assert (again.status_code, again.json()["code"]) == (409, "job-finished")
    assert await audited(context, tenant) == ["job:cancel"]


async def test_the_vendor_sees_every_dead_letter_with_its_tenant(
    context: Context, tenant: Tenant, operator: AsyncClient
) -> None:
    note = await add_dead_letter(context, tenant)

    response = await operator.get("/api/v1/dead-letters")

    mine = [item for item in response.json()["items"] if item["id"] == str(note.job_id)]
    assert [item["tenant_domain"] for item in mine] == [tenant.domain]


async def test_the_vendor_retries_a_customers_job(
    context: Context, tenant: Tenant, operator: AsyncClient
) -> None:
    note = await add_dead_letter(context, tenant)
    address = f"/api/v1/tenants/{tenant.tenant_id}/jobs"

    listed = (await operator.get(address, params={"status": "failed"})).json()["items"]
    retried = await operator.post(f"{address}/{note.job_id}/retry")
    cancelled = await operator.post(f"{address}/{note.job_id}/cancel")

    assert [item["id"] for item in listed] == [str(note.job_id)]
    assert (retried.json()["status"], cancelled.json()["status"]) == ("pending", "cancelled")


async def audited(context: Context, tenant: Tenant) -> list[str]:
    async with context.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        found = (
            select(AuditEvent.tag).where(AuditEvent.target_type == "job").order_by(AuditEvent.id)
        )
        return list(await tx.session.scalars(found))
