"""What a driver is given, and what it tells of its database."""

import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.types import TypeEngine

from sindico_platform.connection_tests.schemas import Mistake
from sindico_platform.egress.tls import NamedContext
from sindico_provisioning.connectors.view.schemas import ViewServer
from sindico_provisioning.connectors.view.session import Session


@dataclass(frozen=True, kw_only=True, slots=True)
class Doorway:
    """A way to the database that the guard has checked."""

    server: ViewServer
    host: str
    """In its normal form, for TLS."""
    address: str
    """The one that was checked and answered."""
    sock: socket.socket
    """Connected to it; the driver's from now on."""
    tls: NamedContext | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Reflected:
    """One column of a view."""

    name: str
    kind: TypeEngine[Any]
    label: str
    """The type as the database calls it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Driver:
    """One kind of database."""

    label: str
    module: str
    """What must be importable."""
    extra: str
    """Of our distribution, that brings it."""
    open: Callable[[Doorway], Awaitable[Session]]
    """Sign in; raises what the driver raises."""
    find_mistake: Callable[[BaseException], Mistake | None]
    """What an error of the driver means; None if it is not known."""
    views: str
    """Statement that lists schema, name and kind of what can be seen."""
    has_read_only: bool = True
    """Whether the database knows read-only transactions."""
    reflect: Callable[[Connection, str | None, str], list[Reflected]] | None = None
    """Finds a view's columns, given schema and name, where SQLAlchemy's way needs more rights."""
    row_comparison: bool = False
    """Whether ``(a, b) >= (x, y)`` uses an index."""
