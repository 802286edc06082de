"""Messages reach the consumer whatever Redis goes through."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID

from redis.asyncio import Redis
from uuid_utils.compat import uuid7

from sindico_api.context import Context
from sindico_platform.jobs import transport
from sindico_platform.jobs.transport import Dispatch
from tests.support.jobs import eventually


class Received:
    """Notes what arrives, and lets it end when the gate is open."""

    def __init__(self) -> None:
        self.ids: list[tuple[UUID, UUID]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.at_once = 0
        self.most_at_once = 0

    async def __call__(self, tenant_id: UUID, job_id: UUID) -> None:
        self.ids.append((tenant_id, job_id))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await self.gate.wait()
        self.at_once -= 1

    async def has(self, count: int) -> bool:
        return len(self.ids) >= count


def dispatches(count: int, queue: str = "default") -> list[Dispatch]:
    return [Dispatch(uuid7(), uuid7(), queue, datetime.now(UTC)) for _ in range(count)]


@asynccontextmanager
async def consuming(
    context: Context, received: Received, **concurrency: int
) -> AsyncIterator[asyncio.Event]:
    stop = asyncio.Event()
    task = asyncio.create_task(
        transport.consume(context.settings.redis_url, received, concurrency=concurrency, stop=stop)
    )
    try:
        yield stop
    finally:
        stop.set()
        received.gate.set()
        await task


async def test_what_is_sent_arrives_in_order_of_its_queue(fleet_context: Context) -> None:
    received, sent = Received(), dispatches(3) + dispatches(2, "loads")

    async with consuming(fleet_context, received, default=1, loads=1):
        await transport.send(fleet_context.redis, sent)
        await eventually(lambda: received.has(5))

    expected = [(item.tenant_id, item.job_id) for item in sent]
    assert [ids for ids in received.ids if ids in expected[:3]] == expected[:3]
    assert sorted(received.ids) == sorted(expected)


async def test_no_more_than_the_limit_run_at_once_and_the_rest_stays_queued(
    fleet_context: Context,
) -> None:
    received, sent = Received(), dispatches(7)
    received.gate.clear()

    async with consuming(fleet_context, received, default=3):
        await transport.send(fleet_context.redis, sent)
        await eventually(lambda: received.has(3))
        lost = await transport.find_lost(fleet_context.redis, sent)
        received.gate.set()
        await eventually(lambda: received.has(7))

    assert len(lost) == 3
    assert received.most_at_once == 3


async def test_a_consumer_outlives_its_connections(fleet_context: Context) -> None:
    received = Received()

    async with consuming(fleet_context, received, default=2):
        await transport.send(fleet_context.redis, dispatches(1))
        await eventually(lambda: received.has(1))
        await fleet_context.redis.client_kill_filter(_type="normal", skipme=True)
        await transport.send(fleet_context.redis, dispatches(1))
        await eventually(lambda: received.has(2))


async def test_a_stop_takes_nothing_more_and_waits_for_what_runs(fleet_context: Context) -> None:
    received = Received()
    received.gate.clear()

    async with consuming(fleet_context, received, default=4) as stop:
        await transport.send(fleet_context.redis, dispatches(1))
        await eventually(lambda: received.has(1))
        stop.set()
        await eventually(lambda: nobody_waits(fleet_context.redis))
        await transport.send(fleet_context.redis, dispatches(1))

    assert len(received.ids) == 1
    assert received.at_once == 0


async def nobody_waits(redis: Redis) -> bool:
    """Whether no consumer is blocked on a queue."""
    return bool((await redis.info("clients"))["blocked_clients"] == 0)
