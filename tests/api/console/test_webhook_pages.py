"""Integration › Webhooks: adding, testing, switching, and the messages that were sent."""

import asyncio
import html
import re

import pytest
from httpx import AsyncClient
from standardwebhooks import Webhook

from sindico_api.context import Context
from sindico_api.i18n import LANGUAGE_COOKIE
from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.tenancy.models import Tenant
from sindico_provisioning.alerts.service import send_alert
from sindico_provisioning.webhooks.queries import get_webhook
from sindico_provisioning.webhooks.schemas import WebhookIn
from sindico_provisioning.webhooks.service import edit_webhook
from tests.api.test_webhooks import give_up, try_in_vain
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant
from tests.support.jobs import eventually
from tests.support.locks import somebody_waits
from tests.support.receiver import receiving
from tests.support.rows import make_row
from tests.support.statements import CountStatements

PATH = "/console/webhooks"
GRANTS = ("webhooks:view", "webhooks:include", "webhooks:edit", "webhooks:delete")
SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]+")


def text_of(page: str) -> str:
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", page).split()))


@pytest.fixture
async def tenant(make_tenant: MakeTenant) -> Tenant:
    return await make_tenant()


@pytest.fixture
async def browser(tenant: Tenant, nearby_console_as: ClientAs) -> AsyncClient:
    browser = await nearby_console_as(tenant, *GRANTS)
    browser.cookies.set(LANGUAGE_COOKIE, "en")
    return browser


async def only_page(browser: AsyncClient) -> str:
    """The address of the page of the one webhook there is."""
    found = re.search(rf'href="({PATH}/[0-9a-f-]{{36}})"', (await browser.get(PATH)).text)
    assert found
    return found[1]


async def test_switching_a_webhook_keeps_what_somebody_changes_meanwhile(
    browser: AsyncClient, tenant: Tenant, uow: UnitOfWork
) -> None:
    webhook_id = await make_row(uow, tenant, "webhook_id")
    actor = Actor.system(tenant.tenant_id)
    moved = WebhookIn(url="https://new.example/")

    async with uow.begin(actor) as tx:
        await edit_webhook(tx, webhook_id=webhook_id, data=moved)
        switching = asyncio.create_task(browser.post(f"{PATH}/{webhook_id}/deactivate"))
        await eventually(somebody_waits(uow, actor))
    await switching

    async with uow.begin(actor) as tx:
        row = await get_webhook(tx, webhook_id)
    assert (row.url, row.is_active) == ("https://new.example/", False)


async def test_a_webhook_is_added_tested_switched_and_deleted(browser: AsyncClient) -> None:
    empty = text_of((await browser.get(PATH)).text)
    wrong = await browser.post(PATH, data={"url": "ftp://x", "events": ["integration.stale"]})
    async with receiving() as receiver:
        sent = {"url": receiver.url, "description": "BI", "events": ["integration.stale"]}
        added = await browser.post(PATH, data=sent)
        twice = await browser.post(PATH, data=sent)
        page = await only_page(browser)
        tested = text_of((await browser.post(f"{page}/test")).text)
        rotated = await browser.post(f"{page}/rotate")
    [post] = receiver.posts
    saved = await browser.post(page, data={**sent, "description": "Data warehouse"})
    await browser.post(f"{page}/deactivate")
    off = text_of((await browser.get(page)).text)
    await browser.post(f"{page}/activate")
    on = (await browser.get(page)).text
    deleted = await browser.post(f"{page}/delete")

    assert "No webhook yet" in empty
    assert (wrong.status_code, twice.status_code) == (422, 409)
    assert 'id="field-url-error"' in wrong.text
    assert 'value="integration.stale" id="field-events" checked' in wrong.text
    [first], [second] = (set(SECRET.findall(each.text)) for each in (added, rotated))
    assert Webhook(first).verify(post.body, post.headers)["type"] == "webhook.test"
    assert first != second
    assert "The receiver took the signed message" in tested
    assert saved.headers["location"] == page
    assert "Data warehouse Disabled" in off
    assert "Two secrets sign for now" in on
    assert not SECRET.search(on)
    assert deleted.headers["location"] == PATH


async def test_a_test_that_fails_says_what_the_receiver_answered(browser: AsyncClient) -> None:
    async with receiving("503 Busy") as receiver:
        await browser.post(PATH, data={"url": receiver.url})
        tested = text_of((await browser.post(f"{await only_page(browser)}/test")).text)

    assert "answered the message with the status 503" in tested
    assert "webhook-refused" in tested


async def test_messages_are_listed_shown_and_sent_again(
    browser: AsyncClient, tenant: Tenant, context: Context, count_statements: CountStatements
) -> None:
    await browser.post(PATH, data={"url": "http://127.0.0.1:9/hook", "description": "BI"})
    page = await only_page(browser)
    nothing = text_of((await browser.get(page)).text)

    async def send(count: int) -> None:
        async with context.uow.begin(Actor.system(tenant.tenant_id)) as tx:
            for _ in range(count):
                await send_alert(tx, event="integration.stale", data={"integration": "Mega"})

    await send(1)
    await give_up(tenant, context)
    with count_statements() as few:
        failed = (await browser.get(f"{page}?state=failed")).text
    message = re.search(rf'href="({PATH}/messages/[0-9a-f-]{{36}})"', failed)
    assert message
    shown = text_of((await browser.get(message[1])).text)
    again = await browser.post(f"{message[1]}/resend")
    waiting = text_of((await browser.get(message[1])).text)
    await give_up(tenant, context)
    every = await browser.post(f"{page}/messages/resend")
    await send(60)
    with count_statements() as many:
        listed = (await browser.get(page)).text

    assert "Nothing was sent yet" in nothing
    assert "Given up" in text_of(failed)
    assert '"integration": "Mega"' in shown
    assert "Answer 500" in shown
    assert again.headers["location"] == message[1]
    assert "Waiting" in waiting
    assert every.headers["location"] == page
    assert many.total <= few.total
    assert 'rel="next"' in listed


async def test_every_attempt_is_a_line_of_the_webhooks_page_and_of_the_messages(
    browser: AsyncClient, tenant: Tenant, context: Context, count_statements: CountStatements
) -> None:
    await browser.post(PATH, data={"url": "http://127.0.0.1:9/hook", "description": "BI"})
    page = await only_page(browser)
    async with context.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        await send_alert(tx, event="integration.stale", data={"integration": "Mega"})
    message = re.search(
        rf'href="({PATH}/messages/([0-9a-f-]{{36}}))"', (await browser.get(page)).text
    )
    assert message
    nothing = text_of((await browser.get(f"{page}/attempts")).text)
    await try_in_vain(tenant, context, message[2], 2)

    with count_statements() as few:
        listed = (await browser.get(f"{page}/attempts")).text
    lost = text_of((await browser.get(f"{page}/attempts?state=lost")).text)
    of_one = text_of((await browser.get(message[1])).text)
    await try_in_vain(tenant, context, message[2], 60)
    with count_statements() as many:
        await browser.get(f"{page}/attempts")

    assert "Nothing was sent yet" in nothing
    assert f'href="{message[1]}"' in listed
    assert f'href="{page}/attempts" aria-current="page"' in listed
    for shown in (text_of(listed), of_one):
        assert "erp.example answered the message with the status 500" in shown
        assert "1,234 ms" in shown
        assert "Broken off" in shown
    assert "1,234 ms" not in lost
    assert many.total <= few.total
