"""The relay: chooses due jobs fairly, hands their ids to the workers, sends again what was lost.

Any number of relays may run at once; the database hands each job to one of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy.ext.asyncio import AsyncEngine

from sindico_platform.database.driver import driver
from sindico_platform.jobs import transport
from sindico_platform.jobs.transport import Dispatch

DISPATCH = "SELECT * FROM control.dispatch_due_jobs($1, $2)"
RETURN = "SELECT control.return_unclaimed_jobs($1, $2, $3)"
UNCLAIMED = """
    SELECT tenant_id, id, queue, dispatched_at FROM control.job
    WHERE dispatched_at < now() - make_interval(secs => $1) AND state = 'pending'
"""

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """How much is under way at once."""

    queue_length: int = 200
    """Messages of one queue that no worker has claimed yet."""
    tenant_limit: int = 8
    """Jobs of one tenant in one queue, queued or running."""
    claim_seconds: float = 10
    """How long a message may lie before we ask whether Redis still has it."""


@dataclass(frozen=True, slots=True)
class Relay:
    """Moves ids from the job table to Redis."""

    fleet: AsyncEngine
    redis: Redis
    limits: Limits = Limits()

    async def dispatch(self) -> int:
        """Hand over what is due, as far as there is room. Rows wait while Redis is away.

        Returns:
            How many were handed over.
        """
        if not await transport.answers(self.redis):
            return 0
        async with driver(self.fleet) as connection:
            rows = await connection.fetch(
                DISPATCH, self.limits.queue_length, self.limits.tenant_limit
            )
        chosen = [Dispatch(*row) for row in rows]
        if not chosen:
            return 0
        try:
            await transport.send(self.redis, chosen)
        except (RedisError, OSError):
            log.warning("dispatch_lost", count=len(chosen))
            await self._take_back(chosen)
            return 0
        return len(chosen)

    async def recover(self) -> int:
        """Let jobs wait again whose messages Redis lost, so that the next dispatch sends them.

        Returns:
            How many wait again.
        """
        async with driver(self.fleet) as connection:
            rows = await connection.fetch(UNCLAIMED, self.limits.claim_seconds)
        if not rows:
            return 0
        try:
            lost = await transport.find_lost(self.redis, [Dispatch(*row) for row in rows])
        except (RedisError, OSError):
            return 0
        returned = await self._take_back(lost) if lost else 0  # a worker may have claimed some
        if returned:
            log.warning("messages_lost", count=returned)
        return returned

    async def _take_back(self, dispatches: Sequence[Dispatch]) -> int:
        async with driver(self.fleet) as connection:
            returned: int = await connection.fetchval(
                RETURN,
                [item.tenant_id for item in dispatches],
                [item.job_id for item in dispatches],
                [item.dispatched_at for item in dispatches],
            )
        return returned
