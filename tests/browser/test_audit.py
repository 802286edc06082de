"""The audit screen in a real browser."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from sindico_platform.audit import service as audit
from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from tests.browser.conftest import OpenAs
from tests.browser.screens import see_every_look, shoot
from tests.support.identity import MakeTenant

pytestmark = pytest.mark.browser
LONG = "Companhia Brasileira de Distribuição de Materiais Elétricos e Hidráulicos do Vale S.A."


async def test_what_was_done_is_read_and_filtered(
    make_tenant: MakeTenant, open_as: OpenAs, uow: UnitOfWork, pictures: Path
) -> None:
    tenant, master = await make_tenant(), await make_tenant(master=True)
    vendor = Actor.system(master.tenant_id, "marina")
    async with uow.begin(vendor, tenant=tenant.tenant_id) as tx:
        await audit.record(
            tx,
            "tenant:change",
            target_type="tenant",
            target_id=tenant.tenant_id,
            changes={
                "name": ("Acme", f"{LONG} {LONG}"),
                "overrides": ({}, {"active_users": 12}),
                "cnpj": (None, "1" * 14),
            },
            reason="renewal",
        )
    async with open_as(tenant, "admin", path="/console/audit") as page:
        await page.get_by_text("Mostrar antes e depois").first.click()
        await see_every_look(page, pictures, "audit")

        await page.get_by_role("combobox", name="Evento").select_option("tenant:change")
        await expect(page.locator("#events tbody tr")).to_have_count(1)
        async with page.expect_response("**/console/audit*") as answered:
            await page.get_by_role("combobox", name="Período").select_option("day")
        await (await answered.value).finished()
        await page.get_by_role("combobox", name="Evento").select_option("tenant:close")
        await expect(page.get_by_text("Nada corresponde aos filtros")).to_be_visible()
        await shoot(page, pictures, "audit-nothing")
