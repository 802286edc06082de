"""Loads in a real browser: started, followed live, cancelled, resumed, and read afterwards."""

import re
from pathlib import Path
from uuid import UUID

import pytest
from playwright.async_api import expect
from sqlalchemy import delete

from sindico_api import live
from sindico_api.context import Context
from sindico_platform.errors import Terminal, Transient
from sindico_platform.identity.models import Session
from tests.browser.conftest import OpenAs
from tests.browser.screens import Look, assert_accessible, look_at, see_every_look, shoot
from tests.provisioning.loads.conftest import Site, erp_kind, make_site
from tests.support.identity import MakeTenant
from tests.support.jobs import kill_after, run_jobs

__all__ = ["erp_kind"]

pytestmark = pytest.mark.browser
ENGLISH = Look(language="en-GB")
WRONG = {"cnpj": "11222333000182", "razao_social": "Comércio de Parafusos e Ferragens " * 9}


@pytest.fixture
async def customer(context: Context, make_tenant: MakeTenant, erp_kind: str) -> Site:
    customer = await make_site(context, await make_tenant(), erp_kind)
    customer.erp.put("empresa_propria", "1")
    customer.erp.put("filial", "1", cod_empresa="1")
    customer.erp.put("vendedor", *map(str, range(7)))
    customer.erp.put("empresa", *map(str, range(23)))
    customer.erp.put("contato", *map(str, range(9)))
    return customer


async def refused_load(customer: Site) -> UUID:
    """A load that ended with rejected rows."""
    customer.erp.put("empresa", "errada", **WRONG)
    customer.erp.put("contato", "errado", cpf="11111111112")
    return (await customer.load()).id


async def test_an_empty_list_says_what_to_do(
    customer: Site, make_tenant: MakeTenant, open_as: OpenAs, pictures: Path
) -> None:
    async with open_as(customer.tenant, "admin", path="/console/loads") as page:
        await see_every_look(page, pictures, "loads-empty")
        await page.locator("#loads").get_by_role("link", name="Executar carga inicial").click()
        await expect(page).to_have_url(re.compile("/console/loads/new$"))
        await page.get_by_text("Somente algumas tabelas").click()
        await see_every_look(page, pictures, "loads-new")

    async with open_as(await make_tenant(), "admin", path="/console/loads") as page:
        await expect(page.get_by_text("Ainda não há integração")).to_be_visible()
        await shoot(page, pictures, "loads-no-integration")


async def test_a_load_is_started_and_followed_to_its_end(
    customer: Site, open_as: OpenAs, pictures: Path
) -> None:
    async with open_as(customer.tenant, "admin", path="/console/loads/new") as page:
        await page.get_by_role("button", name="Iniciar a carga").click()
        await expect(page.get_by_text("A carga foi iniciada")).to_be_visible()
        await see_every_look(page, pictures, "load-pending")

        await run_jobs(
            customer.context, customer.tenant.tenant_id, kill=kill_after("committed", 14)
        )
        row = page.locator("#phase-fetch-empresa")
        await expect(row.locator("progress")).to_be_visible()
        await see_every_look(page, pictures, "load-running")
        await page.get_by_role("link", name="Log").click()
        await expect(page.locator(".live-dot")).to_be_visible()
        await see_every_look(page, pictures, "load-log-live")

        await customer.run()
        await expect(page.get_by_text("A carga está concluída")).to_be_visible()
        await expect(page.get_by_role("button", name="Cancelar a carga")).to_have_count(0)
        await page.get_by_role("link", name="Andamento").click()
        await expect(page.locator("#phase-synchronise-accounts")).to_contain_text("23")
        await see_every_look(page, pictures, "load-succeeded")


async def test_the_live_page_moves_by_itself_and_ends(customer: Site, open_as: OpenAs) -> None:
    load_id = await customer.start()
    async with open_as(customer.tenant, "admin", path=f"/console/loads/{load_id}") as page:
        await customer.run()

        await expect(page.locator("#load-progress").get_by_text("Concluída").first).to_be_visible()
        await expect(page.get_by_role("button", name="Cancelar a carga")).to_have_count(0)


