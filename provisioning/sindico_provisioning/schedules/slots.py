"""From a schedule to instants: which time comes next, and how many have passed.

A local time that a change of the clocks leaves out runs when the clocks have been put forward; one
that comes twice runs the first time.
"""

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

SPREAD_SECONDS = 120
"""Tenants that planned the same time begin within so many seconds after it."""
MAX_COUNTED = 10_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Daily:
    """Every day at some times of a zone."""

    times: tuple[time, ...]
    zone: ZoneInfo

    def next_after(self, instant: datetime) -> datetime:
        return next(self._after(instant))

    def count_between(self, first: datetime, last: datetime) -> int:
        """How many times there are after `first`, up to `last`; at most `MAX_COUNTED`."""
        for count, at in enumerate(self._after(first)):
            if at > last or count == MAX_COUNTED:
                return count
        return 0

    def _after(self, instant: datetime) -> Iterator[datetime]:
        day = instant.astimezone(self.zone).date() - timedelta(days=1)
        last = instant
        while True:
            for at in sorted(self._instant(day, each) for each in self.times):
                if at > last:
                    yield at
                    last = at
            day += timedelta(days=1)

    def _instant(self, day: date, at: time) -> datetime:
        return datetime.combine(day, at, self.zone).astimezone(UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Interval:
    """Every so many minutes before and after a time that was or is to be."""

    minutes: int
    since: datetime

    def next_after(self, instant: datetime) -> datetime:
        step = timedelta(minutes=self.minutes)
        passed = math.floor((instant - self.since) / step)
        return self.since + step * (passed + 1)

    def count_between(self, first: datetime, last: datetime) -> int:
        """How many times there are after `first`, up to `last`; at most `MAX_COUNTED`."""
        step = timedelta(minutes=self.minutes)
        count = math.floor((last - self.since) / step) - math.floor((first - self.since) / step)
        return min(max(count, 0), MAX_COUNTED)


Times = Daily | Interval


def spread_of(tenant_id: UUID, integration_id: UUID) -> timedelta:
    """How long after its time an integration begins; always the same for the same one."""
    digest = hashlib.sha256(tenant_id.bytes + integration_id.bytes).digest()
    return timedelta(seconds=int.from_bytes(digest[:4], "big") % SPREAD_SECONDS)
