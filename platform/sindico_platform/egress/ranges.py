"""Which addresses the guard refuses: everything that is not an ordinary public host.

Written out rather than taken from `ipaddress.is_global`, whose answer changes between Python
releases and knows no cloud metadata service.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

from sindico_platform.settings import Network

IPAddress = IPv4Address | IPv6Address

LOOPBACK: tuple[Network, ...] = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))

REFUSED: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",  # this host; Linux connects 0.0.0.0 to loopback
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT, and Alibaba's metadata service
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's metadata and DNS service, on a public address
        "169.254.0.0/16",  # link-local, and most clouds' metadata service
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments, and Oracle's metadata service
        "192.0.2.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved and broadcast
        "::1/128",
        "::/128",
        "64:ff9b:1::/48",  # a site's own NAT64
        "2001::/23",  # protocol assignments: Teredo, ORCHID
        "2001:db8::/32",
        "3fff::/20",
        "fc00::/7",  # private, and Amazon's metadata service fd00:ec2::254
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
        "::/3",  # what follows is all that is not global unicast, 2000::/3
        "4000::/2",
        "8000::/1",
    )
)

_NAT64 = IPv6Network("64:ff9b::/96")
_6TO4 = IPv6Network("2002::/16")


def find_refused_range(address: IPAddress, allow: Iterable[Network] = ()) -> Network | None:
    """The range for which `address` is refused, or None when it may be connected to.

    An IPv6 address that only wraps an IPv4 one (mapped, NAT64, 6to4) is judged by what it wraps.
    """
    if any(address in network for network in allow):
        return None
    if inner := _wrapped_ipv4(address):
        return find_refused_range(inner, allow)
    return next((network for network in REFUSED if address in network), None)


def _wrapped_ipv4(address: IPAddress) -> IPv4Address | None:
    if isinstance(address, IPv4Address):
        return None
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    if address in _6TO4:
        return IPv4Address(int(address) >> 80 & 0xFFFFFFFF)
    return address.ipv4_mapped
