"""Rows of accounts and contacts."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

import sindico_tenants.companies.models  # noqa: F401  (foreign keys name its tables)
from sindico_platform.database.base import Base, TenantRow
from sindico_tenants.rows import Addressed, FromErp, Reachable, Recorded, search_columns

TRIGRAMS: dict[str, Any] = {
    "postgresql_using": "gin",
    "postgresql_ops": {"search_text": "public.gin_trgm_ops"},
}
ACCOUNT_NAME, ACCOUNT_SEARCH = search_columns("name", "trade_name", "cnpj", "cpf", "email")
CONTACT_NAME, CONTACT_SEARCH = search_columns("name", "cpf", "email")


class Scoped:
    """To which of the customer's own companies and branches a row belongs, and who sees to it."""

    company_id: Mapped[UUID | None] = mapped_column(sort_order=600)
    branch_id: Mapped[UUID | None] = mapped_column(sort_order=601)
    owner_user_id: Mapped[UUID | None] = mapped_column(sort_order=602)


def _scope_keys() -> tuple[ForeignKeyConstraint, ForeignKeyConstraint]:
    return (
        ForeignKeyConstraint(
            ["tenant_id", "company_id"], ["crm.company.tenant_id", "crm.company.id"]
        ),
        ForeignKeyConstraint(["tenant_id", "branch_id"], ["crm.branch.tenant_id", "crm.branch.id"]),
    )


class Account(TenantRow, Reachable, Addressed, Scoped, FromErp, Recorded, Base):
    """A company or person that the customer sells to or wants to."""

    __tablename__ = "account"
    __table_args__ = (
        CheckConstraint("person_type IN ('company','person')", name="person_type"),
        *_scope_keys(),
        Index("ix_account_search_name", "tenant_id", "search_name", "id"),
        Index("ix_account_search_text", "tenant_id", "search_text", **TRIGRAMS),
        Index("ix_account_cnpj", "tenant_id", "cnpj"),
        Index("ix_account_cpf", "tenant_id", "cpf"),
        Index("ix_account_company_id", "tenant_id", "company_id"),
        Index("ix_account_branch_id", "tenant_id", "branch_id"),
        Index("ix_account_owner_user_id", "tenant_id", "owner_user_id"),
        Index("ix_account_seller_id", "tenant_id", "seller_id"),
        {"schema": "crm"},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_type: Mapped[str]
    name: Mapped[str]
    trade_name: Mapped[str | None]
    search_name: Mapped[str] = mapped_column(Text(collation="C"), ACCOUNT_NAME)
    search_text: Mapped[str] = mapped_column(Text(collation="C"), ACCOUNT_SEARCH)
    cnpj: Mapped[str | None]
    cpf: Mapped[str | None]
    state_registration: Mapped[str | None]
    mobile: Mapped[str | None]
    is_active: Mapped[bool]
    seller_id: Mapped[UUID | None]
    """Who sells to it, in the ERP (`crm.seller`)."""
    erp_category: Mapped[str | None]
    """The ERP's word for its category; what counts here is in `crm.account_placement`."""
    erp_portfolio: Mapped[str | None]
    """The ERP's word for its portfolio."""


class Contact(TenantRow, Reachable, Scoped, FromErp, Recorded, Base):
    """A person, usually at an account."""

    __tablename__ = "contact"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "account_id"], ["crm.account.tenant_id", "crm.account.id"]
        ),
        *_scope_keys(),
        Index("ix_contact_search_name", "tenant_id", "search_name", "id"),
        Index("ix_contact_search_text", "tenant_id", "search_text", **TRIGRAMS),
        Index("ix_contact_account_id", "tenant_id", "account_id"),
        Index("ix_contact_cpf", "tenant_id", "cpf"),
        Index("ix_contact_company_id", "tenant_id", "company_id"),
        Index("ix_contact_branch_id", "tenant_id", "branch_id"),
        Index("ix_contact_owner_user_id", "tenant_id", "owner_user_id"),
        {"schema": "crm"},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID | None]
    """None while the ERP has not told, or told of an account it has not delivered."""
    name: Mapped[str]
    search_name: Mapped[str] = mapped_column(Text(collation="C"), CONTACT_NAME)
    search_text: Mapped[str] = mapped_column(Text(collation="C"), CONTACT_SEARCH)
    cpf: Mapped[str | None]
    mobile: Mapped[str | None]
    job_title: Mapped[str | None]
    birth_date: Mapped[date | None]
    is_active: Mapped[bool]
