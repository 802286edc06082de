"""An exchange as it is told to the ledger, and as it is listed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sindico_platform.schemas import Output
from sindico_provisioning.connectors.schemas import Exchange as ConnectorExchange
from sindico_provisioning.exchanges.models import BodyFormat, Direction
from sindico_provisioning.staging.schemas import Counts

RETENTION_DAYS = 7
"""For how long exchanges are shown; the one retention of the whole product (R-366)."""
MARGIN_DAYS = 1
"""For how long they are kept beyond that."""
DAYS_AHEAD = 7
"""For how many days to come there is a place already."""

MAX_CHUNK_BYTES = 1024 * 1024
"""Of a body, in one piece."""


class Outcome(StrEnum):
    """What became of one row, as the letter that stands for it in `Exchange.outcomes`."""

    CREATED = "c"
    UPDATED = "u"
    UNCHANGED = "="
    REJECTED = "r"
    NOT_TAKEN = "-"
    """Nothing of the row's request was taken, and it was not this row that was wrong."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """A stretch of a body, at most `MAX_CHUNK_BYTES` before its compression."""

    format: BodyFormat
    first_index: int
    row_count: int
    body: bytes
    """zstd."""


NO_ROWS = Counts()


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """One exchange, for the ledger."""

    id: UUID
    direction: Direction
    method: str
    path: str
    status: int | None
    started_at: datetime
    duration_ms: int
    integration_id: UUID | None = None
    load_id: UUID | None = None
    resource: str | None = None
    failure: str | None = None
    counts: Counts = NO_ROWS
    received: int | None = None
    """Rows, where it is not the sum of the counts because nothing was taken."""
    body_bytes: int = 0
    pieces: Sequence[Piece] = ()
    outcomes: str = ""
    """One letter per row received: see `Outcome`."""
    rejections: Sequence[Any] = ()
    """``{"index", "key", "errors": [{"field", "code", "detail", "facts"}]}`` each; the detail is a
    message id, unfilled."""
    answer: bytes = b""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pull:
    """What a connector exchanged with the ERP once, ready for the ledger."""

    exchange: ConnectorExchange
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ExchangeFilters:
    """Which exchanges; None does not restrict."""

    direction: Direction | None = None
    integration_id: UUID | None = None


class ExchangeOut(Output, kw_only=True, frozen=True):
    """One exchange, without its body."""

    id: UUID
    at: datetime
    direction: str
    """`in`: an integration called us. `out`: a connector called the ERP."""
    integration_id: UUID | None
    load_id: UUID | None
    resource: str | None
    method: str
    path: str
    status: int | None
    failure: str | None
    actor_kind: str | None
    actor_name: str | None
    request_id: str | None
    started_at: datetime
    duration_ms: int
    received: int
    created: int
    updated: int
    unchanged: int
    rejected: int
    body_bytes: int
