"""Addresses of servers at the door: refused before anything is stored."""

from sindico_platform.egress import EgressGuard
from sindico_platform.egress.errors import DNS_FAILED, DNS_NOT_FOUND, DNS_TIMED_OUT
from sindico_platform.egress.hosts import normalise_host
from sindico_platform.errors import InvalidInput, OutsideError, field_error
from sindico_tenants.server_settings.schemas import AllowedHost

MAX_PORT = 65_535
_NOT_RESOLVED = {DNS_NOT_FOUND.code, DNS_FAILED.code, DNS_TIMED_OUT.code}
"""A name may be stored before it exists; a test says that it does not."""


async def allow_host(guard: EgressGuard, host: str | None, port: int | None) -> AllowedHost | None:
    """Ask the guard whether the address may be used; every use asks again.

    Not to be called inside a transaction: names are resolved.

    Raises:
        InvalidInput: one of both is missing or malformed, or the guard or the list of denied
            hosts refuses the host.
    """
    if not host and port is None:
        return None
    if not host:
        raise InvalidInput(field_error("host", "required", "This field is required."))
    if port is None or not 1 <= port <= MAX_PORT:
        raise InvalidInput(
            field_error("port", "port-out-of-range", "A port is a number from 1 to 65535.")
        )
    try:
        return AllowedHost((await guard.resolve(host, port)).host, port)
    except OutsideError as error:
        if error.code in _NOT_RESOLVED:
            return AllowedHost(normalise_host(host), port)
        raise InvalidInput(field_error("host", error.code, error.detail, **error.facts)) from error
