"""Webhooks over HTTP."""

from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import update
from standardwebhooks import Webhook
from uuid_utils.compat import uuid7

from sindico_api.context import Context
from sindico_platform.database.tx import Actor
from sindico_platform.tenancy.models import Tenant
from sindico_provisioning.alerts import service as alerts
from sindico_provisioning.alerts.models import AlertDelivery, DeliveryAttempt
from sindico_provisioning.alerts.queries import get_delivery
from tests.support.callers import ClientAs
from tests.support.identity import MakeTenant
from tests.support.receiver import receiving

ALL, DELIVERIES = "/api/v1/webhooks", "/api/v1/webhook-deliveries"
REFUSED = {
    "code": "webhook-refused",
    "detail": "{host} answered the message with the status {status}.",
    "facts": {"host": "erp.example", "status": 500},
}
PERMISSIONS = ("webhooks:view", "webhooks:include", "webhooks:edit", "webhooks:delete")


@pytest.fixture
async def tenant(make_tenant: MakeTenant) -> Tenant:
    return await make_tenant()


@pytest.fixture
async def client(tenant: Tenant, client_as: ClientAs) -> AsyncClient:
    return await client_as(tenant, *PERMISSIONS)


@pytest.fixture
async def nearby(tenant: Tenant, nearby_as: ClientAs) -> AsyncClient:
    return await nearby_as(tenant, *PERMISSIONS)


async def add(client: AsyncClient, url: str) -> dict[str, Any]:
    answer = await client.post(ALL, json={"url": url, "description": "Our ERP"})
    assert answer.status_code == 201, answer.text
    added: dict[str, Any] = answer.json()
    assert answer.headers["Location"] == f"{ALL}/{added['webhook']['id']}"
    return added


async def test_a_secret_is_shown_once_and_never_given_back(client: AsyncClient) -> None:
    added = await add(client, "https://1.1.1.1/hook")
    shown = await client.get(f"{ALL}/{added['webhook']['id']}")
    listed = await client.get(ALL)

    assert added["secret"].startswith("whsec_")
    assert added["secret"] not in shown.text + listed.text
    assert shown.json() == listed.json()["items"][0] == added["webhook"]
    assert shown.headers["ETag"] == '"1"'


async def test_the_same_request_under_one_key_adds_one_and_shows_the_secret_again(
    client: AsyncClient,
) -> None:
    key, body = {"Idempotency-Key": str(uuid7())}, {"url": "https://1.1.1.1/once"}

    first = await client.post(ALL, json=body, headers=key)
    again = await client.post(ALL, json=body, headers=key)

    assert again.json() == first.json()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "erp.example/hook",
        "ftp://erp.example/hook",
        "http://1.1.1.1/hook",
        "https://user:pass@erp.example/hook",
        "https://erp.example/hook#part",
        "https://erp.example:99999/",
        "https://[::1/",
        "https://1.1.1.1/a\x01b",
        "https://1.1.1.1/a\nb",
        "https://[v1.fe]/",
        "https://xn--a.example/",
    ],
)
async def test_what_is_no_address_is_refused(client: AsyncClient, url: str) -> None:
    refused = await client.post(ALL, json={"url": url})

    assert refused.status_code == 422
    assert [each["field"] for each in refused.json()["errors"]] == ["url"]
    assert refused.json()["errors"][0]["code"] == "webhook-url-malformed"


@pytest.mark.parametrize("url", ["https://127.0.0.1/hook", "https://10.1.2.3/hook"])
async def test_private_addresses_are_refused_at_the_door(client: AsyncClient, url: str) -> None:
    refused = await client.post(ALL, json={"url": url})

    assert refused.status_code == 422
    assert refused.json()["errors"][0]["code"] == "egress-address-refused"


async def test_one_address_is_registered_once_and_there_is_an_end(client: AsyncClient) -> None:
    await add(client, "https://1.1.1.1/0")
    twice = await client.post(ALL, json={"url": "https://1.1.1.1/0"})
    for number in range(1, 10):
        await add(client, f"https://1.1.1.1/{number}")
    eleventh = await client.post(ALL, json={"url": "https://1.1.1.1/10"})

    assert (twice.status_code, twice.json()["code"]) == (409, "webhook-exists")
    assert (eleventh.status_code, eleventh.json()["code"]) == (409, "too-many-webhooks")


