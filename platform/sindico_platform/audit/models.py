"""Rows of the audit trail."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, LargeBinary, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from sindico_platform.database.base import Base, TenantRow


class AuditEvent(TenantRow, Base):
    """One thing that was done. `app` may insert and read it, nothing else."""

    __tablename__ = "audit_event"
    __table_args__ = (
        Index("ix_audit_event_target", "tenant_id", "target_type", "target_id", "id"),
        Index(
            "ix_audit_event_unsealed",
            "tenant_id",
            "id",
            postgresql_where=text("seal_number IS NULL"),
        ),
        {"schema": "control"},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    tag: Mapped[str]
    """``noun:verb``, such as ``tenant:suspend``."""
    actor_tenant_id: Mapped[UUID]
    actor_kind: Mapped[str]
    actor_id: Mapped[UUID | None]
    actor_name: Mapped[str]
    request_id: Mapped[str | None]
    target_type: Mapped[str | None]
    target_id: Mapped[UUID | None]
    facts: Mapped[dict[str, Any]]
    changes: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """``{"field": [before, after]}``; erasable, so that a person can be anonymised later."""
    changes_salt: Mapped[bytes | None] = mapped_column(LargeBinary)
    changes_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    """SHA-256 over salt and changes; the seal covers this, not salt and values."""
    seal_number: Mapped[int | None]


class AuditSeal(TenantRow, Base):
    """A stamp over a batch of events, chained to the one before it."""

    __tablename__ = "audit_seal"
    __table_args__ = ({"schema": "control"},)

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """1, 2, 3 … per tenant, without gaps."""
    sealed_at: Mapped[datetime]
    event_count: Mapped[int]
    key_id: Mapped[str]
    mac: Mapped[bytes] = mapped_column(LargeBinary)
    """HMAC-SHA-256 over what `digests.sealed_bytes` puts together."""
