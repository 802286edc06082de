"""The way of ids from the clock to the workers: one Redis list per queue.

It is only transport: what a job is, whose it is and how it ends stands in the database. A message
that is lost, on the way or with the worker that took it, is missed there and sent again.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from sindico_platform.settings import Secret
from sindico_platform.tasks import cancel_all

QUEUE_PREFIX = "sindico:jobs:"
WAIT_SECONDS = 2
RECONNECT_SECONDS = 0.5
BREATH_SECONDS = 0.002

log = structlog.get_logger()

Run = Callable[[UUID, UUID], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Dispatch:
    """One handing over of one job."""

    tenant_id: UUID
    job_id: UUID
    queue: str
    dispatched_at: datetime

    @property
    def message(self) -> str:
        return f"{self.tenant_id.hex}{self.job_id.hex}"


def ids_of(message: bytes) -> tuple[UUID, UUID]:
    """Tenant and job of a message."""
    text = message.decode()
    return UUID(text[:32]), UUID(text[32:])


async def answers(redis: Redis) -> bool:
    """Whether Redis is there."""
    try:
        return bool(await redis.ping())
    except (RedisError, OSError):
        return False


async def send(redis: Redis, dispatches: Sequence[Dispatch]) -> None:
    """Queue a message each, in one round trip; workers that wait wake up."""
    async with redis.pipeline(transaction=True) as pipe:
        for queue, items in by_queue(dispatches):
            pipe.rpush(QUEUE_PREFIX + queue, *(item.message for item in items))
        await pipe.execute()


async def find_lost(redis: Redis, dispatches: Sequence[Dispatch]) -> list[Dispatch]:
    """Those whose message is not in its queue any more.

    Ask only for dispatches that are old enough to have been claimed after they were taken.
    """
    lost: list[Dispatch] = []
    for queue, items in by_queue(dispatches):
        queued = set(await _list(redis.lrange(QUEUE_PREFIX + queue, 0, -1)))
        lost += [item for item in items if item.message.encode() not in queued]
    return lost


def by_queue(dispatches: Iterable[Dispatch]) -> list[tuple[str, list[Dispatch]]]:
    ordered = sorted(dispatches, key=lambda item: item.queue)
    return [(queue, list(items)) for queue, items in groupby(ordered, lambda item: item.queue)]


async def consume(
    url: Secret[str], run: Run, *, concurrency: Mapping[str, int], stop: asyncio.Event
) -> None:
    """Run what arrives, until `stop` is set and everything that was running has ended.

    Redis may go and come back meanwhile; what runs goes on running.

    Args:
        run: called with tenant and job; it must not raise.
        concurrency: how many jobs at once, by queue.
    """
    async with (
        Redis.from_url(url.reveal(), socket_timeout=WAIT_SECONDS * 3) as redis,
        asyncio.TaskGroup() as group,
    ):
        for name, limit in concurrency.items():
            group.create_task(_Queue(redis, run, name, limit).consume(stop))


class _Queue:
    """Consumes one queue with a bounded number of jobs at once."""

    def __init__(self, redis: Redis, run: Run, name: str, concurrency: int) -> None:
        self._redis, self._run, self._key = redis, run, QUEUE_PREFIX + name
        self._concurrency = concurrency
        self._running: set[asyncio.Task[None]] = set()
        self._freed = asyncio.Event()

    async def consume(self, stop: asyncio.Event) -> None:
        taking = asyncio.create_task(self._take_forever())
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait([taking, stopped], return_when=asyncio.FIRST_COMPLETED)
        died = taking.done()
        await cancel_all([taking, stopped])
        await asyncio.gather(*self._running, return_exceptions=True)
        if died:
            taking.result()

    async def _take_forever(self) -> None:
        while True:
            self._freed.clear()
            if room := self._concurrency - len(self._running):
                for message in await self._take(room):
                    self._start(message)
            else:
                await self._freed.wait()
                await asyncio.sleep(BREATH_SECONDS)  # short jobs end in flocks: take as many anew

    async def _take(self, room: int) -> list[bytes]:
        """As many messages as there is room for, waiting for the first."""
        try:
            taken = await _list(self._redis.lpop(self._key, room))
            return taken or (await _list(self._redis.blpop([self._key], WAIT_SECONDS)))[1:]
        except (RedisError, OSError) as error:
            log.warning("queue_lost", queue=self._key, kind=type(error).__name__)
            await asyncio.sleep(RECONNECT_SECONDS)
            return []

    def _start(self, message: bytes) -> None:
        task = asyncio.create_task(self._run(*ids_of(message)))
        self._running.add(task)
        task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._freed.set()


async def _list(answer: Any) -> list[bytes]:
    """The client's types name synchronous answers too, and Redis says nothing for an empty list."""
    return list(await answer or ())
