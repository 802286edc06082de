"""Follow something that changes in the database, as server-sent events.

Redis tells when to look; the rows tell what there is. Without Redis the rows are polled, so that
a screen may be a second late, never wrong.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from time import monotonic
from typing import TypeVar

import msgspec
from litestar.response.sse import ServerSentEventMessage
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

T = TypeVar("T")

POLL_SECONDS = 1.0
QUIET_SECONDS = 15.0
"""After so long without a change a comment is sent, so that proxies keep the connection."""
LONGEST_SECONDS = 900.0
"""The caller reconnects afterwards, and is authenticated anew."""


async def follow(
    redis: Redis,
    *,
    channel: str,
    read: Callable[[], Awaitable[T]],
    is_final: Callable[[T], bool],
) -> AsyncIterator[T | None]:
    """Give what `read` finds, now and whenever it has changed, until it is final.

    Args:
        channel: what `Tx.wake` is told when it may have changed.

    Yields:
        The new state, or None when nothing has changed for a while.
    """
    pubsub = await _subscribe(redis, channel)
    begun = told_at = monotonic()
    last: T | None = None
    try:
        while monotonic() - begun < LONGEST_SECONDS:
            state = await read()
            if state != last:
                last, told_at = state, monotonic()
                yield state
            elif monotonic() - told_at > QUIET_SECONDS:
                told_at = monotonic()
                yield None
            if is_final(state):
                return
            await _wait(pubsub)
    finally:
        if pubsub is not None:
            with suppress(RedisError, OSError):
                await pubsub.aclose()  # type: ignore[no-untyped-call]  # redis-py has no type here


async def as_events(
    states: AsyncIterator[T | None], *, is_final: Callable[[T], bool]
) -> AsyncIterator[ServerSentEventMessage]:
    """Name each state ``progress``, and the final one ``finished``."""
    async for state in states:
        if state is None:
            yield ServerSentEventMessage(data=None, comment="nothing new")
        else:
            name = "finished" if is_final(state) else "progress"
            yield ServerSentEventMessage(event=name, data=msgspec.json.encode(state))


async def _subscribe(redis: Redis, channel: str) -> PubSub | None:
    pubsub = redis.pubsub()
    try:
        await pubsub.subscribe(f"sindico:wake:{channel}")
    except (RedisError, OSError):
        return None
    return pubsub


async def _wait(pubsub: PubSub | None) -> None:
    """Sleep until somebody says that there may be something new, or the poll is due."""
    if pubsub is None:
        await asyncio.sleep(POLL_SECONDS)
        return
    try:
        await pubsub.get_message(ignore_subscribe_messages=True, timeout=POLL_SECONDS)
    except (RedisError, OSError):
        await asyncio.sleep(POLL_SECONDS)
