"""The follow-up of a deployment in a real browser."""

from pathlib import Path

import pytest
from playwright.async_api import Page, Response, expect

from sindico_api.context import Context
from tests.browser.conftest import OpenAs
from tests.browser.screens import see_every_look, shoot
from tests.provisioning.loads.conftest import Site, erp_kind
from tests.provisioning.onboarding.customers import make_customer
from tests.support.identity import MakeTenant

__all__ = ["erp_kind"]

pytestmark = pytest.mark.browser
RIGHTS = (
    "onboarding:view",
    "onboarding:edit",
    "onboarding:include",
    "loads:view",
    "notifications:view",
)


async def load(site: Site) -> None:
    site.erp.put("empresa_propria", "1")
    site.erp.put("filial", "1-1", cod_empresa="1")
    site.erp.put("empresa", *(f"c{number}" for number in range(9)), cod_empresa="1")
    site.erp.put("empresa", "ruim", cod_empresa="1", cnpj="11222333000182")
    site.erp.put("contato", "p1", "p2", empresa_id="c1")
    site.erp.put("cotacao", "q1", "q2", "q3")
    await site.load()


def is_refresh(answer: Response) -> bool:
    return "/console/onboarding" in answer.url and answer.request.method == "GET"


async def keeps_what_one_is_at(page: Page) -> None:
    """While the page refreshes itself, an open dialog stays, and so does what was unfolded."""
    await page.locator("#table-empresa summary").click()
    await page.locator("#table-contato").get_by_role("button", name="Aprovar").click()
    note = page.get_by_role("dialog").get_by_label("Observação")
    await note.fill("Falta o R12")
    for _ in range(2):  # the second is asked for after the first was answered
        async with page.expect_response(is_refresh):
            pass
    await page.evaluate(
        "htmx.ajax('GET', '/console/notifications/bell', {target: '#bell', swap: 'outerHTML'})"
    )
    await expect(note).to_have_value("Falta o R12")
    await expect(note).to_be_visible()
    await page.get_by_role("dialog").get_by_role("button", name="Cancelar").click()
    async with page.expect_response(is_refresh):
        pass
    await expect(page.locator("#table-empresa details[open]")).to_be_visible()


async def test_the_focal_point_signs_off_and_compares(
    context: Context,
    erp_kind: str,
    open_as: OpenAs,
    make_tenant: MakeTenant,
    pictures: Path,
) -> None:
    customer = await make_customer(context, erp_kind, "Agropecuária Boa Vista")
    await load(customer)
    async with open_as(customer.tenant, *RIGHTS, path="/console/onboarding") as page:
        row = page.locator("#table-empresa")
        await row.get_by_role("button", name="Aprovar").click()
        await page.get_by_label("Observação").last.wait_for(state="attached")
        await page.get_by_role("dialog").get_by_label("Observação").fill("Conferido com o R12")
        await shoot(page, pictures, "onboarding-dialog")
        await page.get_by_role("dialog").get_by_role("button", name="Aprovar").click()
        await expect(row.get_by_text("Conferido com o R12")).to_be_visible()

        customer.erp.put("empresa", "nova", "outra", cod_empresa="1")
        await page.get_by_role("button", name="Conferir com o ERP").click()
        await expect(page.get_by_text("A conferência foi iniciada.")).to_be_visible()
        await keeps_what_one_is_at(page)
        await customer.run()
        await expect(row.get_by_text("No ERP, e não aqui: 3")).to_be_visible()
        await expect(row.get_by_text("Aprovação retirada")).to_be_visible()
        await see_every_look(page, pictures, "onboarding")

        await row.get_by_role("link", name="No ERP, e não aqui").click()
        await expect(page.locator("#differences tbody tr")).to_have_count(3)
        await see_every_look(page, pictures, "differences")
        await page.get_by_role("button", name="English").click()
        await expect(page.get_by_role("heading", level=1)).to_contain_text("Differences")
        await page.goto(page.url.split("/differences")[0])
        await expect(page.get_by_role("heading", level=1)).to_have_text(
            "Follow-up of the deployment"
        )
        await see_every_look(page, pictures, "onboarding-english")

    master = await make_tenant(master=True)
    path = f"/console/tenants/{customer.tenant.tenant_id}/onboarding"
    async with open_as(master, "operator", path=path) as page:
        await expect(page.locator("#table-empresa")).to_be_visible()
        await see_every_look(page, pictures, "onboarding-of-tenant")
