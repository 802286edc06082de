"""How many requests and pushed rows per minute a tenant's package lets its API callers send."""

import time
from collections import OrderedDict
from collections.abc import Mapping
from uuid import UUID

from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.rate_limit.counter import RequestCounter
from sindico_provisioning.packages import service as packages
from sindico_provisioning.packages.errors import TooManyRequests, limit_headers
from sindico_provisioning.packages.schemas import Allowance
from sindico_provisioning.pushes.errors import TooManyRows

REQUESTS, ROWS = "api_requests_per_minute", "push_rows_per_minute"
REMEMBER_SECONDS = 30.0
MAX_TENANTS = 20_000

Allowances = Mapping[str, Allowance]


class RequestLimits:
    """One per process: what each tenant may, remembered for a while, and what it did."""

    def __init__(self, uow: UnitOfWork, counter: RequestCounter) -> None:
        self._uow, self._counter = uow, counter
        self._known: OrderedDict[UUID, tuple[float, Allowances]] = OrderedDict()

    async def admit(self, actor: Actor) -> dict[str, str]:
        """Count a request of the actor's tenant.

        Returns:
            Headers that say where the tenant stands; none where there is no limit.

        Raises:
            TooManyRequests: the limit of this minute is used up.
        """
        allowance = await self._allowance(actor, REQUESTS)
        if allowance is None:
            return {}
        count = await self._counter.count(actor.tenant_id.hex, limit=allowance.allowed)
        if count.used > allowance.allowed:
            raise TooManyRequests(
                limit=REQUESTS,
                package=allowance.package,
                allowed=allowance.allowed,
                retry_after_seconds=count.reset_seconds,
            )
        remaining = allowance.allowed - count.used
        return limit_headers(allowance.allowed, remaining, count.reset_seconds)

    async def admit_push(self, actor: Actor) -> None:
        """Let a push through as long as anything is left of the minute's rows.

        How many it brings is known when it has been read, so the last one of a minute may pass the
        limit by its own size, of which there is a most too.

        Raises:
            TooManyRows: the limit of this minute is used up.
        """
        allowance = await self._allowance(actor, ROWS)
        if allowance is None:
            return
        count = await self._counter.find_standing(_rows_of(actor))
        if count.used >= allowance.allowed:
            raise TooManyRows(
                limit=ROWS,
                package=allowance.package,
                allowed=allowance.allowed,
                retry_after_seconds=count.reset_seconds,
            )

    async def count_rows(self, actor: Actor, received: int) -> None:
        """Count the rows that came with a push, whatever became of them."""
        if received and await self._allowance(actor, ROWS):
            await self._counter.add(_rows_of(actor), received)

    async def _allowance(self, actor: Actor, limit: str) -> Allowance | None:
        if actor.is_master:
            return None
        return (await self._allowances(actor.tenant_id)).get(limit)

    async def _allowances(self, tenant_id: UUID) -> Allowances:
        now = time.monotonic()
        until, allowances = self._known.get(tenant_id, (0.0, {}))
        if until > now:
            return allowances
        async with self._uow.begin(Actor.system(tenant_id, "rate-limit")) as tx:
            allowances = await packages.find_allowances(tx, REQUESTS, ROWS)
        self._known[tenant_id] = (now + REMEMBER_SECONDS, allowances)
        self._known.move_to_end(tenant_id)
        if len(self._known) > MAX_TENANTS:
            self._known.popitem(last=False)
        return allowances


def _rows_of(actor: Actor) -> str:
    return f"{actor.tenant_id.hex}:rows"
