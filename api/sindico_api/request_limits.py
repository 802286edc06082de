"""How many requests per minute a tenant's package lets its API callers make."""

import time
from collections import OrderedDict
from uuid import UUID

from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.rate_limit.counter import RequestCounter
from sindico_provisioning.packages import service as packages
from sindico_provisioning.packages.errors import TooManyRequests, limit_headers
from sindico_provisioning.packages.schemas import Allowance

LIMIT = "api_requests_per_minute"
REMEMBER_SECONDS = 30.0
MAX_TENANTS = 20_000


class RequestLimits:
    """One per process: what each tenant may, remembered for a while, and what it did."""

    def __init__(self, uow: UnitOfWork, counter: RequestCounter) -> None:
        self._uow, self._counter = uow, counter
        self._known: OrderedDict[UUID, tuple[float, Allowance | None]] = OrderedDict()

    async def admit(self, actor: Actor) -> dict[str, str]:
        """Count a request of the actor's tenant.

        Returns:
            Headers that say where the tenant stands; none where there is no limit.

        Raises:
            TooManyRequests: the limit of this minute is used up.
        """
        if actor.is_master:
            return {}
        allowance = await self._allowance(actor.tenant_id)
        if allowance is None:
            return {}
        count = await self._counter.count(actor.tenant_id.hex, limit=allowance.allowed)
        if count.used > allowance.allowed:
            raise TooManyRequests(
                limit=LIMIT,
                package=allowance.package,
                allowed=allowance.allowed,
                retry_after_seconds=count.reset_seconds,
            )
        remaining = allowance.allowed - count.used
        return limit_headers(allowance.allowed, remaining, count.reset_seconds)

    async def _allowance(self, tenant_id: UUID) -> Allowance | None:
        now = time.monotonic()
        until, allowance = self._known.get(tenant_id, (0.0, None))
        if until > now:
            return allowance
        async with self._uow.begin(Actor.system(tenant_id, "rate-limit")) as tx:
            allowance = await packages.find_allowance(tx, LIMIT)
        self._known[tenant_id] = (now + REMEMBER_SECONDS, allowance)
        self._known.move_to_end(tenant_id)
        if len(self._known) > MAX_TENANTS:
            self._known.popitem(last=False)
        return allowance