async def test_changed_switched_off_and_removed(client: AsyncClient) -> None:
    added = (await add(client, "https://1.1.1.1/a"))["webhook"]
    one, match = f"{ALL}/{added['id']}", {"If-Match": '"1"'}
    body = {"url": "https://1.1.1.1/b", "is_active": False}

    changed = await client.put(one, json=body, headers=match)
    late = await client.put(one, json=body, headers=match)
    removed = await client.delete(one, headers={"If-Match": '"2"'})
    gone = await client.get(one)

    assert (changed.json()["url"], changed.json()["disabled_code"]) == (body["url"], "switched-off")
    assert late.status_code == 412
    assert (removed.status_code, gone.status_code) == (204, 404)


async def test_the_test_button_posts_a_signed_message_and_tells_the_stages(
    nearby: AsyncClient,
) -> None:
    async with receiving() as receiver:
        added = await add(nearby, receiver.url)
        report = await nearby.post(f"{ALL}/{added['webhook']['id']}/test")

    [post] = receiver.posts
    assert Webhook(added["secret"]).verify(post.body, post.headers)["type"] == "webhook.test"
    assert report.json()["succeeded"] is True
    stages = {each["stage"]: each["status"] for each in report.json()["stages"]}
    assert (stages["resolve"], stages["connect"], stages["data"]) == ("succeeded",) * 3


async def test_a_test_that_fails_says_where_and_what_to_do(nearby: AsyncClient) -> None:
    async with receiving("500 Oops") as receiver:
        added = await add(nearby, receiver.url)
        report = await nearby.post(f"{ALL}/{added['webhook']['id']}/test")

    failed = [each for each in report.json()["stages"] if each["status"] == "failed"]
    assert [(each["stage"], each["code"]) for each in failed] == [("data", "webhook-refused")]
    assert failed[0]["advice"]


async def test_a_rotated_secret_is_another_and_the_old_one_ends(nearby: AsyncClient) -> None:
    async with receiving() as receiver:
        added = await add(nearby, receiver.url)
        one = f"{ALL}/{added['webhook']['id']}"
        rotated = (await nearby.post(f"{one}/rotate")).json()
        await nearby.post(f"{one}/test")

    [post] = receiver.posts
    assert rotated["secret"] != added["secret"]
    assert rotated["webhook"]["previous_secret_until"] is not None
    for secret in (added["secret"], rotated["secret"]):
        assert Webhook(secret).verify(post.body, post.headers)


async def test_deliveries_are_listed_with_their_state(
    client: AsyncClient, tenant: Tenant, context: Context
) -> None:
    added = (await add(client, "https://1.1.1.1/list"))["webhook"]
    async with context.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        await alerts.send_alert(tx, event="integration.stale", data={})

    listed = (await client.get(f"{ALL}/{added['id']}/deliveries")).json()["items"]
    unknown = await client.get(f"{ALL}/{uuid7()}/deliveries")

    assert [(each["event"], each["state"], each["attempts"]) for each in listed] == [
        ("integration.stale", "pending", 0)
    ]
    assert unknown.status_code == 404


async def test_a_webhook_is_told_of_the_events_it_chose(
    client: AsyncClient, tenant: Tenant, context: Context
) -> None:
    body = {"url": "https://1.1.1.1/some", "events": ["integration.paused", "integration.stale"]}
    some = (await client.post(ALL, json=body)).json()["webhook"]
    every = (await add(client, "https://1.1.1.1/every"))["webhook"]
    unknown = await client.post(ALL, json={"url": "https://1.1.1.1/x", "events": ["moon.full"]})
    async with context.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        for event in ("integration.stale", "integration.recovered"):
            await alerts.send_alert(tx, event=event, data={})

    async def told(webhook: dict[str, Any]) -> list[str]:
        listed = await client.get(f"{ALL}/{webhook['id']}/deliveries?sort=created_at")
        return [each["event"] for each in listed.json()["items"]]

    assert some["events"] == ["integration.stale", "integration.paused"]
    assert every["events"] == []
    assert unknown.status_code == 422
    assert await told(some) == ["integration.stale"]
    assert await told(every) == ["integration.stale", "integration.recovered"]


