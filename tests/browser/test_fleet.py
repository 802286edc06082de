"""The fleet of integrations in a real browser."""

import secrets
from pathlib import Path

import pytest
from playwright.async_api import expect

from sindico_platform.database.uow import UnitOfWork
from tests.browser.conftest import OpenAs
from tests.browser.screens import see_every_look
from tests.provisioning.fleet.rows import Past, make_member
from tests.support.identity import MakeTenant

pytestmark = pytest.mark.browser
DAY = 24.0
STEADY = tuple(("succeeded", DAY * day + 3, 2900.0 + 40 * (day % 3)) for day in range(11, 0, -1))
LONG_NAME = "Companhia Brasileira de Distribuição de Materiais Elétricos e Hidráulicos"
FLEET = {
    "Agropecuária Boa Vista": Past(
        runs=(*STEADY, ("succeeded", 3, 5400)), schedule={"due_hours": 21}, size_bytes=11_400_000
    ),
    LONG_NAME: Past(
        runs=(*STEADY[:6], ("failed", 30, 200), ("failed", 6, 190)),
        schedule={"due_hours": 18},
        size_bytes=734_000_000,
    ),
    "Metalúrgica Aurora": Past(runs=STEADY[:4], schedule={"due_hours": -2}, size_bytes=52_000_000),
    "Ótica Ipê": Past(kind="view", name="View", under_way=True),
    "Padaria do Vale": Past(
        runs=STEADY, schedule={"due_hours": 12}, state="paused", size_bytes=900_000
    ),
}


async def test_the_vendor_sees_who_needs_help_and_goes_there(
    make_tenant: MakeTenant, open_as: OpenAs, uow: UnitOfWork, pictures: Path
) -> None:
    mark = secrets.token_hex(2)
    for name, past in FLEET.items():
        await make_member(uow, past, tenant=f"{name} {mark}")
    master = await make_tenant(master=True)

    async with open_as(master, "operator", path=f"/console/fleet?q={mark}") as page:
        rows = page.locator("#fleet tbody tr")
        await expect(rows).to_have_count(len(FLEET))
        await expect(rows.first).to_contain_text(LONG_NAME)
        await see_every_look(page, pictures, "fleet")

        await page.get_by_role("link", name="Duração").click()
        await expect(page.get_by_role("columnheader", name="Duração")).to_have_attribute(
            "aria-sort", "ascending"
        )
        await page.get_by_role("button", name="English").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text(
            "Integrations of all tenants"
        )
        await page.get_by_role("searchbox").fill(mark)
        await expect(rows).to_have_count(len(FLEET))
        await see_every_look(page, pictures, "fleet-english")
        await page.get_by_role("combobox", name="Health").select_option("failing")
        await expect(rows).to_have_count(1)
        await page.get_by_role("link", name=LONG_NAME).click()

        await expect(page.get_by_role("heading", level=1)).to_contain_text(LONG_NAME)
        await expect(page.get_by_role("link", name="Loads")).to_have_attribute(
            "aria-current", "page"
        )
