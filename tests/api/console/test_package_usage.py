"""What a tenant's people see of their package: usage, and refusals beside what they asked for."""

import pytest
from httpx import AsyncClient

from sindico_api.context import Context
from sindico_api.i18n import LANGUAGE_COOKIE
from sindico_platform.database.tx import Actor
from sindico_platform.tenancy.models import Tenant
from sindico_provisioning.packages.queries import get_subscription
from tests.provisioning.factories import make_tenant as make_customer
from tests.provisioning.factories import put_package_in_force
from tests.provisioning.loads.conftest import Site, erp_kind, make_site
from tests.support.callers import ClientAs

__all__ = ["erp_kind"]

ADMINISTRATOR = ("users:view", "users:include", "loads:view", "loads:include")


@pytest.fixture
async def site(context: Context, erp_kind: str) -> Site:
    """A Freemium customer with an integration."""
    customer = await make_customer(context.uow)
    await put_package_in_force(context.uow, customer.id, "freemium")
    async with context.uow.begin(Actor.system(customer.id)) as tx:
        tenant = await tx.session.get(Tenant, customer.id)
        assert tenant is not None
        tx.session.expunge(tenant)
    return await make_site(context, tenant, erp_kind)


@pytest.fixture
async def browser(site: Site, console_as: ClientAs) -> AsyncClient:
    browser = await console_as(site.tenant, *ADMINISTRATOR)
    browser.cookies.set(LANGUAGE_COOKIE, "en")
    return browser


async def allow(site: Site, **limits: int) -> None:
    async with site.context.uow.begin(site.actor) as tx:
        (await get_subscription(tx)).overrides = limits


async def test_an_administrators_start_page_shows_each_limit_beside_what_is_used(
    site: Site, browser: AsyncClient
) -> None:
    await allow(site, active_users=7)

    page = (await browser.get("/console")).text

    assert "1 of 7 used · own limit" in page
    assert "0 of 48 used" in page
    assert "0 B of 5 GB used" in page


async def test_others_do_not_see_what_they_cannot_change(site: Site, console_as: ClientAs) -> None:
    browser = await console_as(site.tenant, "accounts:view")

    assert 'class="usage"' not in (await browser.get("/console")).text


async def test_a_form_that_meets_a_limit_says_which_below_its_button(
    site: Site, browser: AsyncClient
) -> None:
    await allow(site, active_users=1)
    form = (await browser.get("/console/users/new")).text
    headers = {"hx-request": "true", "Problem-Target": "#invite-problem"}

    refused = await browser.post(
        "/console/users", data={"name": "Ana", "login": "ana"}, headers=headers
    )

    assert 'id="invite-problem"' in form
    assert refused.headers["hx-retarget"] == "#invite-problem"
    assert "Active users: the limit with the package Freemium is 1" in refused.text


@pytest.mark.parametrize("part", ["log", "rejections"])
async def test_more_rows_than_may_be_exported_are_not_offered(
    site: Site, browser: AsyncClient, part: str
) -> None:
    site.erp.put("empresa", "", "a")  # one without a key
    load = await site.load("empresa")
    path = f"/console/loads/{load.id}/{part}"
    offered = (await browser.get(path)).text

    await allow(site, export_rows=0)
    page = (await browser.get(path)).text
    refused = await browser.get(f"{path}.ndjson")

    assert f"{path}.ndjson" in offered
    assert f"{path}.ndjson" not in page
    assert "Rows per export: the limit with the package Freemium is 0" in page
    assert refused.status_code == 409
