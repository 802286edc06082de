"""Resolve once, check, and connect to the very address that was checked.

Every way takes a `watch`, which sees the stages RESOLVE, CONNECT and TLS with their evidence.
"""

import asyncio
import socket
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Self

import structlog

from sindico_platform.connection_tests.schemas import Stage
from sindico_platform.connection_tests.walk import UNWATCHED, Watch
from sindico_platform.egress import errors
from sindico_platform.egress.deny_list import Deny
from sindico_platform.egress.hosts import find_literal, normalise_host
from sindico_platform.egress.ranges import LOOPBACK, IPAddress, find_refused_range
from sindico_platform.egress.resolver import Resolver, resolve_by_system
from sindico_platform.egress.tls import note_tls
from sindico_platform.errors import OutsideError
from sindico_platform.settings import Network, Settings
from sindico_platform.telemetry import metrics

log = structlog.get_logger()

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
_STREAM_LIMIT_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class CheckedHost:
    """A host whose addresses have passed the guard."""

    host: str
    """In its normal form, for TLS and for the protocol spoken over the connection."""
    port: int
    addresses: tuple[IPAddress, ...]
    """The permitted ones, in order of preference; never empty."""


class EgressGuard:
    """Decides what may be connected to. Stateless; one per process."""

    def __init__(
        self,
        *,
        allow: Iterable[Network] = (),
        deny: Deny | None = None,
        resolver: Resolver = resolve_by_system,
        resolve_seconds: float = 5,
    ) -> None:
        self._allow = tuple(allow)
        self._deny = deny
        self._resolver = resolver
        self._resolve_seconds = resolve_seconds

    @classmethod
    def from_settings(cls, settings: Settings, *, deny: Deny | None = None) -> Self:
        """Public addresses and ``SINDICO_EGRESS_ALLOW``; in a demo, loopback too."""
        return cls(allow=settings.egress_allow + (LOOPBACK if settings.demo else ()), deny=deny)

    async def resolve(self, host: str, port: int, *, watch: Watch = UNWATCHED) -> CheckedHost:
        """Look `host` up and keep the addresses that may be connected to.

        Raises:
            Terminal: ``host-malformed``, ``dns-not-found``, ``egress-host-denied`` or, when no
                address is permitted, ``egress-address-refused``.
            Transient: ``dns-timed-out`` or ``dns-failed``.
        """
        with watch.stage(Stage.RESOLVE) as seen:
            name = normalise_host(host)
            addresses = await self._look_up(name)
            try:
                permitted = await self._permitted(name, addresses)
            except OutsideError as refusal:
                metrics.egress_refused_total.labels(refusal.code).inc()
                shown = [*map(str, addresses)]
                log.warning("egress_refused", host=name, port=port, addresses=shown)
                raise
            seen.note("{name}: {addresses}", name=name, addresses=", ".join(map(str, permitted)))
        return CheckedHost(name, port, permitted)

    async def connect_socket(
        self, host: str, port: int, *, timeout_seconds: float = 10, watch: Watch = UNWATCHED
    ) -> socket.socket:
        """A connected non-blocking TCP socket, for clients that bring their own protocol.

        Addresses are tried in turn, sharing `timeout_seconds`.

        Raises:
            Terminal, Transient: as `resolve`, and ``connection-refused``,
                ``connection-timed-out`` or ``host-unreachable`` (transient).
        """
        checked = await self.resolve(host, port, watch=watch)
        return await connect_checked(checked, timeout_seconds=timeout_seconds, watch=watch)

    async def connect(
        self,
        host: str,
        port: int,
        *,
        tls: ssl.SSLContext | None = None,
        timeout_seconds: float = 10,
        watch: Watch = UNWATCHED,
    ) -> Streams:
        """Streams to a checked address of `host`; with `tls`, verified against its name.

        Raises:
            Terminal, Transient: as `connect_socket`, and those of `open_streams`.
        """
        checked = await self.resolve(host, port, watch=watch)
        sock = await connect_checked(checked, timeout_seconds=timeout_seconds, watch=watch)
        return await open_streams(
            sock, checked.host, port, tls=tls, timeout_seconds=timeout_seconds, watch=watch
        )

    async def _permitted(self, name: str, addresses: list[IPAddress]) -> tuple[IPAddress, ...]:
        if self._deny is not None and await self._deny(name, addresses):
            raise errors.DENIED.error(host=name)
        refused = {address: find_refused_range(address, self._allow) for address in addresses}
        permitted = tuple(address for address in addresses if refused[address] is None)
        if not permitted:
            raise errors.address_refused(name, filter(None, refused.values()))
        return permitted

    async def _look_up(self, name: str) -> list[IPAddress]:
        if literal := find_literal(name):
            return [literal]
        try:
            async with asyncio.timeout(self._resolve_seconds):
                return [ip_address(text) for text in await self._resolver(name)]
        except TimeoutError as error:
            seconds = round(self._resolve_seconds)
            raise errors.DNS_TIMED_OUT.error(host=name, seconds=seconds) from error


