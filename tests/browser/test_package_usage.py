"""What people see of their package in a real browser."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from sindico_api.context import Context
from sindico_platform.database.tx import Actor
from sindico_platform.tenancy.models import Tenant
from sindico_provisioning.packages.queries import get_subscription
from tests.browser.conftest import OpenAs
from tests.browser.screens import see_every_look
from tests.provisioning.factories import make_tenant as make_customer
from tests.provisioning.factories import put_package_in_force
from tests.support.identity import MakeTenant

pytestmark = pytest.mark.browser


@pytest.fixture
async def customer(context: Context) -> Tenant:
    """A Freemium customer that may have no user more than the one who looks."""
    made = await make_customer(context.uow)
    await put_package_in_force(context.uow, made.id, "freemium")
    async with context.uow.begin(Actor.system(made.id)) as tx:
        (await get_subscription(tx)).overrides = {"active_users": 1}
        tenant = await tx.session.get(Tenant, made.id)
        assert tenant is not None
        tx.session.expunge(tenant)
    return tenant


async def test_an_administrator_sees_what_is_used_on_the_start_page(
    open_as: OpenAs, customer: Tenant, pictures: Path
) -> None:
    async with open_as(customer, "users:view", "loads:view") as page:
        await see_every_look(page, pictures, "usage-home")

        await expect(page.get_by_text("1 de 1 em uso")).to_be_visible()


async def test_an_operator_sees_what_a_customer_uses(
    open_as: OpenAs, customer: Tenant, make_tenant: MakeTenant, pictures: Path
) -> None:
    master = await make_tenant(master=True)
    path = f"/console/tenants/{customer.tenant_id}"
    async with open_as(master, "tenants:view", "provisioning:view", path=path) as page:
        await see_every_look(page, pictures, "usage-tenant")

        await expect(page.get_by_text("0 de 1 em uso · limite próprio")).to_be_visible()


async def test_a_limit_is_named_below_the_button_that_met_it(
    open_as: OpenAs, customer: Tenant, pictures: Path
) -> None:
    async with open_as(customer, "users:view", "users:include", path="/console/users/new") as page:
        await page.get_by_label("Nome").fill("Ana")
        await page.get_by_label("Login").fill("ana")
        await page.get_by_role("button", name="Convidar").click()

        problem = page.locator("#invite-problem")
        await expect(problem).to_contain_text("Usuários ativos: o limite com o pacote Freemium é 1")
        await see_every_look(page, pictures, "usage-refused")
        await expect(page.get_by_label("Login")).to_have_value("ana")
