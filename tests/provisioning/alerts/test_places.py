"""What the addresses of one tenant hold up, they hold up for that tenant alone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import ColumnElement, update
from sqlalchemy.ext.asyncio import AsyncSession

from sindico_platform.errors import Transient
from sindico_platform.tasks import cancel_all
from sindico_provisioning.alerts import courier as carrying
from sindico_provisioning.alerts import queries as queries_of_alerts
from sindico_provisioning.alerts import service
from sindico_provisioning.alerts.courier import AT_ONCE, OF_ONE_TENANT, Courier
from sindico_provisioning.alerts.models import AlertDelivery
from sindico_provisioning.alerts.queries import list_due
from sindico_provisioning.alerts.schemas import Contact, Parcel
from sindico_provisioning.webhooks import queries, sending
from sindico_provisioning.webhooks import service as webhooks
from sindico_provisioning.webhooks.errors import GONE, TooManyWebhooks
from sindico_provisioning.webhooks.models import WebhookEvent
from sindico_provisioning.webhooks.schemas import WebhookIn
from tests.provisioning.alerts.conftest import Post
from tests.support.identity import tenant_factory
from tests.support.jobs import eventually
from tests.support.locks import somebody_waits
from tests.support.receiver import receiving


@dataclass
class Silent:
    """Somebody's server that takes every post and answers none until it is let go."""

    url: str = ""
    posts: int = 0
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.posts += 1
        await self.gone.wait()
        writer.close()


@asynccontextmanager
async def never_answering() -> AsyncIterator[Silent]:
    silent = Silent()
    async with await asyncio.start_server(silent.answer, "127.0.0.1", 0) as server:
        silent.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield silent
        silent.gone.set()


async def test_silent_receivers_of_one_tenant_keep_no_other_tenant_waiting(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrying, "LOOK_SECONDS", 0.02)
    for limit in ("ANSWER_SECONDS", "WHOLE_SECONDS"):  # however slow the machine is
        monkeypatch.setattr(sending, limit, 600)
    other = Post(post.context, await tenant_factory(post.context.uow)())

    async def taken() -> bool:
        return silent.posts >= OF_ONE_TENANT

    async def arrived() -> bool:
        return all(each.state == "sent" for each in await other.deliveries())

    async with never_answering() as silent, receiving() as receiver:
        for number in range(webhooks.MOST):
            await post.add_webhook(f"{silent.url}/{number}")
        await other.add_webhook(receiver.url)
        for _ in range(2):
            await post.send()
        running = asyncio.create_task(post.courier.deliver_due())
        try:
            await eventually(taken)
            for _ in range(3):
                await other.send()
                await eventually(arrived)
            held = [each for each in await post.deliveries() if each.lease_token]
        finally:
            await cancel_all([running])

    assert (len(held), silent.posts) == (OF_ONE_TENANT, OF_ONE_TENANT)
    assert len({each.webhook_id for each in held}) == OF_ONE_TENANT
    assert len(await other.deliveries()) == len(receiver.posts) == 3
    assert OF_ONE_TENANT * 4 < AT_ONCE


async def put_off(post: Post, those: ColumnElement[bool]) -> None:
    """As messages are that could not be sent."""
    async with post.context.uow.begin(post.actor) as tx:
        later = tx.now + timedelta(hours=1)
        await tx.session.execute(update(AlertDelivery).where(those).values(due_at=later))


async def test_addresses_of_one_tenant_take_turns(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "WAIT_SECONDS", (600,) * len(service.WAIT_SECONDS))
    silent = [await post.add_webhook(f"https://1.1.1.1/{n}") for n in range(OF_ONE_TENANT + 1)]
    for _ in range(2):
        await post.send()
    healthy, _ = await post.add_webhook("https://1.1.1.1/healthy")
    await post.send(Contact(email="a@empresa.example", locale="pt-BR"))
    await put_off(post, AlertDelivery.mail_to.is_not(None))
    tried: set[UUID | None] = set()

    for _ in range(2):  # each pass they are tried, and all but the healthy one's fail
        async with post.context.uow.begin_fleet(post.actor, reason="test") as fleet:
            due = await list_due(
                fleet, limit=AT_ONCE, of_one_tenant=OF_ONE_TENANT, of_one_address=2
            )
        assert len(due) == OF_ONE_TENANT
        for _tenant_id, delivery_id in due:
            async with post.context.uow.begin(post.actor) as tx:
                parcel = await service.claim_parcel(
                    tx, post.context.secrets, delivery_id=delivery_id
                )
                assert parcel is not None
                tried.add(parcel.webhook_id)
                error = Transient("late", "It did not answer.")
                await service.record_failure(tx, parcel=parcel, duration_ms=1, error=error)

    assert tried == {healthy, *(webhook_id for webhook_id, _ in silent)}


