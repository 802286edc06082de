"""One customer on the console: its state, its package, its default records, its services."""

from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import delete

from sindico_api.context import Context
from sindico_api.i18n import LANGUAGE_COOKIE
from sindico_platform.database.tx import Actor
from sindico_platform.identity.models import Role
from sindico_platform.tenancy.models import Tenant
from sindico_provisioning.provisioning_runs import service as runs
from sindico_provisioning.provisioning_runs.schemas import AdministratorIn, ProvisioningRunIn
from sindico_provisioning.tenant_registry.schemas import TenantOut
from tests.provisioning import factories
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant
from tests.support.jobs import run_jobs

MEGA = "service-properties/crm/integration_mega"
FILLED = {
    "url": "https://127.0.0.1:8443/",
    "username": "crm",
    "password": "segredo-do-erp",
    "ativo": "true",
}


@pytest.fixture
async def operator(console_as: ClientAs, make_tenant: MakeTenant) -> AsyncClient:
    """A vendor operator's browser, in English."""
    browser = await console_as(await make_tenant(master=True), "operator")
    browser.cookies.set(LANGUAGE_COOKIE, "en")
    return browser


@pytest.fixture
async def customer(context: Context) -> TenantOut:
    """A Freemium customer of Mega whose CRM is active."""
    tenant = await factories.make_tenant(context.uow)
    admin = AdministratorIn(name="Ana", email="ana@acme.test", login="ana")
    wanted = ProvisioningRunIn(package="freemium", admin=admin, default_integration="mega")
    async with context.uow.begin(factories.operator(), tenant=tenant.id) as tx:
        await runs.start_run(tx, wanted)
    await run_jobs(context, tenant.id)
    return tenant


def path_of(tenant: TenantOut, tab: str = "") -> str:
    return f"/console/tenants/{tenant.id}/{tab}".rstrip("/")


async def routes_form(operator: AsyncClient, tenant: TenantOut, **changed: str) -> dict[str, str]:
    """What the form holds when it is opened, with what a person changes."""
    shown = await operator.get(f"/console/tenants/{tenant.id}/{MEGA}")
    names = [part.split('"')[0] for part in shown.text.split('name="rota')[1:]]
    values = {
        f"rota{name}": shown.text.split(f'name="rota{name}"')[1].split('value="')[1].split('"')[0]
        for name in names
    }
    return values | {"fusoHorario": "America/Sao_Paulo", "grantType": "Api"} | FILLED | changed


@pytest.mark.parametrize(
    ("tab", "text"),
    [
        ("", "Succeeded"),
        ("", "1 of 5 used"),
        ("package", "1 of 5 used"),
        ("default-records", "Every default record is right."),
        ("integrations", "ERP Mega XT"),
        ("service-properties", "integration_mega"),
        ("notifications", "The CRM is ready to be configured"),
    ],
)
async def test_a_tab_shows_the_customers_own(
    operator: AsyncClient, customer: TenantOut, tab: str, text: str
) -> None:
    page = await operator.get(path_of(customer, tab))

    assert page.status_code == 200
    assert text in page.text


async def test_tabs_one_may_not_open_are_not_offered(
    console_as: ClientAs, make_tenant: MakeTenant, customer: TenantOut
) -> None:
    browser = await console_as(await make_tenant(master=True), "tenants:view")

    page = await browser.get(path_of(customer))

    assert f'href="{path_of(customer, "package")}"' in page.text
    assert "default-records" not in page.text
    assert "/suspend" not in page.text


async def test_a_suspension_needs_its_reason_and_the_typed_domain(
    operator: AsyncClient, customer: TenantOut
) -> None:
    path, typed = path_of(customer, "suspend"), {"confirmation": customer.domain}

    unconfirmed = await operator.post(path, data={"reason": "unpaid"})
    unexplained = await operator.post(path, data=typed)
    suspended = await operator.post(path, data=typed | {"reason": "unpaid"})
    shown = await operator.get(path_of(customer))
    resumed = await operator.post(path_of(customer, "resume"), data={})

    assert (unconfirmed.status_code, unexplained.status_code) == (422, 422)
    assert (suspended.status_code, resumed.status_code) == (303, 303)
    assert "unpaid" in shown.text
    assert "Suspended since" not in (await operator.get(path_of(customer))).text


async def test_a_tenant_is_closed_after_its_grace_period(
    operator: AsyncClient, customer: TenantOut
) -> None:
    data = {"reason": "left", "confirmation": customer.domain, "grace_days": "10"}

    closed = await operator.post(path_of(customer, "close"), data=data)

    assert closed.status_code == 303
    assert "Closes for good at" in (await operator.get(path_of(customer))).text


async def test_a_package_that_does_not_fit_says_why_beside_the_choice(
    operator: AsyncClient, customer: TenantOut
) -> None:
    refused = await operator.post(path_of(customer, "package"), data={"package": "starter"})

    assert refused.status_code == 422
    assert 'id="field-package-error"' in refused.text
    assert "reduce what exceeds it" in refused.text


