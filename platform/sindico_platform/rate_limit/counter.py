"""A counter per key and minute that seldom speaks to Redis.

Each process counts for itself and tells Redis after every hundredth of the limit, learning there
what the others counted. So most requests cost no round trip and none costs two; several processes
together may let about one hundredth of the limit each through beyond it. A small limit is exact.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

log = structlog.get_logger()

WINDOW_SECONDS = 60
STEPS = 100
MAX_KEYS = 20_000
"""How many keys one process keeps; the oldest are forgotten first."""
REST_SECONDS = 10
"""For how long Redis is left alone after it did not answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Count:
    """Where a key stands in this minute."""

    used: int
    """With the request that was counted, or would have been."""
    reset_seconds: int
    """Until the next minute begins; 1 to 60."""


@dataclass(slots=True)
class _Window:
    minute: int
    known: int = 0
    """What all processes counted, as Redis said last."""
    untold: int = 0
    """What this process counted since."""


class RequestCounter:
    """One per process."""

    def __init__(self, redis: Redis, *, clock: Callable[[], float] = time.time) -> None:
        self._redis, self._clock = redis, clock
        self._windows: OrderedDict[str, _Window] = OrderedDict()
        self._rests_until = 0.0

    async def count(self, key: str, *, limit: int) -> Count:
        """Count one request of `key`, unless the limit is reached already.

        Args:
            limit: how many a minute may have.

        Returns:
            More than `limit` as `used` when this request is one too many.
        """
        now = self._clock()
        minute, into = divmod(now, WINDOW_SECONDS)
        window = self._window(key, int(minute))
        if window.known + window.untold < limit:
            window.untold += 1
            if window.untold >= max(1, limit // STEPS):
                await self._tell(key, window, now)
            used = window.known + window.untold
        else:
            used = limit + 1
        return Count(used=used, reset_seconds=WINDOW_SECONDS - int(into))

    async def find_standing(self, key: str) -> Count:
        """Where `key` stands now, with what all processes counted; it asks Redis each time."""
        now = self._clock()
        minute, into = divmod(now, WINDOW_SECONDS)
        window = self._window(key, int(minute))
        await self._tell(key, window, now)
        used = window.known + window.untold
        return Count(used=used, reset_seconds=WINDOW_SECONDS - int(into))

    async def add(self, key: str, amount: int) -> None:
        """Count `amount` at once, beyond any limit too; it tells Redis each time."""
        now = self._clock()
        window = self._window(key, int(now // WINDOW_SECONDS))
        window.untold += amount
        await self._tell(key, window, now)

    def _window(self, key: str, minute: int) -> _Window:
        window = self._windows.get(key)
        if window is None or window.minute != minute:
            window = self._windows[key] = _Window(minute)
            if len(self._windows) > MAX_KEYS:
                self._windows.popitem(last=False)
        self._windows.move_to_end(key)
        return window

    async def _tell(self, key: str, window: _Window, now: float) -> None:
        """Add what was counted here to what everybody counted, in one round trip."""
        if now < self._rests_until:
            return
        name, told = f"sindico:requests:{key}:{window.minute}", window.untold
        window.known, window.untold = window.known + told, 0  # others go on while Redis answers
        try:
            async with self._redis.pipeline(transaction=False) as pipeline:
                pipeline.incrby(name, told)
                pipeline.expire(name, 2 * WINDOW_SECONDS)
                everybody = int((await pipeline.execute())[0])
        except (RedisError, OSError):
            self._rests_until = now + REST_SECONDS
            log.warning("requests_counted_locally")
        else:
            window.known = max(window.known, everybody)
