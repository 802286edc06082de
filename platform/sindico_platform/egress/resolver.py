"""Names to addresses through the operating system, with its failures told apart."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence

from sindico_platform.egress import errors
from sindico_platform.errors import OutsideError

Resolver = Callable[[str], Awaitable[Sequence[str]]]
"""Takes an ASCII host name; gives its addresses in order of preference."""

_NOT_FOUND = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}


async def resolve_by_system(host: str) -> Sequence[str]:
    """The addresses of `host`, in the system's order of preference, each once.

    Raises:
        Terminal: ``dns-not-found``.
        Transient: ``dns-failed``.
    """
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        raise from_gaierror(host, error) from error
    except UnicodeError as error:  # a label too long for the system's own IDNA
        raise errors.DNS_NOT_FOUND.error(host=host) from error
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


def from_gaierror(host: str, error: socket.gaierror) -> OutsideError:
    """What the resolver's error number means for a retry."""
    mistake = errors.DNS_NOT_FOUND if error.errno in _NOT_FOUND else errors.DNS_FAILED
    return mistake.error(host=host)
