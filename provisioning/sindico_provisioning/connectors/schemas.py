"""What a connector is, what it reads and what a connection test reports."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import TracebackType
from typing import Any, Protocol, Self

import httpx

from sindico_platform.connection_tests.schemas import Stage
from sindico_platform.connection_tests.walk import Watch

Cursor = dict[str, Any]
"""Where to read on; JSON, and meaningless outside the connector that made it."""


class HttpClients(Protocol):
    """Makes clients whose connections are guarded (`sindico_platform.egress.GuardedHttp`)."""

    def client(
        self,
        base_url: str = "",
        *,
        ca_pem: str | None = None,
        connect_seconds: float = 10,
        read_seconds: float = 60,
        max_body_bytes: int = ...,
        system: str = ...,
        watch: Watch = ...,
    ) -> httpx.AsyncClient: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """What one call of `read_page` brought."""

    table: str
    rows: list[dict[str, Any]]
    """In our field names, unchecked."""
    next_cursor: Cursor | None
    """None after the last page."""
    fetched_bytes: int
    progress: float
    """Share of the table that has been read with this page, 0 to 1; an estimate."""
    detail: str
    """What was read, for the run log: an English message id with its ``{facts}`` unfilled."""
    facts: dict[str, Any] = field(default_factory=dict)
    reached: Cursor | None = None
    """With the last page: from where the next load may read on, if not everything again."""
    is_whole: bool = True
    """Whether it is part of everything that there is to read, and not only of what changed."""

    @property
    def done(self) -> bool:
        return self.next_cursor is None


@dataclass(frozen=True, kw_only=True, slots=True)
class Totals:
    """What an ERP tells of a table without being read."""

    rows: int
    sums: Mapping[str, Decimal] = field(default_factory=dict)
    """By field with amounts, their sum; nothing where the ERP does not add up."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Exchange:
    """One request to the ERP and its answer, for the ledger. Sign-ins leave their bodies out."""

    method: str
    path: str
    status: int | None
    """None when there was no whole answer."""
    started_at: datetime
    elapsed_ms: int
    body: bytes
    failure: str | None = None
    """Code of what went wrong, if it did."""


CHECK_STAGES = (Stage.RESOLVE, Stage.CONNECT, Stage.TLS, Stage.AUTHENTICATE, Stage.READ)
"""What a connection test of an ERP walks."""


class Connector(Protocol):
    """Reads one customer's ERP; used as an async context manager."""

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of the ERP tables it can read, parents before children."""

    @property
    def snapshots(self) -> frozenset[str]:
        """Tables whose pages, from the first to the last, are everything that the ERP has now.

        A load marks as removed what such a walk did not meet.
        """

    async def check(self, watch: Watch) -> None:
        """Walk `CHECK_STAGES`: connect, sign in and read a little, the very way a load does.

        Raises:
            Transient, Terminal: the stage at which it ended, which `watch` has seen.
        """

    async def read_page(self, table: str, cursor: Cursor | None) -> Page:
        """Read the page at `cursor`; None begins the table.

        Raises:
            Transient: it may work later, from the same cursor.
            Terminal: somebody must change something first.
        """

    async def tell_totals(self, table: str) -> Totals | None:
        """What the ERP says of everything that a reading of the table would bring.

        Returns:
            None where it does not tell, so that only reading does.

        Raises:
            Transient, Terminal: as `read_page` does.
        """

    def take_exchanges(self) -> list[Exchange]:
        """Hand over what was exchanged since the last call, failures too."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """Where an ERP over HTTP has a table's rows."""

    table: str
    path: str
    verified: bool = False
    """A public source shows this very route; otherwise it is our proposal."""

    @property
    def setting(self) -> str:
        """Name of the service property that corrects the path: ``rotaItensPedido``."""
        return "rota" + "".join(part.capitalize() for part in self.table.split("_"))


class PropertyType(StrEnum):
    """Types of service properties."""

    STRING = "String"
    SECRET = "Secret"  # noqa: S105 (the name of a type)
    BOOLEAN = "Boolean"
    INTEGER = "Integer"


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """One value of a property that has only some."""

    value: str
    label: str
    """English message id."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Property:
    """One service property that a connector reads."""

    key: str
    type: PropertyType
    label: str
    """English message id, its ``{facts}`` unfilled; so is the description."""
    description: str
    facts: dict[str, str] = field(default_factory=dict)
    required: bool = False
    default: Any = None
    proposed: bool = False
    """Its default is our proposal, which no public source confirms."""
    multiline: bool = False
    choices: tuple[Choice, ...] = ()
    """The only values it may have; none if any will do."""
    advanced: bool = False
    """Shown only on request; most sites never change it."""
