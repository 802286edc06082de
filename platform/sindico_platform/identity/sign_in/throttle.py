"""How often a password may be tried.

Nothing is ever locked. Three counters slow guessing down:

- **pair** (login, address): five tries are free; then one every 5 s, 10 s, 20 s … up to one every
  15 minutes, until an hour passes without a try or a sign-in succeeds.
- **login** (from anywhere): after thirty tries in an hour, an address that is new to the login has
  one free try instead of five. An army of addresses gets one guess each; the owner, who knows the
  password, needs one.
- **address** (any login): after a hundred failures in fifteen minutes the address waits, so that
  one machine cannot try one password on every login.

A browser that signed in before carries a signed **device** cookie for its login. Its tries are
counted under the device instead of the address, and neither of the other two counters touches it:
an attacker behind the same router, or one who hammers the login from everywhere, does not keep the
owner out.

Tries are counted before the password is looked at, so a burst in parallel is counted too. A login
that does not exist is counted like any other, so an answer tells nothing about who exists. The
counters live in Redis under hashed names. Without Redis each process counts for itself.
"""

import hashlib
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import Protocol

import structlog
from redis.exceptions import RedisError

from sindico_platform.errors import SindicoError

log = structlog.get_logger()

FREE_TRIES = 5
FIRST_DELAY_SECONDS = 5
MAX_DELAY_SECONDS = 900
PAIR_WINDOW_SECONDS = 3600
LOGIN_TRIES = 30
LOGIN_WINDOW_SECONDS = 3600
ADDRESS_TRIES = 100
ADDRESS_WINDOW_SECONDS = 900
IPV6_NETWORK_BITS = 64
"""What one customer of a provider commands, and so counts as one address."""


class TooManyAttempts(SindicoError):
    """Too many wrong passwords; the same for logins that exist and that do not."""

    code, status, title = "too-many-attempts", 429, "Too many attempts"
    detail = "Wait {retry_after_seconds} seconds before you try again."


class Counters(Protocol):
    """Counters and reservations that forget by themselves."""

    async def count(self, windows: dict[str, int]) -> list[int]:
        """Add one to each key; each forgets after its seconds without being counted."""

    async def take_back(self, keys: list[str]) -> None:
        """Undo one count of each key."""

    async def reserve(self, key: str, seconds: int) -> int:
        """Take the key for so long.

        Returns:
            0, or for how many more seconds another holder has it.
        """

    async def remaining(self, key: str) -> int:
        """Seconds until the key is forgotten, at least 1."""

    async def forget(self, keys: list[str]) -> None: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """Who tries to sign in, and from where."""

    login: str
    """As typed, with the domain."""
    address: str
    device: str | None = None
    """Id of the device whose cookie proved that it signed in as this login before."""


class SignInThrottle:
    """Admits attempts; one per process."""

    def __init__(self, shared: Counters, own: Counters) -> None:
        self._shared, self._own = shared, own

    async def admit(self, attempt: Attempt) -> None:
        """Count an attempt, or refuse it.

        Raises:
            TooManyAttempts: with the seconds to wait.
        """
        try:
            await _admit(self._shared, attempt)
        except (RedisError, OSError):
            log.warning("sign_in_throttle_local")
            await _admit(self._own, attempt)

    async def succeed(self, attempt: Attempt) -> None:
        """Forget the attempts of whoever has just proved to be the owner."""
        try:
            await _succeed(self._shared, attempt)
        except (RedisError, OSError):
            await _succeed(self._own, attempt)


async def _admit(counters: Counters, attempt: Attempt) -> None:
    windows = _windows(attempt)
    counts = dict(zip(windows, await counters.count(windows), strict=True))
    pair, login, address = _pair(attempt), _login(attempt), _address(attempt)
    if counts.get(address, 0) > ADDRESS_TRIES:
        await counters.take_back(list(windows))
        raise TooManyAttempts(retry_after_seconds=await counters.remaining(address))
    free = 1 if counts.get(login, 0) > LOGIN_TRIES else FREE_TRIES
    if counts[pair] > free:
        wait = await counters.reserve(f"{pair}:next", _delay_seconds(counts[pair] - free))
        if wait:
            await counters.take_back(list(windows))
            raise TooManyAttempts(retry_after_seconds=wait)


async def _succeed(counters: Counters, attempt: Attempt) -> None:
    pair, *others = _windows(attempt)
    await counters.forget([pair, f"{pair}:next"])
    await counters.take_back(others)


def _delay_seconds(tries: int) -> int:
    doublings = min(tries - 1, 16)
    return min(FIRST_DELAY_SECONDS << doublings, MAX_DELAY_SECONDS)


def _windows(attempt: Attempt) -> dict[str, int]:
    if attempt.device:
        return {_pair(attempt): PAIR_WINDOW_SECONDS}
    return {
        _pair(attempt): PAIR_WINDOW_SECONDS,
        _login(attempt): LOGIN_WINDOW_SECONDS,
        _address(attempt): ADDRESS_WINDOW_SECONDS,
    }


def _pair(attempt: Attempt) -> str:
    subject = attempt.device or network_of(attempt.address)
    return _key("pair", attempt.login.strip().lower(), subject)


def _login(attempt: Attempt) -> str:
    return _key("login", attempt.login.strip().lower())


def _address(attempt: Attempt) -> str:
    return _key("address", network_of(attempt.address))


def _key(kind: str, *parts: str) -> str:
    return f"sindico:sign-in:{kind}:{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:32]}"


def network_of(address: str) -> str:
    """The address, or of an IPv6 one the network that one customer commands."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    host_bits = parsed.max_prefixlen - IPV6_NETWORK_BITS
    return str(IPv6Address(int(parsed) >> host_bits << host_bits))
