"""Work that gave up, on the vendor's screen."""

import re

import pytest
from httpx import AsyncClient

from sindico_api.console.failed_tasks import TASK_LABELS
from sindico_api.context import Context
from sindico_api.job_modules import JOB_MODULES, import_jobs
from sindico_platform.audit import queries as audit
from sindico_platform.audit.schemas import AuditFilters
from sindico_platform.database.tx import Actor
from sindico_platform.errors import Terminal
from sindico_platform.jobs.registry import all_declarations
from sindico_platform.paging.schemas import PageRequest
from sindico_platform.tenancy.models import Tenant
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant
from tests.support.jobs import job_state, run_jobs
from tests.support.sample_jobs import add_note


@pytest.fixture
async def tenant(make_tenant: MakeTenant) -> Tenant:
    return await make_tenant()


@pytest.fixture
async def operator(make_tenant: MakeTenant, console_as: ClientAs) -> AsyncClient:
    return await console_as(await make_tenant(master=True), "operator")


async def test_a_failed_task_says_why_and_is_repeated(
    context: Context, tenant: Tenant, operator: AsyncClient
) -> None:
    refused = Terminal("refused", "This release does not know the job {function}.", function="x")
    note = await add_note(context, tenant.tenant_id, refused)
    await run_jobs(context, tenant.tenant_id)

    page = await operator.get("/console/failed-tasks")
    repeat = f"/console/failed-tasks/{tenant.tenant_id}/{note.job_id}/retry"
    repeated = await operator.post(repeat)

    assert f'action="{repeat}"' in page.text
    assert "Esta versão não conhece a tarefa x." in page.text
    assert tenant.domain in page.text
    assert repeated.headers["location"] == "/console/failed-tasks"
    assert (await job_state(context, tenant.tenant_id, note.job_id)).state == "pending"


async def test_a_failed_task_is_cancelled_for_good(
    context: Context, tenant: Tenant, operator: AsyncClient
) -> None:
    note = await add_note(context, tenant.tenant_id, Terminal("refused", "No."))
    await run_jobs(context, tenant.tenant_id)
    cancel = f"/console/failed-tasks/{tenant.tenant_id}/{note.job_id}/cancel"

    page = await operator.get("/console/failed-tasks")
    cancelled = await operator.post(cancel)
    again = await operator.post(cancel)

    assert f'action="{cancel}"' in page.text
    assert "Manter na lista" in page.text
    assert cancelled.headers["location"] == "/console/failed-tasks"
    assert again.status_code == 409
    assert (await job_state(context, tenant.tenant_id, note.job_id)).state == "cancelled"
    assert str(note.job_id) not in (await operator.get("/console/failed-tasks")).text


async def test_both_commands_are_in_the_customers_trail(
    context: Context, tenant: Tenant, operator: AsyncClient
) -> None:
    note = await add_note(context, tenant.tenant_id, Terminal("refused", "No."))
    task = f"/console/failed-tasks/{tenant.tenant_id}/{note.job_id}"
    await run_jobs(context, tenant.tenant_id)
    await operator.post(f"{task}/cancel")
    await operator.post(f"{task}/retry")

    async with context.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        found = await audit.list_events(
            tx, request=PageRequest(sort="at"), filters=AuditFilters(target_id=note.job_id)
        )

    assert [event.tag for event in found.items] == ["job:cancel", "job:retry"]
    assert {event.actor.kind for event in found.items} == {"user"}


async def test_who_may_only_look_finds_no_button(
    make_tenant: MakeTenant, console_as: ClientAs
) -> None:
    reader = await console_as(await make_tenant(master=True), "dead_letters:view")

    page = await reader.get("/console/failed-tasks")

    assert page.status_code == 200
    assert not re.search(r'action="/console/failed-tasks/', page.text)


def test_every_job_of_the_product_has_words_for_people() -> None:
    import_jobs()
    ours = {each.name for each in all_declarations() if each.function.__module__ in JOB_MODULES}

    assert set(TASK_LABELS) == ours
