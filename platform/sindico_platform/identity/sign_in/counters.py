"""Counters of the throttle: in Redis for all processes, and in this one when Redis is gone."""

import time
from collections import OrderedDict
from collections.abc import Callable

from redis.asyncio import Redis

MILLISECONDS = 1000
FORGET_SECONDS = 3600
MAX_KEYS = 20_000
"""How many keys one process keeps; the oldest are forgotten first."""


class RedisCounters:
    """Shared by all processes."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def count(self, windows: dict[str, int]) -> list[int]:
        async with self._redis.pipeline(transaction=True) as pipeline:
            for key, seconds in windows.items():
                pipeline.incr(key)
                pipeline.expire(key, seconds)
            return [int(count) for count in (await pipeline.execute())[::2]]

    async def take_back(self, keys: list[str]) -> None:
        async with self._redis.pipeline(transaction=True) as pipeline:
            for key in keys:
                pipeline.decr(key)
                # A counter that was forgotten meanwhile must not stay below zero for ever.
                pipeline.expire(key, FORGET_SECONDS)
            await pipeline.execute()

    async def reserve(self, key: str, seconds: int) -> int:
        taken = await self._redis.set(key, 1, ex=seconds, nx=True)
        return 0 if taken else await self.remaining(key)

    async def remaining(self, key: str) -> int:
        return max(1, -(-int(await self._redis.pttl(key)) // MILLISECONDS))

    async def forget(self, keys: list[str]) -> None:
        await self._redis.delete(*keys)


class OwnCounters:
    """In this process alone."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: OrderedDict[str, tuple[int, float]] = OrderedDict()

    async def count(self, windows: dict[str, int]) -> list[int]:
        return [self._put(key, self._get(key) + 1, ttl) for key, ttl in windows.items()]

    async def take_back(self, keys: list[str]) -> None:
        for key in keys:
            if (count := self._get(key)) > 0:
                self._kept[key] = (count - 1, self._kept[key][1])

    async def reserve(self, key: str, seconds: int) -> int:
        if self._get(key):
            return await self.remaining(key)
        self._put(key, 1, seconds)
        return 0

    async def remaining(self, key: str) -> int:
        _, until = self._kept.get(key, (0, 0.0))
        return max(1, -int(-(until - self._clock()) // 1))

    async def forget(self, keys: list[str]) -> None:
        for key in keys:
            self._kept.pop(key, None)

    def _get(self, key: str) -> int:
        count, until = self._kept.get(key, (0, 0.0))
        return count if until > self._clock() else 0

    def _put(self, key: str, count: int, seconds: int) -> int:
        self._kept[key] = (count, self._clock() + seconds)
        self._kept.move_to_end(key)
        if len(self._kept) > MAX_KEYS:
            self._kept.popitem(last=False)
        return count