async def test_much_to_send_keeps_no_alert_waiting_and_no_address_that_fails(post: Post) -> None:
    """Of the places of a tenant those that fail have one, before the many messages of a run."""
    for number in range(OF_ONE_TENANT + 1):
        await post.add_webhook(f"https://1.1.1.1/{number}", WebhookEvent.CLASS_CHANGED)
    for _ in range(2):
        await post.send(event=WebhookEvent.CLASS_CHANGED)
    failing = {
        (await post.add_webhook(f"https://1.1.1.1/failing/{number}", WebhookEvent.STALE))[0]
        for number in range(2)
    }
    await post.send()
    await put_off(post, AlertDelivery.event == WebhookEvent.STALE)
    await post.send()
    healthy, _ = await post.add_webhook("https://1.1.1.1/healthy", WebhookEvent.RECOVERED)
    await post.send(event=WebhookEvent.RECOVERED)
    sent_to = {each.id: each.webhook_id for each in await post.deliveries()}

    async with post.context.uow.begin_fleet(post.actor, reason="test") as fleet:
        due = await list_due(fleet, limit=AT_ONCE, of_one_tenant=OF_ONE_TENANT, of_one_address=2)

    first, second, *others = [sent_to[delivery_id] for _, delivery_id in due]
    assert first == healthy
    assert second in failing
    assert len(others) == OF_ONE_TENANT - 2
    assert failing.isdisjoint(others)


async def test_a_database_that_is_gone_for_a_moment_ends_nothing_that_is_carried(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrying, "LOOK_SECONDS", 0.02)
    looks = 0
    look, carry = queries_of_alerts.list_due, Courier._carry
    looked_in_vain = asyncio.Event()

    async def fail_once(fleet: AsyncSession, **limits: int) -> list[tuple[UUID, UUID]]:
        nonlocal looks
        looks += 1
        if looks == 2:
            looked_in_vain.set()
            raise OSError("the database is gone")
        return await look(fleet, **limits)

    async def carry_slowly(courier: Courier, parcel: Parcel) -> int | None:
        await looked_in_vain.wait()
        return await carry(courier, parcel)

    monkeypatch.setattr(queries_of_alerts, "list_due", fail_once)
    monkeypatch.setattr(Courier, "_carry", carry_slowly)
    async with receiving() as receiver:
        await post.add_webhook(receiver.url)
        await post.send()
        await post.courier.deliver_due()

    assert [each.state for each in await post.deliveries()] == ["sent"]
    assert len(receiver.posts) == 1


async def test_a_courier_that_is_stopped_leaves_nothing_behind(post: Post) -> None:
    async def taken() -> bool:
        return silent.posts == 1

    async with never_answering() as silent:
        await post.add_webhook(silent.url)
        await post.send()
        before = asyncio.all_tasks()
        running = asyncio.create_task(post.courier.deliver_due())
        await eventually(taken)
        begun = {each for each in asyncio.all_tasks() - before if "_deliver" in repr(each)}
        await cancel_all([running])
        assert begun
        assert all(each.done() for each in begun)


async def test_an_alert_is_written_while_one_of_its_webhooks_is_deleted(post: Post) -> None:
    kept, _ = await post.add_webhook("https://1.1.1.1/kept")
    deleted, _ = await post.add_webhook("https://1.1.1.1/deleted")

    async with post.context.uow.begin(post.actor) as tx:
        await webhooks.delete_webhook(tx, webhook_id=deleted)
        sending_it = asyncio.create_task(post.send())
        await eventually(somebody_waits(post.context.uow, post.actor))

    assert await sending_it == 1
    assert [each.webhook_id for each in await post.deliveries()] == [kept]


async def test_two_webhooks_at_once_are_no_more_than_there_may_be(post: Post) -> None:
    for number in range(webhooks.MOST - 1):
        await post.add_webhook(f"https://1.1.1.1/{number}")
    async with post.context.uow.begin(post.actor) as tx:
        data = WebhookIn(url="https://1.1.1.1/last")
        await webhooks.create_webhook(tx, post.context.secrets, data=data)
        late = asyncio.create_task(post.add_webhook("https://1.1.1.1/late"))
        await eventually(somebody_waits(post.context.uow, post.actor))

    with pytest.raises(TooManyWebhooks):
        await late


async def test_a_webhook_may_be_deleted_while_its_receiver_says_that_it_is_gone(
    post: Post,
) -> None:
    webhook_id, _ = await post.add_webhook("https://1.1.1.1/")
    await post.send()
    [waiting] = await post.deliveries()
    async with post.context.uow.begin(post.actor) as tx:
        parcel = await service.claim_parcel(tx, post.context.secrets, delivery_id=waiting.id)
    assert parcel is not None

    async def hear_gone() -> None:
        async with post.context.uow.begin(post.actor) as tx:
            error = GONE.error(host="1.1.1.1", status=410)
            await service.record_failure(tx, parcel=parcel, duration_ms=1, error=error)

    async with post.context.uow.begin(post.actor) as tx:
        await queries.get_webhook(tx, webhook_id, lock=True)
        hearing = asyncio.create_task(hear_gone())
        await eventually(somebody_waits(post.context.uow, post.actor))
        await webhooks.delete_webhook(tx, webhook_id=webhook_id)
    await hearing

    assert await post.deliveries() == []