async def open_streams(
    sock: socket.socket,
    host: str,
    port: int,
    *,
    tls: ssl.SSLContext | None,
    timeout_seconds: float | None,
    watch: Watch = UNWATCHED,
) -> Streams:
    """Streams over a connected socket, which they own from now on.

    Raises:
        Terminal: the certificate is refused (``tls-certificate-…``), ``tls-not-spoken`` or
            ``tls-failed``.
        Transient: ``tls-timed-out`` or ``connection-closed``.
    """
    if tls is None:
        return await asyncio.open_connection(sock=sock, limit=_STREAM_LIMIT_BYTES)
    with watch.stage(Stage.TLS) as seen:
        reader, writer = await _shake_hands(sock, host, port, tls, timeout_seconds)
        note_tls(seen, writer.get_extra_info("ssl_object"))
    return reader, writer


async def _shake_hands(
    sock: socket.socket, host: str, port: int, tls: ssl.SSLContext, timeout_seconds: float | None
) -> Streams:
    try:
        async with asyncio.timeout(timeout_seconds):
            return await asyncio.open_connection(
                sock=sock, ssl=tls, server_hostname=host, limit=_STREAM_LIMIT_BYTES
            )
    except TimeoutError as error:
        sock.close()
        seconds = round(timeout_seconds or 0)
        raise errors.TLS_TIMED_OUT.error(host=host, port=port, seconds=seconds) from error
    except OSError as error:
        sock.close()
        raise errors.connection_failed(host, port, error) from error


async def connect_checked(
    checked: CheckedHost, *, timeout_seconds: float = 10, watch: Watch = UNWATCHED
) -> socket.socket:
    """A connected socket to one of the addresses that were checked, and to no other.

    Raises:
        Transient: ``connection-refused``, ``connection-timed-out`` or ``host-unreachable``.
    """
    with watch.stage(Stage.CONNECT) as seen:
        sock = await _connect_any(checked, timeout_seconds)
        address = sock.getpeername()[0]
        seen.note("{address} answered on port {port}.", address=address, port=checked.port)
    return sock


async def _connect_any(checked: CheckedHost, timeout_seconds: float) -> socket.socket:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout_seconds
    failure: OSError = TimeoutError()
    for tried, address in enumerate(checked.addresses):
        share = (deadline - loop.time()) / (len(checked.addresses) - tried)
        try:
            async with asyncio.timeout(share):
                return await _connect_one(address, checked.port)
        except OSError as error:  # TimeoutError is one
            failure = error
    if isinstance(failure, TimeoutError):
        raise errors.CONNECTION_TIMED_OUT.error(
            host=checked.host, port=checked.port, seconds=round(timeout_seconds)
        ) from failure
    raise errors.connection_failed(checked.host, checked.port, failure) from failure


async def _connect_one(address: IPAddress, port: int) -> socket.socket:
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6  # noqa: PLR2004 (IP versions)
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setblocking(False)
    try:
        await asyncio.get_running_loop().sock_connect(sock, (str(address), port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        sock.close()
        raise
    return sock
