"""Rows of denied hosts."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from sindico_platform.database.base import Base


class DeniedHost(Base):
    """One line of the list. Everybody may read it; two functions write it."""

    __tablename__ = "denied_host"
    __table_args__ = (UniqueConstraint("entry", name="uq_denied_host_entry"), {"schema": "control"})

    id: Mapped[UUID] = mapped_column(primary_key=True)
    entry: Mapped[str]
    """A host, ``*.domain``, an address or a range, in its normal form."""
    reason: Mapped[str]
    created_at: Mapped[datetime]
    created_by: Mapped[str]
