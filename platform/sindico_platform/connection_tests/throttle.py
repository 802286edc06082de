"""How many connection tests a user and a tenant may make."""

from uuid import UUID

from sindico_platform.connection_tests.errors import TooManyConnectionTests
from sindico_platform.database.tx import Actor
from sindico_platform.rate_limit.counter import RequestCounter

PER_USER, PER_TENANT = 12, 40
"""In each minute."""


class ConnectionTestThrottle:
    """One per process; all processes count together."""

    def __init__(self, counter: RequestCounter) -> None:
        self._counter = counter

    async def admit(self, actor: Actor, *, tenant_id: UUID | None = None) -> None:
        """Count a test before it is made.

        Args:
            tenant_id: whose settings are tested; the actor's own tenant unless given.

        Raises:
            TooManyConnectionTests: the user, or the tenant, has made as many as it may.
        """
        tenant = tenant_id or actor.tenant_id
        await self._count(f"test:{tenant.hex}:{actor.id or actor.name}", PER_USER)
        await self._count(f"test:{tenant.hex}", PER_TENANT)

    async def _count(self, key: str, allowed: int) -> None:
        count = await self._counter.count(key, limit=allowed)
        if count.used > allowed:
            raise TooManyConnectionTests(allowed=allowed, retry_after_seconds=count.reset_seconds)
