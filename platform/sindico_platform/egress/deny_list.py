"""Hosts that no customer may use: the provider's own mail and file services."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from ipaddress import ip_address, ip_network

from sindico_platform.egress.hosts import normalise_host
from sindico_platform.egress.ranges import IPAddress
from sindico_platform.egress.resolver import Resolver, resolve_by_system
from sindico_platform.errors import OutsideError
from sindico_platform.settings import Network

Deny = Callable[[str, Sequence[IPAddress]], Awaitable[bool]]
"""Takes a host in its normal form and its addresses; says whether to refuse it."""
ANY_BELOW = "*."
"""Begins an entry that is a whole domain."""
_RESOLVE_SECONDS = 3


class DenyList:
    """Refuses names with their subdomains, ranges, and whatever address a name has now.

    Args:
        entries: host names, addresses or CIDR ranges; ``*.domain`` is the domain and all below it
            by name alone, its addresses are not looked up.
        keep_seconds: how long a name's addresses are believed before it is resolved again.
    """

    def __init__(
        self,
        entries: Iterable[str],
        *,
        resolver: Resolver = resolve_by_system,
        keep_seconds: float = 300,
    ) -> None:
        self._names: list[str] = []
        self._domains: list[str] = []
        self._networks: list[Network] = []
        for entry in entries:
            try:
                self._networks.append(ip_network(entry.strip()))
            except ValueError:
                names = self._domains if entry.startswith(ANY_BELOW) else self._names
                names.append(normalise_host(entry.removeprefix(ANY_BELOW)))
        self._resolver, self._keep_seconds = resolver, keep_seconds
        self._addresses: frozenset[IPAddress] = frozenset()
        self._stale_at = 0.0

    async def __call__(self, host: str, addresses: Sequence[IPAddress]) -> bool:
        """Whether `host`, in its normal form, or any of its addresses is on the list."""
        known = (*self._names, *self._domains)
        if any(host == name or host.endswith("." + name) for name in known):
            return True
        if any(address in network for address in addresses for network in self._networks):
            return True
        return not (await self._current_addresses()).isdisjoint(addresses)

    async def _current_addresses(self) -> frozenset[IPAddress]:
        if self._names and time.monotonic() >= self._stale_at:
            found = await asyncio.gather(*map(self._resolve, self._names))
            self._addresses = frozenset(address for part in found for address in part)
            self._stale_at = time.monotonic() + self._keep_seconds
        return self._addresses

    async def _resolve(self, name: str) -> list[IPAddress]:
        try:
            async with asyncio.timeout(_RESOLVE_SECONDS):
                return [ip_address(text) for text in await self._resolver(name)]
        except (OutsideError, TimeoutError):  # the name itself stays refused
            return []


def any_of(*denials: Deny) -> Deny:
    """Refuses what one of them refuses."""

    async def deny(host: str, addresses: Sequence[IPAddress]) -> bool:
        return any([await each(host, addresses) for each in denials])

    return deny
