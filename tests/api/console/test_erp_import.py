"""Importing companies and branches from the ERP, from their tabs."""

import re
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import update

from sindico_api.context import Context
from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.errors import Terminal
from sindico_platform.paging.schemas import PageRequest
from sindico_provisioning.integrations import service as integrations
from sindico_provisioning.integrations.models import Integration, IntegrationState
from sindico_provisioning.loads import queries
from sindico_provisioning.loads.schemas import LoadFilters, LoadOut
from tests.provisioning.loads.conftest import Site, erp_kind, make_site
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant

__all__ = ["erp_kind"]

SCREEN = "/console/company-settings"
TABS = ("companies", "branches")
IMPORT = f"{SCREEN}/import"


@pytest.fixture
async def site(context: Context, make_tenant: MakeTenant, erp_kind: str) -> Site:
    site = await make_site(context, await make_tenant(), erp_kind)
    site.erp.put("empresa_propria", "1", razao_social="Grupo Itajaí")
    site.erp.put("filial", "1-1", "1-2", cod_empresa="1")
    site.erp.put("empresa", "a")
    return site


@pytest.fixture
async def browser(site: Site, console_as: ClientAs) -> AsyncClient:
    return await console_as(site.tenant, "admin", "crm-director")


async def newest(site: Site) -> LoadOut:
    async with site.context.uow.begin(site.actor) as tx:
        found = await queries.list_loads(tx, request=PageRequest(limit=1), filters=LoadFilters())
        return await queries.get_load(tx, found.items[0].id)


def region(text: str) -> str:
    """What the tab says of the import."""
    return re.sub(r"\s+", " ", text.partition('id="erp-import"')[2].partition("filter-bar")[0])


@pytest.mark.parametrize("tab", TABS)
async def test_the_import_brings_companies_and_branches_and_nothing_else(
    tab: str, site: Site, browser: AsyncClient
) -> None:
    before = region((await browser.get(f"{SCREEN}/{tab}")).text)
    sent = {"integration_id": str(site.integration_id), "tab": f"/{tab}"}

    started = await browser.post(IMPORT, data=sent)
    during = region((await browser.get(f"{SCREEN}/{tab}")).text)
    await site.run()
    after = region((await browser.get(f"{SCREEN}/{tab}")).text)

    load = await newest(site)
    assert started.headers["location"] == f"{SCREEN}/{tab}"
    assert (load.kind, load.status) == ("manual", "succeeded")
    assert [phase.table for phase in load.phases] == [
        "empresa_propria",
        "filial",
        "companies",
        "branches",
    ]
    assert "Nada foi importado do ERP ainda." in before
    assert 'hx-trigger="every 2s"' in during
    assert f"/console/loads/{load.id}" in during
    assert "import-from-erp" in after
    assert "3 criados · 0 alterado ·" in after
    assert "every 2s" not in after


async def test_a_second_import_waits_for_the_first(site: Site, browser: AsyncClient) -> None:
    sent = {"integration_id": str(site.integration_id), "tab": "/companies"}
    await browser.post(IMPORT, data=sent)
    first = await newest(site)

    again = await browser.post(IMPORT, data=sent, follow_redirects=True)

    assert "Já há uma carga em andamento" in again.text
    assert (await newest(site)).id == first.id


async def test_a_failed_import_says_why(site: Site, browser: AsyncClient) -> None:
    site.erp.fail_next("read_page", Terminal("erp-gone", "The ERP is gone."))
    await browser.post(IMPORT, data={"integration_id": str(site.integration_id)})
    await site.run()

    told = region((await browser.get(f"{SCREEN}/companies")).text)

    assert "A última importação do ERP falhou" in told
    assert "The ERP is gone." in told


async def test_without_an_integration_the_button_says_so(
    make_tenant: MakeTenant, console_as: ClientAs
) -> None:
    browser = await console_as(await make_tenant(), "admin", "crm-director")

    page = await browser.get(f"{SCREEN}/companies")
    sent = await browser.post(IMPORT, data={"integration_id": ""})
    unknown = await browser.post(IMPORT, data={"integration_id": str(UUID(int=7))})

    assert "Ainda não há integração" in page.text
    assert IMPORT not in page.text
    assert (sent.status_code, unknown.status_code) == (422, 404)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (IntegrationState.ACTIVE, "A integração não está configurada"),
        (IntegrationState.PAUSED, "Nenhuma integração pode ser carregada agora"),
    ],
    ids=["not configured", "paused"],
)
async def test_what_cannot_be_read_is_told_before_it_is_tried(
    *,
    state: IntegrationState,
    words: str,
    make_tenant: MakeTenant,
    console_as: ClientAs,
    uow: UnitOfWork,
) -> None:
    tenant = await make_tenant()
    async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
        await integrations.ensure_default(tx, kind="mega")
        await tx.session.execute(update(Integration).values(state=state))
    browser = await console_as(tenant, "admin", "crm-director")

    page = await browser.get(f"{SCREEN}/branches")

    assert words in page.text
    assert IMPORT not in page.text


async def test_who_may_not_start_loads_sees_when_the_last_one_was(
    site: Site, console_as: ClientAs
) -> None:
    await site.load("empresa_propria", "filial")
    reader = await console_as(site.tenant, "companies:view", "loads:view")
    stranger = await console_as(site.tenant, "companies:view")

    seen = (await reader.get(f"{SCREEN}/companies")).text

    assert "Última importação do ERP" in seen
    assert "import-from-erp" not in seen
    assert "erp-import" not in (await stranger.get(f"{SCREEN}/companies")).text
