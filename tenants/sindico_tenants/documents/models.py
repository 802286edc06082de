"""Rows of documents."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from sindico_platform.database.base import Base, TenantRow
from sindico_tenants.rows import Recorded, Revised, search_columns

PURPOSE = "document"
"""Of the blobs that hold files on their way."""


class DocumentKind(StrEnum):
    """Where a document lies."""

    FILE = "file"
    """On a file server of the customer's (R-072)."""
    LINK = "link"
    """Anywhere else, at an address (R-073)."""


class DocumentState(StrEnum):
    """How far a document is."""

    WAITING = "waiting"
    """The bytes are here and still have to get to the customer's server."""
    STORED = "stored"
    FAILED = "failed"
    """The bytes are here, and getting them to the server was given up."""
    REMOVED = "removed"
    """Deleted by somebody; the row stays until the server's file is gone, and after."""


SEARCH_NAME, SEARCH_TEXT = search_columns("name", "description", "filename")


class Document(TenantRow, Recorded, Revised, Base):
    """One file or link, perhaps attached to a record."""

    __tablename__ = "document"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["control.tenant.tenant_id"]),
        ForeignKeyConstraint(
            ["tenant_id", "company_id"], ["crm.company.tenant_id", "crm.company.id"]
        ),
        ForeignKeyConstraint(
            ["tenant_id", "company_id", "branch_id"],
            ["crm.branch.tenant_id", "crm.branch.company_id", "crm.branch.id"],
            onupdate="CASCADE",  # an ERP may say that a branch is another company's now
        ),
        CheckConstraint("kind IN ('file','link')", name="kind"),
        CheckConstraint("state IN ('waiting','stored','failed','removed')", name="state"),
        CheckConstraint("branch_id IS NULL OR company_id IS NOT NULL", name="scope"),
        CheckConstraint("(resource IS NULL) = (record_id IS NULL)", name="attached"),
        CheckConstraint("(kind = 'link') = (url IS NOT NULL)", name="url"),
        CheckConstraint(
            "(kind = 'file') = (filename IS NOT NULL AND stored_name IS NOT NULL"
            " AND size_bytes IS NOT NULL AND sha256 IS NOT NULL"
            " AND transfer_method IS NOT NULL"
            " AND transfer_method IN ('application','customer'))",
            name="file",
        ),
        Index("ix_document_search_name", "tenant_id", "search_name", "id"),
        Index("ix_document_record_id", "tenant_id", "resource", "record_id", "id"),
        Index("ix_document_company_id", "tenant_id", "company_id"),
        Index("ix_document_branch_id", "tenant_id", "branch_id"),
        Index("ix_document_state", "tenant_id", "state", "id"),
        Index("ix_document_ftp_settings_id", "tenant_id", "ftp_settings_id", "id"),
        {"schema": "crm"},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    state: Mapped[str]
    reason: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True))
    """Why the last attempt failed: code, detail and facts, in no language."""
    name: Mapped[str]
    search_name: Mapped[str] = mapped_column(Text(collation="C"), SEARCH_NAME)
    search_text: Mapped[str] = mapped_column(Text(collation="C"), SEARCH_TEXT)
    description: Mapped[str | None]
    resource: Mapped[str | None]
    """Of what the record is, such as ``accounts``; null, as the record, if attached to none."""
    record_id: Mapped[UUID | None]
    company_id: Mapped[UUID | None]
    """Whose FTP settings apply; null: the tenant's."""
    branch_id: Mapped[UUID | None]
    url: Mapped[str | None]
    filename: Mapped[str | None]
    """As it was uploaded, and as it is given back."""
    content_type: Mapped[str | None]
    size_bytes: Mapped[int | None]
    sha256: Mapped[str | None]
    created_by_name: Mapped[str | None]
    """Who added it, kept as it was."""
    blob_id: Mapped[UUID | None]
    """The bytes, until they are on the customer's server."""
    transfer_method: Mapped[str | None]
    """Who carries the file (R-088), as it was when it was uploaded."""
    ftp_settings_id: Mapped[UUID | None]
    """Which settings the file was stored by."""
    folder: Mapped[str | None]
    """In which folder it was stored."""
    stored_name: Mapped[str | None]
    """Its name on the server: no other file's, and nothing a server could trip on."""
    stored_at: Mapped[datetime | None]
    fetched_at: Mapped[datetime | None]
    """When the customer's server fetched it last."""
    overdue_at: Mapped[datetime | None]
    """When it was told that it has waited too long, or could not be stored."""
