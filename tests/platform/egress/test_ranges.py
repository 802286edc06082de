from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sindico_platform.egress.ranges import IPAddress, find_refused_range

REFUSED = {
    "unspecified": ["0.0.0.0", "::"],  # noqa: S104 (refused, not bound to)
    "this network": ["0.1.2.3"],
    "loopback": ["127.0.0.1", "127.255.255.254", "::1"],
    "private": ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fc00::1", "fdff::1"],
    "site-local": ["fec0::1"],
    "link-local": ["169.254.1.1", "fe80::1", "fe80::1%2"],
    "metadata": [
        "169.254.169.254",
        "169.254.170.2",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "fd00:ec2::254",
    ],
    "carrier-grade NAT": ["100.64.0.1", "100.127.255.255"],
    "multicast": ["224.0.0.1", "239.255.255.255", "ff02::1"],
    "broadcast and reserved": ["255.255.255.255", "240.0.0.1", "4000::1", "8000::1"],
    "documentation": ["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"],
    "benchmarks": ["198.18.0.1"],
    "mapped": ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254"],
    "compatible": ["::127.0.0.1", "::8.8.8.8"],
    "NAT64": ["64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1"],
    "6to4": ["2002:7f00:1::1", "2002:a00:1::1", "2002:a9fe:a9fe::"],
    "Teredo": ["2001::1"],
}
PERMITTED = [
    "8.8.8.8",
    "100.63.255.255",
    "100.128.0.1",
    "172.15.255.255",
    "172.32.0.1",
    "200.160.2.3",
    "2001:4860:4860::8888",
    "2804:14c::1",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
    "2002:808:808::1",
]


@pytest.mark.parametrize(
    ("kind", "text"), [(kind, text) for kind, texts in REFUSED.items() for text in texts]
)
def test_what_is_not_a_public_host_is_refused(kind: str, text: str) -> None:
    assert find_refused_range(ip_address(text)) is not None


@pytest.mark.parametrize("text", PERMITTED)
def test_public_hosts_are_permitted(text: str) -> None:
    assert find_refused_range(ip_address(text)) is None


@given(st.ip_addresses())
def test_nothing_that_python_calls_local_is_permitted(address: IPAddress) -> None:
    wrapped = isinstance(address, IPv6Address) and (address.ipv4_mapped or address.sixtofour)
    if not address.is_global and not wrapped:
        assert find_refused_range(address) is not None


@given(st.ip_addresses(v=4))
def test_wrapping_an_address_changes_nothing(address: IPv4Address) -> None:
    expected = find_refused_range(address)

    for wrapped in (
        int(address) | 0xFFFF << 32,
        int(address) | 0x64FF9B << 96,
        int(address) << 80 | 0x2002 << 112,
    ):
        assert find_refused_range(IPv6Address(wrapped)) == expected


def test_an_allowed_range_is_open_and_nothing_beside_it() -> None:
    allow = [ip_network("10.1.0.0/16"), ip_network("fd12::/32")]

    assert find_refused_range(ip_address("10.1.2.3"), allow) is None
    assert find_refused_range(ip_address("::ffff:10.1.2.3"), allow) is None
    assert find_refused_range(ip_address("fd12::1"), allow) is None
    assert find_refused_range(ip_address("10.2.0.1"), allow) == ip_network("10.0.0.0/8")
    assert find_refused_range(ip_address("fd13::1"), allow) == ip_network("fc00::/7")
