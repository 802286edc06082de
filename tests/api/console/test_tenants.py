"""Tenant management on the console: the list, adding a customer, and watching its deployment."""

import asyncio
import secrets
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import update

from sindico_api.context import Context
from sindico_api.i18n import LANGUAGE_COOKIE
from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_provisioning.packages.models import Subscription
from sindico_provisioning.provisioning_runs.models import ProvisioningStep, Status
from sindico_provisioning.tenant_registry.schemas import TenantOut
from tests.provisioning import factories
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant
from tests.support.jobs import run_jobs


@pytest.fixture
async def operator(console_as: ClientAs, make_tenant: MakeTenant) -> AsyncClient:
    """A vendor operator's browser."""
    browser = await console_as(await make_tenant(master=True), "operator")
    browser.cookies.set(LANGUAGE_COOKIE, "en")
    return browser


def a_form(**changed: str) -> dict[str, str]:
    return {
        "source": "new",
        "domain": f"{secrets.token_hex(6)}.test",
        "cnpj": factories.CNPJ,
        "name": "Acme",
        "package": "freemium",
        "default_integration": "mega",
        "admin.name": "Ana",
        "admin.email": "ana@acme.test",
        "admin.login": "ana",
    } | changed


async def save(operator: AsyncClient, **changed: str) -> Any:
    return await operator.post("/console/tenants/new", data=a_form(**changed))


async def find_in_list(operator: AsyncClient, text: str) -> str:
    return (await operator.get("/console/tenants", params={"q": text})).text


async def make_domain(uow: UnitOfWork) -> TenantOut:
    return await factories.make_tenant(uow, name=f"Ipê {secrets.token_hex(3)}")


async def test_the_list_is_searched_filtered_and_paged(
    operator: AsyncClient, uow: UnitOfWork
) -> None:
    tenant = await make_domain(uow)

    found = await find_in_list(operator, tenant.domain)
    filtered = await operator.get(
        "/console/tenants", params={"q": tenant.domain, "crm_state": "active"}
    )
    first = await operator.get("/console/tenants", params={"limit": 1, "sort": "-created_at"})

    assert tenant.name in found
    assert "12.ABC.345/01DE-35" in found
    assert "Nothing matches the filters" in filtered.text
    assert 'rel="next"' in first.text


async def test_saving_leads_to_the_run_of_a_new_tenant(operator: AsyncClient) -> None:
    form = a_form(contracted_package="")

    saved = await operator.post("/console/tenants/new", data=form)
    shown = await operator.get(saved.headers["location"])

    assert saved.status_code == 303
    assert "Deployment of Acme" in shown.text
    assert shown.text.count('class="run-step ') == 8
    assert 'sse-connect="' in shown.text
    assert form["domain"] in await find_in_list(operator, form["domain"])


async def test_a_chosen_tenant_proposes_its_name_and_contract(
    operator: AsyncClient, uow: UnitOfWork
) -> None:
    tenant = await factories.make_tenant(uow, name="Aurora", contracted_package="starter")

    page = await operator.get("/console/tenants/new", params={"tenant_id": str(tenant.id)})

    assert f'value="{tenant.id}" selected' in page.text
    assert 'value="Aurora"' in page.text
    assert 'value="starter" checked' in page.text