async def test_a_session_that_ends_on_a_live_page_leads_to_the_sign_in(
    customer: Site, open_as: OpenAs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LONGEST_SECONDS", 0.5)
    load_id = await customer.start()
    async with open_as(customer.tenant, "admin", path=f"/console/loads/{load_id}") as page:
        async with customer.context.uow.begin(customer.actor) as tx:
            await tx.session.execute(delete(Session))

        await expect(page).to_have_url(
            re.compile(rf"/console/sign-in\?next=%2Fconsole%2Floads%2F{load_id}$")
        )
        await expect(page.get_by_text("Sua sessão terminou.")).to_be_visible()


async def test_a_load_is_cancelled_and_resumed(
    customer: Site, open_as: OpenAs, pictures: Path
) -> None:
    load_id = await customer.start()
    async with open_as(customer.tenant, "admin", path=f"/console/loads/{load_id}") as page:
        await page.get_by_role("button", name="Cancelar a carga").click()
        await shoot(page, pictures, "load-cancel-dialog")
        await page.get_by_role("dialog").get_by_role("button", name="Cancelar a carga").click()
        await expect(page.get_by_role("button", name="Retomar a carga")).to_be_visible()
        await shoot(page, pictures, "load-cancelled")
        await page.get_by_role("button", name="Retomar a carga").click()

        await expect(page.get_by_role("button", name="Cancelar a carga")).to_be_visible()


async def test_a_failure_says_why_and_what_to_do(
    customer: Site, open_as: OpenAs, pictures: Path
) -> None:
    customer.erp.fail_next(
        "read_page", Terminal("erp-login-refused", "The ERP did not accept {user}.", user="ana")
    )
    load = await customer.load()

    async with open_as(customer.tenant, "admin", path=f"/console/loads/{load.id}") as page:
        await expect(page.get_by_text("A carga falhou")).to_be_visible()
        await expect(page.get_by_text("O que fazer:")).to_be_visible()
        await see_every_look(page, pictures, "load-failed")


async def test_a_load_that_waits_says_until_when(
    customer: Site, open_as: OpenAs, pictures: Path
) -> None:
    customer.erp.fail_next("read_page", Transient("erp-busy", "The ERP is busy."))
    load_id = await customer.start()
    await run_jobs(customer.context, customer.tenant.tenant_id)

    async with open_as(customer.tenant, "admin", path=f"/console/loads/{load_id}") as page:
        await expect(page.get_by_text("Aguardando a próxima tentativa")).to_be_visible()
        await see_every_look(page, pictures, "load-waiting")


async def test_rejections_and_log_are_sound_for_every_reader(
    customer: Site, open_as: OpenAs, pictures: Path
) -> None:
    load_id = await refused_load(customer)
    async with open_as(
        customer.tenant, "admin", path=f"/console/loads/{load_id}/rejections"
    ) as page:
        await page.get_by_text("Mostrar a linha").first.click()
        await see_every_look(page, pictures, "load-rejections")
        await page.get_by_role("combobox", name="Tabela").select_option("contato")
        await expect(page.locator("#rejections tbody tr")).to_have_count(1)

        await page.get_by_role("link", name="Log").click()
        await see_every_look(page, pictures, "load-log")
        await page.get_by_role("combobox", name="Nível").select_option("warning")
        await expect(page.locator(".log-line.tone-warn")).to_have_count(2)
        await expect(page.locator(".log-line")).to_have_count(2)
        async with page.expect_download() as download:
            await page.get_by_role("link", name="Texto").click()
        assert (await download.value).suggested_filename == f"load-{load_id}.txt"

        await page.get_by_role("link", name="Cargas", exact=True).first.click()
        await see_every_look(page, pictures, "loads-list")


@pytest.mark.parametrize("tab", ["", "/log", "/rejections"])
async def test_a_load_is_sound_in_english(
    customer: Site, open_as: OpenAs, pictures: Path, tab: str
) -> None:
    load_id = await refused_load(customer)
    path = f"/console/loads/{load_id}{tab}"
    async with open_as(customer.tenant, "admin", path=path, look=ENGLISH) as page:
        await page.get_by_role("button", name="English").click()
        await expect(page.locator("html")).to_have_attribute("lang", "en")
        await page.goto(page.url)
        await shoot(page, pictures, f"load-english{tab.replace('/', '-')}")
        await assert_accessible(page)


async def test_a_filter_outlives_the_lists_own_refreshing_and_another_language(
    customer: Site, open_as: OpenAs, pictures: Path
) -> None:
    await customer.start()

    async with open_as(customer.tenant, "admin", path="/console/loads") as page:
        refreshing = page.locator('#loads [hx-trigger="every 5s"]')
        await expect(refreshing).to_have_attribute("hx-get", "/console/loads")
        await page.get_by_label("Situação").select_option("pending")
        await expect(refreshing).to_have_attribute("hx-get", "/console/loads?status=pending")
        await page.get_by_role("button", name="English").click()
        await expect(page.get_by_label("Status")).to_have_value("pending")
        await expect(page.locator("#loads").get_by_text("Pending")).to_be_visible()
        await page.get_by_role("button", name="CRM Settings").click()
        await expect(page.get_by_role("link", name="ERP data").last).to_be_visible()
        await see_every_look(page, pictures, "gear")
        await look_at(page, ENGLISH)
        await page.locator(".gear-menu").get_by_role("link", name="ERP data").click()
        await expect(page.get_by_role("heading", name="ERP data")).to_be_visible()
