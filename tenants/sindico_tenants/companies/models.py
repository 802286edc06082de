"""Rows of the customer's own companies and branches."""

from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from sindico_platform.database.base import Base, TenantRow
from sindico_tenants.rows import Addressed, FromErp, Reachable, Recorded, Revised, search_columns

COMPANY_NAME, COMPANY_SEARCH = search_columns("name", "trade_name", "cnpj", "erp_code")
BRANCH_NAME, BRANCH_SEARCH = search_columns("name", "trade_name", "cnpj", "erp_code")


class Company(TenantRow, Reachable, Addressed, FromErp, Recorded, Revised, Base):
    """One of the customer's own companies."""

    __tablename__ = "company"
    __table_args__ = (
        Index("ix_company_search_name", "tenant_id", "search_name", "id"),
        Index("ix_company_cnpj", "tenant_id", "cnpj"),
        Index("ix_company_erp_code", "tenant_id", "erp_code"),
        {"schema": "crm"},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    erp_code: Mapped[str | None]
    """The company's code in the ERP (R-036)."""
    name: Mapped[str]
    trade_name: Mapped[str | None]
    search_name: Mapped[str] = mapped_column(Text(collation="C"), COMPANY_NAME)
    search_text: Mapped[str] = mapped_column(Text(collation="C"), COMPANY_SEARCH)
    cnpj: Mapped[str | None]
    """Fourteen characters, upper case, without a mask."""
    state_registration: Mapped[str | None]
    is_active: Mapped[bool]


class Branch(TenantRow, Reachable, Addressed, FromErp, Recorded, Revised, Base):
    """A branch of a company; there is no upper limit on their number (R-038)."""

    __tablename__ = "branch"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "company_id"], ["crm.company.tenant_id", "crm.company.id"]
        ),
        UniqueConstraint("tenant_id", "company_id", "id", name="uq_branch_company_id"),
        Index("ix_branch_search_name", "tenant_id", "search_name", "id"),
        Index(
            "ix_branch_shown",
            "tenant_id",
            "company_id",
            text("is_head_office DESC"),
            "search_name",
            "id",
        ),
        Index(
            "ix_branch_head_office",
            "tenant_id",
            "company_id",
            postgresql_where=text("is_head_office"),
        ),
        Index("ix_branch_cnpj", "tenant_id", "cnpj"),
        Index("ix_branch_erp_code", "tenant_id", "erp_code"),
        {"schema": "crm"},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    company_id: Mapped[UUID]
    erp_code: Mapped[str | None]
    """The branch's code in the ERP (R-041)."""
    is_head_office: Mapped[bool]
    name: Mapped[str]
    trade_name: Mapped[str | None]
    search_name: Mapped[str] = mapped_column(Text(collation="C"), BRANCH_NAME)
    search_text: Mapped[str] = mapped_column(Text(collation="C"), BRANCH_SEARCH)
    cnpj: Mapped[str | None]
    state_registration: Mapped[str | None]
    is_active: Mapped[bool]
