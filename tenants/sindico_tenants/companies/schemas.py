"""Companies and branches as callers see them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sindico_platform.schemas import Output


class CompanyItem(Output, kw_only=True, frozen=True):
    """One line of the list of companies."""

    id: UUID
    erp_code: str | None
    name: str
    trade_name: str | None
    cnpj: str | None
    city: str | None
    state: str | None
    is_active: bool
    erp_removed_at: datetime | None
    updated_at: datetime


class BranchItem(Output, kw_only=True, frozen=True):
    """One line of the list of branches."""

    id: UUID
    company_id: UUID
    erp_code: str | None
    is_head_office: bool
    name: str
    trade_name: str | None
    cnpj: str | None
    city: str | None
    state: str | None
    is_active: bool
    erp_removed_at: datetime | None
    updated_at: datetime


class CompanyOut(CompanyItem, kw_only=True, frozen=True):
    """Everything about a company."""

    state_registration: str | None
    email: str | None
    phone: str | None
    cep: str | None
    street: str | None
    number: str | None
    complement: str | None
    district: str | None
    ibge_code: str | None
    pinned_fields: list[str]
    created_at: datetime


class BranchOut(BranchItem, kw_only=True, frozen=True):
    """Everything about a branch."""

    state_registration: str | None
    email: str | None
    phone: str | None
    cep: str | None
    street: str | None
    number: str | None
    complement: str | None
    district: str | None
    ibge_code: str | None
    pinned_fields: list[str]
    created_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class CompanyFilters:
    """Which companies; None does not restrict."""

    q: str | None = None
    """Part of name, trade name, CNPJ or ERP code."""
    cnpj: str | None = None
    is_active: bool | None = None
    is_removed: bool | None = None
    """Whether the ERP's last complete snapshot lacked the row."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BranchFilters(CompanyFilters):
    """Which branches; None does not restrict."""

    company_id: UUID | None = None
    is_head_office: bool | None = None
