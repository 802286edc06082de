"""Rows of the exchange ledger; both tables are partitioned by day."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from sindico_platform.database.base import Base, TenantRow


class Direction(StrEnum):
    """Who asked whom."""

    IN = "in"
    """An integration called our API."""
    OUT = "out"
    """A connector of ours called the ERP."""


class BodyFormat(StrEnum):
    """What a piece of a body is, once decompressed."""

    JSON = "json"
    """A JSON array of rows."""
    NDJSON = "ndjson"
    """A row per line; blank lines do not count."""
    BYTES = "bytes"
    """A stretch of a body that was not taken apart into rows."""


class Exchange(TenantRow, Base):
    """One request and its answer. `app` may insert and read it, nothing else."""

    __tablename__ = "exchange"
    __table_args__ = (
        CheckConstraint("direction IN ('in','out')", name="direction"),
        Index("ix_exchange_resource", "tenant_id", "resource", "at", "id"),
        Index(
            "ix_exchange_received",
            "tenant_id",
            "integration_id",
            "at",
            "id",
            postgresql_where=text("direction = 'in'"),
        ),
        {"schema": "control", "postgresql_partition_by": "RANGE (at)"},
    )

    at: Mapped[datetime] = mapped_column(primary_key=True)
    """When it was written here, by the database's clock; days go by this."""
    id: Mapped[UUID] = mapped_column(primary_key=True)
    direction: Mapped[str]
    integration_id: Mapped[UUID | None]
    load_id: Mapped[UUID | None]
    """The load whose connector asked."""
    resource: Mapped[str | None]
    """The ERP table, if it was about one."""
    method: Mapped[str]
    path: Mapped[str]
    status: Mapped[int | None]
    """None when there was no whole answer."""
    failure: Mapped[str | None]
    """Code of the problem, if there was one."""
    actor_kind: Mapped[str | None]
    actor_id: Mapped[UUID | None]
    actor_name: Mapped[str | None]
    """The API client's name or the user's login; none for what we asked of the ERP."""
    request_id: Mapped[str | None]
    started_at: Mapped[datetime]
    duration_ms: Mapped[int]
    received: Mapped[int]
    created: Mapped[int]
    updated: Mapped[int]
    unchanged: Mapped[int]
    rejected: Mapped[int]
    body_bytes: Mapped[int]
    """Length of the body before compression."""
    outcomes: Mapped[bytes | None] = mapped_column(LargeBinary)
    """zstd of one letter per row received, in order: see `Outcome`."""
    rejections: Mapped[bytes | None] = mapped_column(LargeBinary)
    """zstd of a JSON array: ``[{"index", "key", "errors": [{"field","code","detail","facts"}]}]``.
    """
    answer: Mapped[bytes | None] = mapped_column(LargeBinary)
    """zstd of the answer's body, but for the rejections, which stand beside it."""


class ExchangeChunk(TenantRow, Base):
    """A piece of an exchange's body, of at most 1 MiB."""

    __tablename__ = "exchange_chunk"
    __table_args__ = (
        CheckConstraint("format IN ('json','ndjson','bytes')", name="format"),
        {"schema": "control", "postgresql_partition_by": "RANGE (at)"},
    )

    at: Mapped[datetime] = mapped_column(primary_key=True)
    exchange_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    """From 0."""
    format: Mapped[str]
    first_index: Mapped[int]
    """Position in the whole body of the piece's first row, from 0."""
    row_count: Mapped[int]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    """zstd."""
