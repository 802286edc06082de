"""Work that gave up, in a real browser."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from sindico_api.context import Context
from sindico_platform.errors import Terminal
from tests.browser.conftest import OpenAs
from tests.browser.screens import assert_accessible, see_every_look, shoot
from tests.support.identity import MakeTenant
from tests.support.jobs import run_jobs
from tests.support.sample_jobs import add_note

pytestmark = pytest.mark.browser
REASON = "The ERP did not answer within 60 seconds, {times} times in a row, at {host}."


async def test_a_failed_task_is_repeated(
    context: Context, open_as: OpenAs, make_tenant: MakeTenant, pictures: Path
) -> None:
    tenant, master = await make_tenant(), await make_tenant(master=True)
    refused = Terminal("no-answer", REASON, times=8, host="erp.example.com.br")
    await add_note(context, tenant.tenant_id, refused)
    await run_jobs(context, tenant.tenant_id)

    async with open_as(master, "operator", path="/console/failed-tasks") as page:
        await see_every_look(page, pictures, "failed-tasks")
        row = page.get_by_role("row").filter(has_text=tenant.domain)
        await row.get_by_role("button", name="Cancelar", exact=True).click()
        await expect(page.get_by_role("dialog")).to_be_visible()
        await shoot(page, pictures, "failed-tasks-cancel")
        await assert_accessible(page)
        await page.get_by_role("button", name="Manter na lista").click()
        await row.get_by_role("button", name="Repetir").click()

        await expect(page.get_by_text("A tarefa será executada de novo.")).to_be_visible()
        await expect(row).to_have_count(0)


async def test_a_failed_task_is_cancelled_after_a_question(
    context: Context, open_as: OpenAs, make_tenant: MakeTenant
) -> None:
    tenant, master = await make_tenant(), await make_tenant(master=True)
    await add_note(context, tenant.tenant_id, Terminal("no-answer", "No answer came."))
    await run_jobs(context, tenant.tenant_id)

    async with open_as(master, "operator", path="/console/failed-tasks") as page:
        row = page.get_by_role("row").filter(has_text=tenant.domain)
        await row.get_by_role("button", name="Cancelar", exact=True).press("Enter")
        await page.get_by_role("button", name="Cancelar a tarefa").press("Enter")

        await expect(page.get_by_text("A tarefa foi cancelada.")).to_be_visible()
        await expect(row).to_have_count(0)
