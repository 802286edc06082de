"""Row that links one of ours to one of an ERP's."""

from uuid import UUID

from sqlalchemy import Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from sindico_platform.database.base import Base, TenantRow


class ExternalRef(TenantRow, Base):
    """Lets rows made by hand and rows of several ERPs live side by side."""

    __tablename__ = "external_ref"
    __table_args__ = (Index("ix_external_ref_id", "tenant_id", "id"), {"schema": "crm"})

    integration_id: Mapped[UUID] = mapped_column(primary_key=True)
    resource: Mapped[str] = mapped_column(primary_key=True)
    """The linked table of ours: company, branch, account or contact."""
    id_erp: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    id: Mapped[UUID]
