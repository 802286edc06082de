"""How many connection tests, and looks at databases, a user and a tenant may make."""

from uuid import UUID

from sindico_platform.connection_tests.errors import (
    TooManyConnectionTests,
    TooManyDatabaseLooks,
)
from sindico_platform.database.tx import Actor
from sindico_platform.rate_limit.counter import RequestCounter

PER_USER, PER_TENANT = 12, 40
"""Tests in each minute."""
LOOKS_PER_USER, LOOKS_PER_TENANT = 60, 200


class ConnectionTestThrottle:
    """One per process; all processes count together."""

    name = "test"
    per_user, per_tenant = PER_USER, PER_TENANT
    refusal: type[TooManyConnectionTests | TooManyDatabaseLooks] = TooManyConnectionTests

    def __init__(self, counter: RequestCounter) -> None:
        self._counter = counter

    async def admit(self, actor: Actor, *, tenant_id: UUID | None = None) -> None:
        """Count a test before it is made.

        Args:
            tenant_id: whose settings are tested; the actor's own tenant unless given.

        Raises:
            TooManyConnectionTests: the user, or the tenant, has made as many as it may; of another
                kind of throttle its own `refusal`.
        """
        tenant = tenant_id or actor.tenant_id
        await self._count(f"{self.name}:{tenant.hex}:{actor.id or actor.name}", self.per_user)
        await self._count(f"{self.name}:{tenant.hex}", self.per_tenant)

    async def _count(self, key: str, allowed: int) -> None:
        count = await self._counter.count(key, limit=allowed)
        if count.used > allowed:
            raise self.refusal(allowed=allowed, retry_after_seconds=count.reset_seconds)


class DatabaseLookThrottle(ConnectionTestThrottle):
    """The same for looking at a customer's database while views are mapped, counted apart."""

    name = "look"
    per_user, per_tenant = LOOKS_PER_USER, LOOKS_PER_TENANT
    refusal = TooManyDatabaseLooks
