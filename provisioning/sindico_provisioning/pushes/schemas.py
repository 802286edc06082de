"""A push as it comes in, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sindico_platform.errors import SindicoError
from sindico_platform.schemas import Output
from sindico_provisioning.erp_tables.schemas import ErpTable, Rejection
from sindico_provisioning.exchanges.models import BodyFormat
from sindico_provisioning.exchanges.schemas import Piece
from sindico_provisioning.pushes.bodies import Body
from sindico_provisioning.staging.schemas import Counts


class PushErrorOut(Output, kw_only=True, frozen=True):
    """One thing wrong with a rejected row."""

    field: str
    code: str
    detail: str


class PushRejectionOut(Output, kw_only=True, frozen=True):
    """One row that was not taken."""

    index: int
    """Position in the body, from 0."""
    key: str | None
    """Its `id_erp`, if that could be read."""
    errors: list[PushErrorOut]


class PushOut(Output, kw_only=True, frozen=True):
    """What became of a push; `received` is the sum of the four counts after it."""

    received: int
    created: int
    updated: int
    unchanged: int
    """The same as stored, or older than it by `atualizado_em`."""
    rejected: int
    rejections: list[PushRejectionOut]


class RemovalOut(Output, kw_only=True, frozen=True):
    """What became of a removal by key."""

    received: int
    removed: int
    missing: list[str]
    """Keys that are not there, or were removed before."""


class MissingParentOut(Output, kw_only=True, frozen=True):
    """A row that another one waits for."""

    field: str
    table: str
    id_erp: str


class ErpRowOut(Output, kw_only=True, frozen=True):
    """A row as we have it."""

    id_erp: str
    changed_at: datetime
    """When it last changed here."""
    removed_at: datetime | None
    waiting_for: list[MissingParentOut]
    """Rows it refers to that have not come yet; it joins them by itself when they do."""
    row: dict[str, Any]
    """Its fields. What is personal is `***` for those without the permission."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """A piece of a body: checked, and ready for COPY and for the ledger."""

    rows: Sequence[tuple[Any, ...]]
    """The good rows, if they are so few that they may be stored without COPY."""
    lines: bytes
    """Else as text."""
    keys: Sequence[str]
    """Of the good rows."""
    indexes: Sequence[int]
    """Of the good rows."""
    rejections: Sequence[Rejection]
    body_bytes: int
    piece: Piece


@dataclass(kw_only=True, slots=True)
class Intake:
    """What is known of a push while it is taken in."""

    received: int = 0
    body_bytes: int = 0
    seen: dict[str, int] = field(default_factory=dict)
    """Every key, of rejected rows too, with an index it came at."""
    rejected: dict[int, dict[str, Any]] = field(default_factory=dict)
    """By index, as the ledger keeps them."""
    told: int = 0
    """Reasons of theirs."""
    pieces: list[Piece] = field(default_factory=list)


@dataclass(kw_only=True, slots=True)
class Copying:
    """What is met while pieces are copied."""

    repeated: set[str] = field(default_factory=set)
    """Keys of good rows that came in two pieces."""
    failure: SindicoError | None = None
    """Why the body cannot be taken."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Push:
    """A push whose body has been received whole."""

    table: ErpTable
    body: Body
    form: BodyFormat
    is_atomic: bool
    """Take all rows or none."""
    intake: Intake
    """Empty; what it holds after a failure is for the ledger."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """A push that landed."""

    integration_id: UUID
    counts: Counts
    rejections: list[dict[str, Any]]
    """As the ledger keeps them."""
    outcomes: str
    """One letter per row."""