async def test_a_chosen_tenant_gets_the_name_that_was_typed(
    operator: AsyncClient, uow: UnitOfWork
) -> None:
    tenant = await make_domain(uow)

    saved = await save(operator, source="existing", tenant_id=str(tenant.id), name="Outra Razão")

    assert saved.headers["location"].startswith(f"/console/tenants/{tenant.id}/provisioning-runs/")
    assert "Outra Razão" in await find_in_list(operator, tenant.domain)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"domain": "não vale"}, "domain"),
        ({"cnpj": "11.222.333/0001-80"}, "cnpj"),
        ({"name": " "}, "name"),
        ({"package": "starter"}, "package"),
        ({"package": ""}, "package"),
        ({"admin.email": "ana"}, "admin.email"),
        ({"admin.login": "suportecrm"}, "admin.login"),
        ({"source": "existing", "tenant_id": "none"}, "tenant_id"),
    ],
    ids=str,
)
async def test_a_wrong_form_says_so_beside_the_field_and_makes_nothing(
    operator: AsyncClient, changed: dict[str, str], field: str
) -> None:
    form = a_form(**changed)

    refused = await operator.post("/console/tenants/new", data=form)

    assert refused.status_code == 422
    assert f'id="field-{field}-error"' in refused.text
    assert "Nothing matches" in await find_in_list(operator, form["domain"])


async def test_a_taken_domain_is_told_beside_the_domain(
    operator: AsyncClient, uow: UnitOfWork
) -> None:
    tenant = await make_domain(uow)

    refused = await save(operator, domain=tenant.domain)

    assert refused.status_code == 422
    assert 'id="field-domain-error"' in refused.text


async def test_who_may_not_register_may_still_choose(
    console_as: ClientAs, make_tenant: MakeTenant, uow: UnitOfWork
) -> None:
    tenant = await make_domain(uow)
    master = await make_tenant(master=True)
    browser = await console_as(master, "provisioning:include", "provisioning:view")

    page = await browser.get("/console/tenants/new")
    refused = await save(browser)
    saved = await save(browser, source="existing", tenant_id=str(tenant.id), name=tenant.name)

    assert 'value="new"' not in page.text
    assert (refused.status_code, saved.status_code) == (403, 303)


async def test_the_steps_arrive_until_the_run_has_ended(
    operator: AsyncClient, context: Context
) -> None:
    run = (await save(operator)).headers["location"]

    watching = asyncio.create_task(operator.get(f"{run}/events"))
    await run_jobs(context, UUID(run.split("/")[3]))
    events = (await watching).text

    assert events.startswith("event: run")
    assert events.rstrip().endswith("event: end\r\ndata:")
    assert "The CRM is ready" in events
    assert "sse-connect" not in (await operator.get(run)).text


async def test_the_invitation_is_shown_once(operator: AsyncClient, context: Context) -> None:
    run = (await save(operator)).headers["location"]
    await run_jobs(context, UUID(run.split("/")[3]))

    invited = await operator.post(f"{run}/invitation")
    again = await operator.get(run)

    assert "/console/invitation?token=" in invited.text
    assert "token=" not in again.text


async def test_a_failed_step_says_why_and_is_tried_again(
    operator: AsyncClient, context: Context
) -> None:
    run = (await save(operator)).headers["location"]
    tenant_id = UUID(run.split("/")[3])
    await fail_verification(context, tenant_id)

    failed = await operator.get(run)
    retried = await operator.post(f"{run}/retry")
    await run_jobs(context, tenant_id)
    done = await operator.get(run)

    assert "These default records are missing or different: role:admin." in failed.text
    assert "Open Default records, repair what is not right, then retry." in failed.text
    assert f'action="{run}/retry"' in failed.text
    assert retried.headers["location"] == run
    assert "The CRM is ready" in done.text


async def fail_verification(context: Context, tenant_id: UUID) -> None:
    """Leave the run as a verification that found a record missing leaves it."""
    await run_jobs(context, tenant_id)
    error = {
        "code": "defaults-not-right",
        "detail": "These default records are missing or different: {records}.",
        "facts": {"records": "role:admin"},
    }
    async with context.uow.begin(Actor.system(tenant_id)) as tx:
        await tx.session.execute(
            update(ProvisioningStep)
            .where(ProvisioningStep.code == "verification")
            .values(status=Status.FAILED, error=error)
        )
        await tx.session.execute(
            update(ProvisioningStep)
            .where(ProvisioningStep.code == "activation")
            .values(status=Status.PENDING)
        )
        await tx.session.execute(update(Subscription).values(crm_state="failed"))
