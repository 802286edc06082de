"""The throttle, on both kinds of counters."""

import secrets

import pytest
from redis.asyncio import Redis

from sindico_api.context import Context
from sindico_platform.identity.sign_in import throttle as rules
from sindico_platform.identity.sign_in.counters import OwnCounters, RedisCounters
from sindico_platform.identity.sign_in.throttle import (
    Attempt,
    Counters,
    SignInThrottle,
    TooManyAttempts,
)


@pytest.fixture(params=["redis", "own"])
def throttle(request: pytest.FixtureRequest, context: Context) -> SignInThrottle:
    counters: Counters = RedisCounters(context.redis) if request.param == "redis" else OwnCounters()
    return SignInThrottle(counters, OwnCounters())


def somebody(*, address: str | None = None, device: str | None = None) -> Attempt:
    login = f"{secrets.token_hex(6)}@acme.test"
    return Attempt(login=login, address=address or an_address(), device=device)


def an_address() -> str:
    return f"2001:db8:{secrets.token_hex(2)}:{secrets.token_hex(2)}::1"


async def admitted(throttle: SignInThrottle, attempt: Attempt, times: int) -> int:
    count = 0
    for _ in range(times):
        try:
            await throttle.admit(attempt)
            count += 1
        except TooManyAttempts:
            continue
    return count


async def test_five_tries_are_free_and_the_sixth_starts_the_waiting(
    throttle: SignInThrottle,
) -> None:
    attempt = somebody()

    assert await admitted(throttle, attempt, 6) == 6
    with pytest.raises(TooManyAttempts) as refused:
        await throttle.admit(attempt)
    assert 1 <= refused.value.facts["retry_after_seconds"] <= rules.FIRST_DELAY_SECONDS


async def test_a_success_gives_all_tries_back(throttle: SignInThrottle) -> None:
    attempt = somebody()
    await admitted(throttle, attempt, 6)

    await throttle.succeed(attempt)

    assert await admitted(throttle, attempt, 6) == 6


async def test_the_owner_elsewhere_is_not_locked_out(throttle: SignInThrottle) -> None:
    attacked = somebody()
    await admitted(throttle, attacked, 10)

    owner = Attempt(login=attacked.login, address=an_address())

    assert await admitted(throttle, owner, 1) == 1


async def test_the_owner_behind_the_attackers_router_is_not_locked_out(
    throttle: SignInThrottle,
) -> None:
    attacked = somebody()
    await admitted(throttle, attacked, 10)

    owner = Attempt(login=attacked.login, address=attacked.address, device="laptop")

    assert await admitted(throttle, owner, 5) == 5


async def test_an_army_of_addresses_has_one_free_try_each_and_so_has_the_owner(
    throttle: SignInThrottle,
) -> None:
    login = somebody().login
    for _ in range(rules.LOGIN_TRIES):
        await throttle.admit(Attempt(login=login, address=an_address()))

    newcomer = Attempt(login=login, address=an_address())

    assert await admitted(throttle, newcomer, 5) == 2  # one free, one that starts the waiting


async def test_one_address_cannot_try_every_login(throttle: SignInThrottle) -> None:
    address = an_address()
    for _ in range(rules.ADDRESS_TRIES):
        await throttle.admit(somebody(address=address))

    assert await admitted(throttle, somebody(address=address), 1) == 0
    assert await admitted(throttle, somebody(address=address, device="known"), 1) == 1


async def test_without_redis_the_process_counts_for_itself() -> None:
    gone = RedisCounters(Redis.from_url("redis://127.0.0.1:1", socket_timeout=1))
    throttle = SignInThrottle(gone, OwnCounters())

    assert await admitted(throttle, somebody(), 8) == 6


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("testclient", "testclient"),
    ],
)
def test_what_counts_as_one_address(address: str, network: str) -> None:
    assert rules.network_of(address) == network


async def test_waiting_grows_and_ends() -> None:
    now = 0.0
    own = OwnCounters(clock=lambda: now)
    throttle = SignInThrottle(own, own)
    attempt, waits = somebody(), []
    await admitted(throttle, attempt, 5)
    for _ in range(10):
        await throttle.admit(attempt)
        with pytest.raises(TooManyAttempts) as refused:
            await throttle.admit(attempt)
        waits.append(refused.value.facts["retry_after_seconds"])
        now += waits[-1]

    assert waits == [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]