async def test_what_did_not_arrive_is_read_and_sent_again(
    client: AsyncClient, tenant: Tenant, context: Context
) -> None:
    webhook = (await add(client, "https://1.1.1.1/again"))["webhook"]
    one = f"{ALL}/{webhook['id']}"
    async with context.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        await alerts.send_alert(tx, event="integration.stale", data={"max_hours": 24})
    await give_up(tenant, context)
    [failed] = (await client.get(f"{one}/deliveries?state=failed")).json()["items"]

    again = await client.post(f"{DELIVERIES}/{failed['id']}/resend")
    at_once = await client.post(f"{DELIVERIES}/{failed['id']}/resend")
    await give_up(tenant, context)
    every = await client.post(f"{one}/deliveries/resend")
    none = await client.post(f"{one}/deliveries/resend")
    shown = (await client.get(f"{DELIVERIES}/{failed['id']}")).json()
    await client.put(one, json={"url": webhook["url"], "is_active": False})
    refused = [
        (await client.post(path)).json()["code"]
        for path in (f"{one}/deliveries/resend", f"{DELIVERIES}/{failed['id']}/resend")
    ]

    assert (failed["answer_status"], failed["attempts"]) == (500, 10)
    assert failed["error"]["code"] == "webhook-refused"
    assert (again.json()["state"], again.json()["attempts"]) == ("pending", 0)
    assert at_once.status_code == 200
    assert (every.json(), none.json()) == ({"resent": 1}, {"resent": 0})
    assert (shown["state"], shown["data"]) == ("pending", {"max_hours": 24})
    assert refused == ["webhook-switched-off"] * 2


async def test_every_attempt_is_listed_by_webhook_and_by_message(
    client: AsyncClient, tenant: Tenant, context: Context
) -> None:
    webhook = (await add(client, "https://1.1.1.1/tried"))["webhook"]
    one = f"{ALL}/{webhook['id']}"
    async with context.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        for event in ("integration.stale", "integration.recovered"):
            await alerts.send_alert(tx, event=event, data={})
    newest, oldest = (await client.get(f"{one}/deliveries")).json()["items"]
    await try_in_vain(tenant, context, oldest["id"], 3)
    await try_in_vain(tenant, context, newest["id"], 1)

    first = (await client.get(f"{one}/attempts?limit=2")).json()
    rest = (await client.get(f"{one}/attempts?after={first['next_cursor']}")).json()["items"]
    of_one = (await client.get(f"{DELIVERIES}/{oldest['id']}/attempts")).json()["items"]
    lost = (await client.get(f"{one}/attempts?state=lost")).json()["items"]
    unknown = [
        (await client.get(f"{path}/{uuid7()}/attempts")).json()["code"]
        for path in (ALL, DELIVERIES)
    ]

    every = [*first["items"], *rest]
    assert [each["delivery_id"] for each in every] == [newest["id"], *[oldest["id"]] * 3]
    assert of_one == every[1:]
    assert [each["state"] for each in of_one] == ["failed", "failed", "lost"]
    assert lost == of_one[2:]
    assert (of_one[0]["duration_ms"], of_one[0]["answer_status"]) == (1234, 500)
    assert of_one[0]["error"]["detail"] == "erp.example answered the message with the status 500."
    assert unknown == ["webhook-not-found", "delivery-not-found"]


async def try_in_vain(tenant: Tenant, context: Context, delivery_id: str, times: int) -> None:
    """Attempts at a message, to which its receiver answered 500; the first of many broke off."""
    async with context.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        row = await get_delivery(tx, UUID(delivery_id))
        for number in range(times):
            lost = times > 1 and number == 0
            attempt = DeliveryAttempt(
                tenant_id=tx.tenant_id,
                id=tx.new_id(),
                delivery_id=row.id,
                webhook_id=row.webhook_id,
                state="lost" if lost else "failed",
                at=tx.now,
                duration_ms=None if lost else 1234,
                answer_status=None if lost else 500,
                error=None if lost else REFUSED,
            )
            tx.session.add(attempt)


async def give_up(tenant: Tenant, context: Context) -> None:
    """Let every message be as after the last attempt, to which its receiver answered 500."""
    async with context.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        await tx.session.execute(
            update(AlertDelivery)
            .where(AlertDelivery.tenant_id == tenant.tenant_id)
            .values(
                state="failed",
                attempts=10,
                finished_at=tx.now,
                tried_at=tx.now,
                answer_status=500,
                error=REFUSED,
            )
        )
