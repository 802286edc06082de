"""One customer in a real browser: every tab is sound, and what is wrong is put right from there."""

import re
from pathlib import Path
from uuid import UUID

import pytest
from playwright.async_api import Page, expect
from sqlalchemy import delete

from sindico_api.context import Context
from sindico_platform.database.tx import Actor
from sindico_platform.identity.models import Role
from sindico_provisioning.provisioning_runs import service as runs
from sindico_provisioning.provisioning_runs.schemas import AdministratorIn, ProvisioningRunIn
from sindico_provisioning.tenant_registry.schemas import TenantOut
from tests.browser.conftest import OpenAs
from tests.browser.screens import see_every_look
from tests.browser.test_tenants import LONG_NAME
from tests.provisioning import factories
from tests.support.identity import MakeTenant
from tests.support.jobs import run_jobs

pytestmark = pytest.mark.browser
TABS = (
    "",
    "/package",
    "/default-records",
    "/integrations",
    "/loads",
    "/notifications",
    "/audit",
)


async def make_customer(context: Context) -> TenantOut:
    """A tenant with a long name whose CRM is active."""
    tenant = await factories.make_tenant(context.uow, name=LONG_NAME)
    admin = AdministratorIn(name="Ana", email="ana@acme.test", login="ana")
    wanted = ProvisioningRunIn(package="freemium", admin=admin, default_integration="mega")
    async with context.uow.begin(factories.operator(), tenant=tenant.id) as tx:
        await runs.start_run(tx, wanted)
    await run_jobs(context, tenant.id)
    return tenant


async def lose_director(context: Context, tenant_id: UUID) -> None:
    async with context.uow.begin(Actor.system(tenant_id)) as tx:
        await tx.session.execute(delete(Role).where(Role.code == "crm-director"))


async def walk_tabs(page: Page, pictures: Path, base: str, name: str) -> None:
    for tab in TABS:
        await page.goto(f"{base}{tab}")
        await see_every_look(page, pictures, f"{name}{tab.replace('/', '-')}")


async def test_every_tab_is_sound_for_every_reader(
    make_tenant: MakeTenant, open_as: OpenAs, context: Context, pictures: Path
) -> None:
    tenant = await make_customer(context)
    bare = await factories.make_tenant(context.uow, name="Aurora")
    master = await make_tenant(master=True)
    async with open_as(master, "operator", path=f"/console/tenants/{tenant.id}") as page:
        base = page.url
        await walk_tabs(page, pictures, base, "tenant")
        await page.goto(base.replace(str(tenant.id), str(bare.id)))
        await see_every_look(page, pictures, "tenant-bare")


async def test_a_missing_record_is_found_and_repaired(
    make_tenant: MakeTenant, open_as: OpenAs, context: Context, pictures: Path
) -> None:
    tenant = await make_customer(context)
    await lose_director(context, tenant.id)
    master = await make_tenant(master=True)
    path = f"/console/tenants/{tenant.id}/default-records"
    async with open_as(master, "operator", path=path) as page:
        await see_every_look(page, pictures, "records-missing")
        await page.get_by_role("button", name="Reparar tudo").click()

        await expect(page.locator("td .tone-bad")).to_have_count(0)


async def test_a_tenant_is_suspended_by_typing_its_domain_and_resumed(
    make_tenant: MakeTenant, open_as: OpenAs, context: Context, pictures: Path
) -> None:
    tenant = await make_customer(context)
    master = await make_tenant(master=True)
    async with open_as(master, "operator", path=f"/console/tenants/{tenant.id}") as page:
        await page.get_by_role("button", name="Suspender").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog.get_by_role("button", name="Suspender")).to_be_disabled()
        await dialog.get_by_label("Motivo").fill("Sem pagamento desde outubro")
        await see_every_look(page, pictures, "tenant-suspend")
        await dialog.get_by_label("Para confirmar").fill(tenant.domain)
        await dialog.get_by_role("button", name="Suspender").click()

        await expect(page.get_by_text("Sem pagamento desde outubro")).to_be_visible()
        await see_every_look(page, pictures, "tenant-suspended")
        await page.get_by_role("button", name="Retomar").click()
        await page.get_by_role("dialog").get_by_role("button", name="Retomar").click()
        await expect(page.get_by_role("button", name="Suspender")).to_be_visible()


async def test_the_properties_of_mega_are_filled_in_and_tried(
    make_tenant: MakeTenant, open_as: OpenAs, context: Context, pictures: Path
) -> None:
    tenant = await make_customer(context)
    master = await make_tenant(master=True)
    async with open_as(master, "operator", path="/console/configuration") as page:
        await page.get_by_role("searchbox").fill(tenant.domain)
        await expect(page).to_have_url(re.compile("q="))
        await page.get_by_role("link", name=LONG_NAME).click()
        await expect(page).to_have_url(re.compile(f"{tenant.id}/service-properties$"))
        await see_every_look(page, pictures, "services")
        await page.get_by_role("link", name="integration_mega").click()
        await page.get_by_label("URL").fill("http://127.0.0.1/")
        await page.get_by_role("button", name="Salvar").click()
        await expect(page.locator("#field-url-error")).to_be_visible()
        await page.get_by_text("Avançado").click()
        await see_every_look(page, pictures, "service-refused")

        await page.get_by_label("URL").fill("https://10.0.0.1:8443/")
        await page.get_by_label("Usuário").fill("crm")
        await page.locator("#field-password").fill("segredo")
        await page.get_by_role("button", name="Salvar").click()
        await page.get_by_role("button", name="Testar conexão").click()

        await expect(page.locator("#step-resolve .step-problem")).to_be_visible()
        await see_every_look(page, pictures, "service-tested")
