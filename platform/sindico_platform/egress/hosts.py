"""Host names as people type them, to the one ASCII form that is resolved, compared and sent."""

import re
from ipaddress import ip_address

import idna

from sindico_platform.egress import errors
from sindico_platform.egress.ranges import IPAddress

_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_MAX_LENGTH = 253


def normalise_host(text: str) -> str:
    """Lower-case ASCII without a trailing dot; non-ASCII names in IDNA 2008 form.

    Raises:
        Terminal: ``host-malformed``.
    """
    host = text.strip().removeprefix("[").removesuffix("]")
    if address := find_literal(host):
        return str(address)
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode()
        except idna.IDNAError as error:
            raise errors.host_malformed(text) from error
    host = host.lower().removesuffix(".")
    if len(host) > _MAX_LENGTH or not all(_LABEL.fullmatch(part) for part in host.split(".")):
        raise errors.host_malformed(text)
    return host


def find_literal(host: str) -> IPAddress | None:
    """The address `host` spells out, if it is one and not a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None
