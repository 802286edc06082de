"""Tests reach out to typed hosts, so there is a limit to them."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
from redis.asyncio import Redis

from sindico_platform.connection_tests.errors import (
    TooManyConnectionTests,
    TooManyDatabaseLooks,
)
from sindico_platform.connection_tests.throttle import (
    PER_TENANT,
    PER_USER,
    ConnectionTestThrottle,
    DatabaseLookThrottle,
)
from sindico_platform.database.tx import Actor, ActorKind
from sindico_platform.rate_limit.counter import RequestCounter

NOON = 43_200.0


def user_of(tenant_id: UUID) -> Actor:
    return Actor(tenant_id=tenant_id, kind=ActorKind.USER, id=uuid4(), name="ana")


@pytest.fixture
async def throttle(redis_url: str) -> AsyncIterator[ConnectionTestThrottle]:
    async with Redis.from_url(redis_url) as redis:
        yield ConnectionTestThrottle(RequestCounter(redis, clock=lambda: NOON))


async def test_a_user_may_make_some_tests_a_minute(throttle: ConnectionTestThrottle) -> None:
    ana = user_of(uuid4())
    for _ in range(PER_USER):
        await throttle.admit(ana)

    with pytest.raises(TooManyConnectionTests) as raised:
        await throttle.admit(ana)
    assert raised.value.headers == {"Retry-After": "60"}
    await throttle.admit(user_of(ana.tenant_id))


async def test_looking_at_a_database_counts_apart(redis_url: str) -> None:
    ana = user_of(uuid4())
    async with Redis.from_url(redis_url) as redis:
        counter = RequestCounter(redis, clock=lambda: NOON)
        tests, looks = ConnectionTestThrottle(counter), DatabaseLookThrottle(counter)
        for _ in range(PER_USER):
            await tests.admit(ana)
        for _ in range(looks.per_user):
            await looks.admit(ana)

        with pytest.raises(TooManyDatabaseLooks):
            await looks.admit(ana)


async def test_a_tenant_may_make_some_tests_whoever_makes_them(
    throttle: ConnectionTestThrottle,
) -> None:
    tenant_id = uuid4()
    for _ in range(PER_TENANT):
        await throttle.admit(user_of(tenant_id))

    with pytest.raises(TooManyConnectionTests):
        await throttle.admit(user_of(tenant_id))
    await throttle.admit(user_of(uuid4()))
