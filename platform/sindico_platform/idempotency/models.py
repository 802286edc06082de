"""Rows of idempotency keys."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from sindico_platform.database.base import Base, TenantRow


class KeyState(StrEnum):
    """Where the request stands. One that failed has no row."""

    RUNNING = "running"
    FINISHED = "finished"


class IdempotencyKey(TenantRow, Base):
    """One request of one client, of the client's own tenant."""

    __tablename__ = "idempotency_key"
    __table_args__ = (
        CheckConstraint("state IN ('running','finished')", name="state"),
        CheckConstraint("(state = 'finished') = (answer IS NOT NULL)", name="answer"),
        Index("ix_idempotency_key_expires_at", "expires_at"),
        {"schema": "control"},
    )

    client: Mapped[str] = mapped_column(primary_key=True)
    """Kind and id of who asked."""
    route: Mapped[str] = mapped_column(primary_key=True)
    """Method and path, with the ids in it."""
    key: Mapped[str] = mapped_column(primary_key=True)
    body_digest: Mapped[str]
    """SHA-256 of the body, 64 hex digits."""
    state: Mapped[str]
    token: Mapped[UUID]
    """Who may finish it; another token changes nothing."""
    lease_until: Mapped[datetime]
    """After this, a running request counts as died, whatever else is seen of it."""
    answer: Mapped[str | None]
    """Sealed, as an answer may show a secret once."""
    expires_at: Mapped[datetime]
