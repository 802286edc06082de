"""Counting requests with few words to Redis, or none."""

import secrets

from redis.asyncio import Redis

from sindico_platform.rate_limit.counter import RequestCounter

MINUTE = 60.0 * 1000


class Clock:
    def __init__(self) -> None:
        self.now = MINUTE + 45

    def __call__(self) -> float:
        return self.now


async def used(counter: RequestCounter, key: str, *, limit: int, times: int = 1) -> int:
    counts = [await counter.count(key, limit=limit) for _ in range(times)]
    return counts[-1].used


async def test_two_processes_share_a_small_limit_exactly(redis_url: str) -> None:
    key, clock = secrets.token_hex(4), Clock()
    async with Redis.from_url(redis_url) as redis:
        one, other = RequestCounter(redis, clock=clock), RequestCounter(redis, clock=clock)

        assert await used(one, key, limit=3, times=2) == 2
        assert await used(other, key, limit=3) == 3
        assert await used(one, key, limit=3, times=2) == 4


async def test_the_next_minute_begins_anew(redis_url: str) -> None:
    key, clock = secrets.token_hex(4), Clock()
    async with Redis.from_url(redis_url) as redis:
        counter = RequestCounter(redis, clock=clock)
        full = [await counter.count(key, limit=1) for _ in range(2)][-1]
        clock.now += full.reset_seconds

        assert (full.used, full.reset_seconds) == (2, 15)
        assert await used(counter, key, limit=1) == 1


async def test_redis_hears_of_each_hundredth_alone(redis_url: str) -> None:
    key, clock = secrets.token_hex(4), Clock()
    async with Redis.from_url(redis_url) as redis:
        counter = RequestCounter(redis, clock=clock)

        assert await used(counter, key, limit=1000, times=25) == 25
        assert int(await redis.get(f"sindico:requests:{key}:1000")) == 20


async def test_what_is_added_at_once_is_known_to_every_process_at_once(redis_url: str) -> None:
    key, clock = secrets.token_hex(4), Clock()
    async with Redis.from_url(redis_url) as redis:
        one, other = RequestCounter(redis, clock=clock), RequestCounter(redis, clock=clock)
        await one.add(key, 7)
        await other.add(key, 5)
        standing = await one.find_standing(key)
        await redis.delete(f"sindico:requests:{key}:1000")
        flushed = await one.find_standing(key)
        clock.now += standing.reset_seconds

        assert (standing.used, standing.reset_seconds) == (12, 15)
        assert flushed.used == 12
        assert (await one.find_standing(key)).used == 0


async def test_without_redis_what_is_added_counts_in_its_process() -> None:
    async with Redis.from_url("redis://127.0.0.1:1", socket_timeout=1) as gone:
        counter = RequestCounter(gone, clock=Clock())
        await counter.add("key", 7)

        assert (await counter.find_standing("key")).used == 7


async def test_without_redis_the_process_counts_for_itself() -> None:
    async with Redis.from_url("redis://127.0.0.1:1", socket_timeout=1) as gone:
        counter = RequestCounter(gone, clock=Clock())

        assert await used(counter, "key", limit=2, times=3) == 3
