"""Where a request really comes from."""

from ipaddress import ip_address
from typing import Any

from litestar.connection import ASGIConnection

from sindico_platform.settings import Network

Connection = ASGIConnection[Any, Any, Any, Any]


def client_address(connection: Connection) -> str:
    """The peer's address, or what trusted proxies say of it.

    `X-Forwarded-For` is read from the right: the first address that is no trusted proxy is the
    caller. Whatever stands left of it, the caller may have written.
    """
    trusted = connection.app.state.settings.trusted_proxies
    peer = connection.client.host if connection.client else ""
    said = connection.headers.getall("x-forwarded-for", [])
    chain = [part.strip() for line in said for part in line.split(",") if part.strip()]
    while chain and is_within(peer, trusted):
        peer = chain.pop()
    return peer


def is_within(address: str, networks: tuple[Network, ...]) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks if network.version == parsed.version)
