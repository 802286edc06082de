"""Holding a client's own connections to the address that was checked.

Some clients follow a server that sends them elsewhere (SQL Server's routing, Oracle's redirection),
and so would reach what the guard never saw. Python tells an audit hook of every connection before
it is made; inside `only_to` one that goes elsewhere is refused. It holds in threads that are given
the context, as by `asyncio.to_thread`.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

_pinned: ContextVar[str | None] = ContextVar("pinned_address", default=None)


class SentElsewhere(OSError):
    """The client was about to connect to another address than the one checked."""

    def __init__(self, address: str) -> None:
        super().__init__(f"a connection to {address} was not asked for")
        self.address = address


@contextmanager
def only_to(address: str) -> Iterator[None]:
    """Refuse connections to any other address while the block runs."""
    _listen()
    token = _pinned.set(address)
    try:
        yield
    finally:
        _pinned.reset(token)


@cache
def _listen() -> None:
    """Hooks cannot be taken away, so there is one, made when first needed."""
    sys.addaudithook(_refuse_others)


def _refuse_others(event: str, arguments: tuple[Any, ...]) -> None:
    if event != "socket.connect" or (pinned := _pinned.get()) is None:
        return
    address = arguments[1]
    host = str(address[0]) if isinstance(address, tuple) else str(address)
    if host != pinned:
        raise SentElsewhere(host)
