"""Alerts leave signed as everybody's libraries expect, again and again until they arrive."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from aiosmtpd.smtp import Envelope
from sqlalchemy import update
from standardwebhooks import Webhook, WebhookVerificationError

from sindico_platform.database.tx import Actor
from sindico_provisioning.alerts import service
from sindico_provisioning.alerts.models import AlertDelivery
from sindico_provisioning.alerts.schemas import Contact
from sindico_provisioning.alerts.service import WAIT_SECONDS
from sindico_provisioning.webhooks import sending
from sindico_provisioning.webhooks import service as webhooks
from sindico_provisioning.webhooks.models import WebhookEndpoint
from tests.provisioning.alerts.conftest import DATA, EVENT, Post, with_mail
from tests.support.jobs import Killed
from tests.support.receiver import receiving

ANA = Contact(email="ana@acme.example", locale="pt-BR")
BOB = Contact(email="bob@acme.example", locale="en")


async def test_the_official_library_verifies_what_is_posted(post: Post) -> None:
    async with receiving() as receiver:
        _, secret = await post.add_webhook(receiver.url)
        await post.send()
        await post.deliver()

    [taken] = receiver.posts
    told = Webhook(secret).verify(taken.body, taken.headers)
    [delivery] = await post.deliveries()
    assert told == {"type": EVENT, "timestamp": told["timestamp"], "data": DATA}
    assert taken.headers["webhook-id"] == str(delivery.id)
    assert taken.headers["content-type"] == "application/json"
    assert (delivery.state, delivery.attempts) == ("sent", 1)


async def test_another_secret_or_another_body_is_not_verified(post: Post) -> None:
    async with receiving() as receiver:
        _, secret = await post.add_webhook(receiver.url)
        await post.send()
        await post.deliver()

    [taken] = receiver.posts
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(taken.body.replace(b"24", b"25"), taken.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + "A" * 40).verify(taken.body, taken.headers)


async def test_a_replaced_secret_signs_for_a_day_beside_the_new_one(post: Post) -> None:
    async with receiving() as receiver:
        webhook_id, old = await post.add_webhook(receiver.url)
        async with post.context.uow.begin(post.actor) as tx:
            _, secret = await webhooks.rotate_secret(
                tx, post.context.secrets, webhook_id=webhook_id
            )
        await post.send()
        await post.deliver()
        async with post.context.uow.begin(post.actor) as tx:
            await tx.session.execute(update(WebhookEndpoint).values(previous_secret_until=tx.now))
        await post.send()
        await post.deliver()

    both, later = receiver.posts
    for each in (old, secret.reveal()):
        assert Webhook(each).verify(both.body, both.headers)["type"] == EVENT
    assert Webhook(secret.reveal()).verify(later.body, later.headers)["type"] == EVENT
    with pytest.raises(WebhookVerificationError):
        Webhook(old).verify(later.body, later.headers)


async def test_what_does_not_arrive_comes_again_under_the_same_id(post: Post) -> None:
    async with receiving("500 Oops", "503 Busy", "200 OK") as receiver:
        await post.add_webhook(receiver.url)
        await post.send()
        waits = []
        for _ in range(2):
            await post.deliver()
            waits += await post.waits()
            await post.wait()
        await post.deliver()

    [delivery] = await post.deliveries()
    assert waits == [pytest.approx(each, rel=0.9) for each in WAIT_SECONDS[:2]]
    assert len({taken.headers["webhook-id"] for taken in receiver.posts}) == 1
    made = [(each.state, each.answer_status, each.duration_ms) for each in await post.attempts()]
    assert [each[:2] for each in made] == [("failed", 500), ("failed", 503), ("sent", 200)]
    assert all(each[2] is not None for each in made)
    assert (delivery.state, delivery.attempts, delivery.answer_status) == ("sent", 3, 200)
    assert delivery.error is None
    assert delivery.tried_at is not None


async def test_after_ten_attempts_it_is_given_up_with_its_reason(post: Post) -> None:
    async with receiving("500 Oops") as receiver:
        await post.add_webhook(receiver.url)
        await post.send()
        for _ in range(12):
            await post.deliver()
            await post.wait()

    [delivery] = await post.deliveries()
    assert (delivery.state, delivery.attempts, delivery.answer_status) == ("failed", 10, 500)
    assert (delivery.error or {})["code"] == "webhook-refused"


async def test_a_receiver_says_how_long_to_wait(post: Post) -> None:
    async with receiving("429 Slow", headers="retry-after: 3600\r\n") as receiver:
        await post.add_webhook(receiver.url)
        await post.send()
        await post.deliver()

    assert await post.waits() == [pytest.approx(3600, rel=0.1)]


async def test_redirects_are_not_followed(post: Post) -> None:
    async with (
        receiving() as elsewhere,
        receiving("302 Found", headers=f"location: {elsewhere.url}\r\n") as receiver,
    ):
        await post.add_webhook(receiver.url)
        await post.send()
        await post.deliver()

    [delivery] = await post.deliveries()
    assert (delivery.error or {})["code"] == "webhook-redirected"
    assert elsewhere.posts == []


async def test_nothing_more_goes_to_a_receiver_that_is_gone(post: Post) -> None:
    async with receiving("410 Gone") as receiver:
        await post.add_webhook(receiver.url)
        await post.send()
        await post.deliver()
        later = await post.send()

    [delivery] = await post.deliveries()
    assert (delivery.state, later, len(receiver.posts)) == ("failed", 0, 1)


async def test_private_addresses_are_refused_when_connecting(post: Post) -> None:
    await post.add_webhook("http://10.0.0.1/hook")
    await post.send()
    await post.deliver()

    [delivery] = await post.deliveries()
    assert (delivery.error or {})["code"] == "egress-address-refused"


async def test_a_receiver_that_never_comes_to_an_end_keeps_no_alert_waiting(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "WHOLE_SECONDS", 0.2)
    begun, ended = asyncio.Event(), asyncio.Event()

    async def promise(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        begun.set()
        with suppress(ConnectionError):
            while not writer.is_closing():
                writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                await writer.drain()
                await asyncio.sleep(0)
        writer.close()
        ended.set()

    async with await asyncio.start_server(promise, "127.0.0.1", 0) as server:
        await post.add_webhook(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
        await post.send()
        await post.courier.deliver_due()
        if begun.is_set():  # a slow machine's time may be over before it has connected
            await ended.wait()

    [delivery] = await post.deliveries()
    assert (delivery.state, (delivery.error or {})["code"]) == ("pending", "answer-timed-out")


async def test_an_address_that_nothing_can_be_posted_to_keeps_no_other_waiting(post: Post) -> None:
    async with receiving() as receiver:
        webhook_id, _ = await post.add_webhook("https://1.1.1.1/\x01")  # as older releases took it
        await post.add_webhook(receiver.url)
        await post.send()
        await post.deliver()

    by_webhook = {each.webhook_id: each for each in await post.deliveries()}
    wrong, [right] = by_webhook.pop(webhook_id), by_webhook.values()
    assert (wrong.attempts, (wrong.error or {})["code"]) == (1, "internal-fault")
    assert (wrong.lease_token, right.state) == (None, "sent")


async def test_couriers_at_once_carry_nothing_twice(post: Post) -> None:
    async with receiving() as receiver:
        await post.add_webhook(receiver.url)
        for _ in range(5):
            await post.send()
        await asyncio.gather(*(post.deliver() for _ in range(3)))

    assert len(receiver.posts) == len({each.headers["webhook-id"] for each in receiver.posts}) == 5


@pytest.mark.parametrize("point", ["claim", "carry", "record"])
async def test_killed_anywhere_it_arrives_under_one_id(
    post: Post, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def die(*_arguments: object, **_named: object) -> None:
        raise Killed(point)

    places = {
        "claim": "sindico_provisioning.alerts.courier.service.claim_parcel",
        "carry": "sindico_provisioning.alerts.courier.post_message",
        "record": "sindico_provisioning.alerts.courier.service.record_sent",
    }
    async with receiving() as receiver:
        await post.add_webhook(receiver.url)
        await post.send()
        with monkeypatch.context() as patched:
            patched.setattr(places[point], die)
            with pytest.raises(Killed):
                await post.courier.deliver_due()
        await post.deliver()
        early = len(receiver.posts)
        await post.wait()  # the lease of the dead one runs out
        await post.deliver()

    [delivery] = await post.deliveries()
    made = [each.state for each in await post.attempts()]
    assert made == (["sent"] if point == "claim" else ["lost", "sent"])
    assert delivery.state == "sent"
    assert early == (0 if point == "carry" else 1)
    assert {each.headers["webhook-id"] for each in receiver.posts} == {str(delivery.id)}


async def test_a_courier_that_comes_too_late_changes_nothing(post: Post) -> None:
    async with receiving() as receiver:
        await post.add_webhook(receiver.url)
    await post.send()
    [waiting] = await post.deliveries()
    async with post.context.uow.begin(post.actor) as tx:
        parcel = await service.claim_parcel(tx, post.context.secrets, delivery_id=waiting.id)
    assert parcel is not None
    await post.wait()
    async with post.context.uow.begin(post.actor) as tx:
        await service.claim_parcel(tx, post.context.secrets, delivery_id=waiting.id)

    async with post.context.uow.begin(post.actor) as tx:
        await service.record_sent(tx, parcel=parcel, duration_ms=7, answer_status=204)

    assert [each.state for each in await post.deliveries()] == ["pending"]
    made = [(each.state, each.duration_ms) for each in await post.attempts()]
    assert made == [("sent", 7), ("running", None)]


def mail_of(envelope: Envelope) -> EmailMessage:
    assert isinstance(envelope.content, bytes)
    return message_from_bytes(envelope.content, policy=default)


def text_of(envelope: Envelope) -> str:
    body = mail_of(envelope).get_body(("plain",))
    assert body is not None
    return str(body.get_content())


async def test_contacts_get_a_mail_in_their_language(post: Post) -> None:
    async with with_mail(post) as (mailing, mailbox):
        await mailing.send(ANA, BOB)
        await mailing.deliver()

    by_reader = {str(mail["To"]): mail for mail in map(mail_of, mailbox.envelopes)}
    portuguese = by_reader[ANA.email].get_body(("plain",))
    english = by_reader[BOB.email].get_body(("plain",))
    assert portuguese is not None
    assert english is not None
    assert "tempo máximo sem sucesso, que é de 24 horas" in portuguese.get_content()
    assert "01/03/2026 08:00" in portuguese.get_content()
    assert "abra o incidente no console" in portuguese.get_content()
    assert "2026-03-01 08:00" in english.get_content()
    assert by_reader[ANA.email]["Subject"].startswith("Sem dados novos: ERP Mega XT de Tenant")
    assert [each.state for each in await mailing.deliveries()] == ["sent", "sent"]


@pytest.mark.parametrize(
    "event",
    ["integration.stale", "integration.recovered", "integration.failing", "integration.paused"],
)
async def test_every_event_has_its_mail_in_both_languages(post: Post, event: str) -> None:
    facts = {
        "max_hours": 1,
        "closed_at": "2026-03-02T12:00:00Z",
        "failures": 5,
        "failing_since_at": "2026-03-02T12:00:00Z",
        "pause_at": "2026-03-05T12:00:00Z",
    }
    async with with_mail(post) as (mailing, mailbox):
        async with post.context.uow.begin(post.actor) as tx:
            await service.send_alert(tx, event=event, data=DATA | facts, contacts=(ANA, BOB))
        await mailing.deliver()

    told = "".join(map(text_of, mailbox.envelopes))
    assert len(mailbox.envelopes) == 2
    for limit in ("é de 1 hora.", "is 1 hour."):
        assert (limit in told) is (event == EVENT)


async def test_without_a_mail_server_of_ours_a_mail_waits_and_says_why(post: Post) -> None:
    await post.send(ANA)
    await post.deliver()

    [delivery] = await post.deliveries()
    assert (delivery.state, (delivery.error or {})["code"]) == ("pending", "mail-not-configured")


async def test_a_slow_address_keeps_no_other_waiting(post: Post) -> None:
    async with receiving() as slow, receiving() as quick:
        await post.add_webhook(slow.url)
        await post.add_webhook(quick.url)
        for _ in range(5):
            await post.send()

        await post.courier.deliver_due()

    assert (len(slow.posts), len(quick.posts)) == (2, 2)


async def test_what_ended_long_ago_is_forgotten(post: Post) -> None:
    async with receiving() as receiver:
        await post.add_webhook(receiver.url)
        await post.send()
        await post.deliver()
        await post.courier.purge()
        kept = len(await post.deliveries())
        async with post.context.uow.begin(Actor.system(post.tenant.tenant_id)) as tx:
            await tx.session.execute(
                update(AlertDelivery).values(finished_at=tx.now - timedelta(days=31))
            )
        await post.courier.purge()

    assert (kept, len(await post.deliveries()), await post.attempts()) == (1, 0, [])
