"""Rows of blobs."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from sindico_platform.database.base import Base, TenantRow


class Blob(TenantRow, Base):
    """One file of a tenant. Its bytes exist no longer than the row."""

    __tablename__ = "blob"
    __table_args__ = (
        CheckConstraint(
            "(stored_at IS NULL) = (sha256 IS NULL) AND (stored_at IS NULL) = (size_bytes IS NULL)",
            name="stored",
        ),
        {"schema": "control"},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    """Kebab-case, such as ``load-log``: who made it and may give it out."""
    filename: Mapped[str]
    content_type: Mapped[str]
    sha256: Mapped[str | None]
    """64 hex digits; null, as the size, until every byte is written."""
    size_bytes: Mapped[int | None]
    created_at: Mapped[datetime]
    stored_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    """Never, if null."""
