"""Home, notifications, ERP records and problem codes, as a session gets them."""

import re
from datetime import UTC, datetime

import pytest
from httpx import AsyncClient

from sindico_api.console.problem_pages import known_problems
from sindico_api.context import Context
from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.tenancy.models import Tenant
from sindico_provisioning.notifications import service as notifications
from sindico_provisioning.notifications.catalogue import CRM_READY, INTEGRATION_FAILING
from tests.provisioning.loads.conftest import Site, erp_kind, make_site
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant

__all__ = ["erp_kind"]

LISTS = ("company-settings/companies", "company-settings/branches", "accounts", "contacts")


@pytest.fixture
async def site(context: Context, make_tenant: MakeTenant, erp_kind: str) -> Site:
    site = await make_site(context, await make_tenant(), erp_kind)
    site.erp.put("empresa_propria", "1")
    site.erp.put("filial", "1-1", cod_empresa="1")
    site.erp.put("empresa", "a", razao_social="Metalúrgica Aurora")
    site.erp.put("contato", "b", nome="Ana Souza")
    await site.load()
    return site


@pytest.fixture
async def browser(site: Site, console_as: ClientAs) -> AsyncClient:
    return await console_as(site.tenant, "admin", "crm-director")


@pytest.mark.parametrize("name", LISTS)
async def test_a_list_leads_to_each_record(browser: AsyncClient, name: str) -> None:
    listed = await browser.get(f"/console/{name}")
    addresses = set(re.findall(rf'href="(/console/{name}/[0-9a-f-]{{36}})"', listed.text))

    for address in addresses:
        assert (await browser.get(address)).status_code == 200
    assert addresses


async def test_lists_search_and_filter(browser: AsyncClient) -> None:
    found = await browser.get("/console/accounts", params={"q": "aurora", "state": ""})
    removed = await browser.get("/console/accounts", params={"situation": "removed"})
    odd = await browser.get(f"/console/{LISTS[1]}?company=x&head_office=maybe")

    assert "Metalúrgica Aurora" in found.text
    assert "Ana Souza" not in found.text
    assert "Nada corresponde aos filtros" in removed.text
    assert odd.status_code == 200


async def test_another_tenants_records_are_nowhere(
    browser: AsyncClient, make_tenant: MakeTenant, console_as: ClientAs
) -> None:
    stranger = await console_as(await make_tenant(), "crm-director")
    for name in LISTS:
        listed = await browser.get(f"/console/{name}")
        addresses = re.findall(rf'href="(/console/{name}/[0-9a-f-]{{36}})"', listed.text)
        nothing = (await stranger.get(f"/console/{name}")).text

        for address in addresses:
            assert (await stranger.get(address)).status_code == 404
            assert address not in nothing
        assert addresses
        assert nothing.count('<div class="empty-state">') == 1
        assert "<tbody>" not in nothing


async def test_the_start_page_says_where_things_stand(browser: AsyncClient) -> None:
    home = await browser.get("/console")

    assert "Última carga" in home.text
    assert re.search(r'href="/console/accounts">.*?stat-value">1<', home.text, re.DOTALL)


async def test_the_start_page_of_an_operator_counts_tenants(
    make_tenant: MakeTenant, console_as: ClientAs
) -> None:
    operator = await console_as(await make_tenant(master=True), "operator")

    home = await operator.get("/console")

    assert 'href="/console/tenants?state=active"' in home.text
    assert "Implantações em andamento" in home.text


async def test_somebody_without_permissions_still_has_a_start_page(
    make_tenant: MakeTenant, console_as: ClientAs
) -> None:
    home = await (await console_as(await make_tenant())).get("/console")

    assert home.status_code == 200
    assert "stat-value" not in home.text


async def test_notifications_are_counted_read_and_followed(
    make_tenant: MakeTenant, console_as: ClientAs, uow: UnitOfWork
) -> None:
    tenant: Tenant = await make_tenant()
    browser = await console_as(tenant, "notifications:view")
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        await notifications.notify(tx, CRM_READY, path="/console/loads", package="Freemium")
        await notifications.notify(tx, CRM_READY, package="Starter")
        end = datetime(2026, 3, 5, 12, 30, tzinfo=UTC)
        await notifications.notify(tx, INTEGRATION_FAILING, name="ERP", failures=3, pause_at=end)

    bell = await browser.get("/console/notifications/bell")
    listed = await browser.get("/console/notifications")
    read = re.findall(r'action="(/console/notifications/[0-9a-f-]{36}/read)"', listed.text)
    followed = await browser.post(read[2], data={"next": "/console/loads"})
    elsewhere = await browser.post(read[2], data={"next": "https://evil.example"})
    await browser.post("/console/notifications/read")
    unread = await browser.get("/console/notifications", params={"unread": "yes"})

    assert "3 notificações não lidas" in bell.text
    assert "Freemium" in listed.text
    assert "será pausado em 05/03/2026 09:30." in listed.text
    assert followed.headers["location"] == "/console/loads"
    assert elsewhere.headers["location"] == "/console"
    assert "Nada por ler" in unread.text


@pytest.mark.parametrize("code", sorted(known_problems()))
async def test_every_problem_has_a_page(client: AsyncClient, code: str) -> None:
    page = await client.get(f"/problems/{code}", headers={"Accept-Language": "pt-BR"})

    assert page.status_code == 200
    assert f"<code>{code}</code>" in page.text


async def test_an_unknown_problem_is_not_found(client: AsyncClient) -> None:
    page = await client.get("/problems/there-is-none")

    assert page.status_code == 404


async def test_the_type_of_a_problem_leads_to_its_page(client: AsyncClient) -> None:
    problem = (await client.get("/api/v1/loads")).json()

    page = await client.get(problem["type"])

    assert page.status_code == 200
    assert "You are not signed in" in page.text
