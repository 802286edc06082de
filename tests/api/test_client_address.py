"""Which address counts, with and without proxies in front."""

from ipaddress import ip_network
from types import SimpleNamespace
from typing import Any, cast

import pytest
from litestar.datastructures import Headers

from sindico_api.client_address import client_address

PROXIES = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


def connection(peer: str | None, forwarded: str | None, *, trusted: bool = True) -> Any:
    """As much of a connection as is looked at."""
    settings = SimpleNamespace(trusted_proxies=PROXIES if trusted else ())
    return cast(
        "Any",
        SimpleNamespace(
            app=SimpleNamespace(state=SimpleNamespace(settings=settings)),
            client=SimpleNamespace(host=peer) if peer else None,
            headers=Headers({"x-forwarded-for": forwarded} if forwarded else {}),
        ),
    )


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("203.0.113.7", None, "203.0.113.7"),
        ("203.0.113.7", "198.51.100.1", "203.0.113.7"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "1.2.3.4, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("fd00::1", "2001:db8::7", "2001:db8::7"),
        ("10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.1", "nonsense", "nonsense"),
        (None, "198.51.100.1", ""),
    ],
)
def test_only_trusted_proxies_are_believed(
    peer: str | None, forwarded: str | None, expected: str
) -> None:
    assert client_address(connection(peer, forwarded)) == expected


def test_without_trusted_proxies_nobody_is_believed() -> None:
    assert client_address(connection("10.0.0.1", "1.2.3.4", trusted=False)) == "10.0.0.1"
