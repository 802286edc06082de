"""Accounts and contacts as callers see them."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sindico_platform.schemas import Output


class PersonType(StrEnum):
    """Whether an account is a legal or a natural person."""

    COMPANY = "company"
    PERSON = "person"


class AccountItem(Output, kw_only=True, frozen=True):
    """One line of the list of accounts."""

    id: UUID
    person_type: str
    name: str
    trade_name: str | None
    cnpj: str | None
    cpf: str | None
    email: str | None
    phone: str | None
    city: str | None
    state: str | None
    company_id: UUID | None
    branch_id: UUID | None
    owner_user_id: UUID | None
    is_active: bool
    erp_removed_at: datetime | None
    updated_at: datetime


class AccountOut(AccountItem, kw_only=True, frozen=True):
    """Everything about an account."""

    state_registration: str | None
    mobile: str | None
    cep: str | None
    street: str | None
    number: str | None
    complement: str | None
    district: str | None
    ibge_code: str | None
    pinned_fields: list[str]
    created_at: datetime


class ContactItem(Output, kw_only=True, frozen=True):
    """One line of the list of contacts."""

    id: UUID
    account_id: UUID | None
    name: str
    cpf: str | None
    email: str | None
    phone: str | None
    mobile: str | None
    job_title: str | None
    company_id: UUID | None
    branch_id: UUID | None
    owner_user_id: UUID | None
    is_active: bool
    erp_removed_at: datetime | None
    updated_at: datetime


class ContactOut(ContactItem, kw_only=True, frozen=True):
    """Everything about a contact."""

    birth_date: date | None
    pinned_fields: list[str]
    created_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ScopeFilters:
    """What lists of accounts and of contacts both filter by; None does not restrict."""

    q: str | None = None
    """Part of name, document or e-mail; below three characters, how the name begins."""
    cpf: str | None = None
    company_id: UUID | None = None
    branch_id: UUID | None = None
    owner_user_id: UUID | None = None
    is_active: bool | None = None
    is_removed: bool | None = None
    """Whether the ERP's last complete snapshot lacked the row."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountFilters(ScopeFilters):
    """Which accounts; None does not restrict."""

    cnpj: str | None = None
    person_type: PersonType | None = None
    state: str | None = None
    """Two letters, such as ``SP``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ContactFilters(ScopeFilters):
    """Which contacts; None does not restrict."""

    account_id: UUID | None = None