async def test_limits_of_its_own_are_kept_and_wrong_ones_refused(
    operator: AsyncClient, customer: TenantOut
) -> None:
    path = path_of(customer, "limits")

    refused = await operator.post(path, data={"overrides.active_users": "many"})
    saved = await operator.post(
        path, data={"overrides.active_users": "40", "unlimited.integrations": "true"}
    )
    shown = await operator.get(path_of(customer, "package"))

    assert refused.status_code == 422
    assert 'id="field-overrides.active_users-error"' in refused.text
    assert saved.status_code == 303
    assert "1 of 40 used · own limit" in shown.text
    assert "1 · no limit · own limit" in shown.text


async def test_the_registration_is_changed(operator: AsyncClient, customer: TenantOut) -> None:
    path = path_of(customer, "registration")

    refused = await operator.post(path, data={"name": " "})
    saved = await operator.post(path, data={"name": "Ipê", "contracted_package": "advanced"})

    assert 'id="field-name-error"' in refused.text
    assert saved.status_code == 303
    assert "Ipê" in (await operator.get(path_of(customer))).text


async def test_a_missing_record_is_repaired(
    operator: AsyncClient, customer: TenantOut, context: Context
) -> None:
    async with context.uow.begin(Actor.system(customer.id)) as tx:
        await tx.session.execute(delete(Role).where(Role.code == "crm-director"))

    found = await operator.get(path_of(customer, "default-records"))
    repaired = await operator.post(
        path_of(customer, "default-records/repair"), data={"record": "role:crm-director"}
    )
    again = await operator.get(repaired.headers["location"])

    assert "1 default record is not right" in found.text
    assert "Every default record is right." in again.text


async def test_properties_are_saved_and_the_secret_never_shown(
    operator: AsyncClient, customer: TenantOut
) -> None:
    saved = await operator.post(path_of(customer, MEGA), data=await routes_form(operator, customer))
    shown = await operator.get(path_of(customer, MEGA))

    assert saved.status_code == 303
    assert "segredo-do-erp" not in shown.text
    assert "Stored and sealed" in shown.text
    assert "/postman/collection.json" in shown.text
    assert "Test the connection" in shown.text


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("http://erp.acme.test:8443/", "The URL must start with https://."),
        ("https://erp.acme.test/", "The URL must state the port"),
        ("https://erp.acme.test:8443", "The URL must end with a slash."),
    ],
)
async def test_the_rule_of_the_url_is_told_beside_it(
    operator: AsyncClient, customer: TenantOut, url: str, text: str
) -> None:
    form = await routes_form(operator, customer, url=url)

    refused = await operator.post(path_of(customer, MEGA), data=form)

    assert refused.status_code == 422
    assert 'id="field-url-error"' in refused.text
    assert text in refused.text
    assert f'value="{url}"' in refused.text


async def test_a_connection_that_fails_names_the_stage(
    operator: AsyncClient, customer: TenantOut, client_as: ClientAs, make_tenant: MakeTenant
) -> None:
    await operator.post(path_of(customer, MEGA), data=await routes_form(operator, customer))
    caller = await client_as(await make_tenant(master=True), "operator")

    tested = await operator.post(path_of(customer, f"{MEGA}/test"))
    report: dict[str, Any] = (
        await caller.post(f"/api/v1/tenants/{customer.id}/{MEGA}/test")
    ).json()

    assert "The connection does not work" in tested.text
    assert 'id="step-resolve"' in tested.text
    assert report["succeeded"] is False
    assert [stage["status"] for stage in report["stages"]] == ["failed", *["skipped"] * 4]
    assert report["stages"][0]["code"].startswith("egress")
    assert report["stages"][0]["advice"]


async def test_a_customers_consultant_fills_in_its_own(
    console_as: ClientAs, customer: TenantOut, context: Context, operator: AsyncClient
) -> None:
    async with context.uow.begin(Actor.system(customer.id)) as tx:
        tenant = await tx.session.get_one(Tenant, customer.id)
    browser = await console_as(tenant, "service_properties:view", "service_properties:edit")
    form = await routes_form(operator, customer)

    listed = await browser.get("/console/service-properties")
    saved = await browser.post(f"/console/{MEGA}", data=form)
    tested = await browser.post(f"/console/{MEGA}/test")

    assert "integration_mega" in listed.text
    assert saved.headers["location"] == f"/console/{MEGA}"
    assert 'id="step-resolve"' in tested.text


async def test_an_operator_finds_the_tenant_to_configure(
    operator: AsyncClient, customer: TenantOut
) -> None:
    page = await operator.get("/console/configuration", params={"q": customer.domain})

    assert path_of(customer, "service-properties") in page.text
