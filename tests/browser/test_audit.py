"""The audit screen in a real browser."""

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from sindico_platform.audit import service as audit
from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from tests.browser.conftest import OpenAs
from tests.browser.screens import see_every_look, shoot
from tests.support.identity import MakeTenant, MakeUser

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


async def test_a_records_before_and_after_are_erased_once_it_is_named(
    make_tenant: MakeTenant, make_user: MakeUser, open_as: OpenAs, uow: UnitOfWork, pictures: Path
) -> None:
    tenant = await make_tenant()
    target = await make_user(tenant)
    about: dict[str, Any] = {"target_type": "user", "target_id": target.id}
    async with uow.begin(Actor.system(tenant.tenant_id, "ana")) as tx:
        await audit.record(tx, "user:edit", **about, changes={"name": ("Ana", "Beatriz")})
        await audit.record(tx, "user:disable", **about)
    async with open_as(tenant, "admin", path="/console/audit") as page:
        await expect(page.get_by_role("button", name="Apagar antes e depois")).to_have_count(0)
        await page.get_by_role("row", name="Beatriz").get_by_role("link").click()
        await expect(page.get_by_text("Beatriz")).to_be_visible()
        await see_every_look(page, pictures, "audit-of-a-record")

        await page.get_by_role("button", name="Apagar antes e depois deste registro").click()
        dialog = page.get_by_role("dialog")
        erase = dialog.get_by_role("button", name="Apagar para sempre")
        await expect(erase).to_be_disabled()
        await see_every_look(page, pictures, "audit-erase")
        await dialog.get_by_label("Para confirmar").fill(target.name)
        await erase.click()

        await expect(page.get_by_text("Antes e depois foram apagados de 1 evento")).to_be_visible()
        await expect(
            page.get_by_text("Os valores de antes e depois foram apagados.")
        ).to_be_visible()
        await expect(page.get_by_text("Beatriz")).to_have_count(0)
        await see_every_look(page, pictures, "audit-erased")
