"""What servers under test do to their connections."""

import asyncio
from contextlib import suppress


def hang_up(transport: asyncio.BaseTransport) -> None:
    """Abort it, if it is not closed yet: Python 3.11.2's TLS does not bear that afterwards."""
    with suppress(AttributeError):
        transport.abort()  # type: ignore[attr-defined]  # every TCP transport has it
