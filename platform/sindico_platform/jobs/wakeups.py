"""Wake-ups over Redis: a hint that rows are due, never the only way to find out."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress

from redis.asyncio import Redis
from redis.exceptions import RedisError

RECONNECT_SECONDS = 0.5
QUIET_SECONDS = 60


def channel_of(name: str) -> str:
    """The Redis channel of what `Tx.wake(name)` publishes."""
    return f"sindico:wake:{name}"


async def listen(redis: Redis, channels: Iterable[str], on_wake: Callable[[], None]) -> None:
    """Call `on_wake` for every message, and once after each (re)connection. Runs until cancelled.

    While Redis is away nothing is heard and nothing is raised.
    """
    names = tuple(channels)
    while True:
        with suppress(RedisError, OSError):
            async with redis.pubsub() as pubsub:
                await pubsub.subscribe(*names)
                on_wake()
                while True:
                    if await pubsub.get_message(
                        ignore_subscribe_messages=True, timeout=QUIET_SECONDS
                    ):
                        on_wake()
        await asyncio.sleep(RECONNECT_SECONDS)


class Gathered:
    """Publishes many calls as few: at once, and then not again for a moment."""

    def __init__(self, publish: Callable[[], Awaitable[None]], *, pause_seconds: float) -> None:
        self._publish, self._pause = publish, pause_seconds
        self._asked = asyncio.Event()

    def __call__(self) -> None:
        self._asked.set()

    async def run(self) -> None:
        """Runs until cancelled."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            await self._publish()
            await asyncio.sleep(self._pause)
