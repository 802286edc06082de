"""Following rows that change, with Redis and without."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from sindico_api import live
from sindico_api.live import as_events, follow

GONE = "redis://127.0.0.1:1"


@pytest.fixture
async def gone() -> AsyncIterator[Redis]:
    """A Redis that does not answer."""
    redis: Redis = Redis.from_url(GONE, socket_connect_timeout=0.2)
    yield redis
    await redis.aclose()


class Counter:
    """Counts how often it was looked at; done at three."""

    def __init__(self) -> None:
        self.looks = 0

    async def read(self) -> int:
        self.looks += 1
        return self.looks


def is_done(count: int) -> bool:
    return count >= 3


async def test_without_redis_rows_are_polled(gone: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "POLL_SECONDS", 0.01)

    states = follow(gone, channel="x", read=Counter().read, is_final=is_done)

    assert [state async for state in states] == [1, 2, 3]


async def test_with_redis_a_wake_up_is_seen_before_the_poll(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "POLL_SECONDS", 600.0)
    states = []

    async with Redis.from_url(redis_url) as redis, asyncio.timeout(60):
        async for state in follow(redis, channel="x", read=Counter().read, is_final=is_done):
            states.append(state)
            await redis.publish("sindico:wake:x", b"1")

    assert states == [1, 2, 3]


async def test_a_quiet_connection_is_kept_with_comments(
    gone: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(live, "QUIET_SECONDS", 0.0)
    looks: list[int] = []

    async def read() -> str:
        looks.append(1)
        return "final" if len(looks) > 2 else "same"

    states = follow(gone, channel="x", read=read, is_final=lambda state: state == "final")
    sent = [event.encode() async for event in as_events(states, is_final=lambda x: x == "final")]

    assert [part.split(b"\r\n")[0] for part in sent] == [
        b"event: progress",
        b": nothing new",
        b"event: finished",
    ]
