"""Lines of the list as people type them, to the form that is stored and compared."""

from ipaddress import ip_network

from sindico_platform.egress.deny_list import ANY_BELOW
from sindico_platform.egress.hosts import find_literal, normalise_host
from sindico_platform.errors import FieldError, InvalidInput, OutsideError, field_error

_WIDEST = {4: 8, 6: 16}
"""Prefix lengths by IP version; what is wider would refuse half the internet by a slip."""


def read_entry(text: str) -> str:
    """A line in its normal form.

    Raises:
        InvalidInput: it is neither host nor ``*.domain`` nor address nor range, or is too wide.
    """
    wanted = text.strip()
    if "/" in wanted:
        return _read_range(wanted)
    below = wanted.startswith(ANY_BELOW)
    try:
        host = normalise_host(wanted.removeprefix(ANY_BELOW))
    except OutsideError as error:
        raise InvalidInput(_malformed()) from error
    if find_literal(host):
        if below:
            raise InvalidInput(_malformed())
        return host
    if "." not in host:
        raise InvalidInput(_too_wide())
    return f"{ANY_BELOW}{host}" if below else host


def _read_range(text: str) -> str:
    try:
        network = ip_network(text, strict=False)
    except ValueError as error:
        raise InvalidInput(_malformed()) from error
    if network.prefixlen < _WIDEST[network.version]:
        raise InvalidInput(_too_wide())
    return str(network)


def _malformed() -> FieldError:
    detail = "Enter a host, *.domain, an address or a range such as 200.10.0.0/16."
    return field_error("entry", "denied-host-format", detail)


def _too_wide() -> FieldError:
    return field_error("entry", "denied-host-too-wide", "This would refuse far too much.")
