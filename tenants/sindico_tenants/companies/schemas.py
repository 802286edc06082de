"""Companies and branches as callers see them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from sindico_platform.schemas import Input, Output

# Lengths and rules are those of registration/fields.py, which tells all that is wrong at once and
# in the caller's language; here they are merely shown to programmers.
Name = Annotated[
    str,
    Meta(
        description="Registered name; at most 200 characters.",
        examples=["Metalúrgica Itajaí Ltda."],
    ),
]
TradeName = Annotated[str, Meta(description="At most 200 characters.", examples=["Metal Itajaí"])]
ErpCode = Annotated[
    str, Meta(description="Code in the ERP; at most 60 characters.", examples=["1"])
]
CnpjText = Annotated[
    str,
    Meta(
        description="CNPJ, numeric or alphanumeric, with or without mask.",
        examples=["12.ABC.345/01DE-35"],
    ),
]
StateRegistration = Annotated[
    str, Meta(description="At most 80 characters.", examples=["254839170"])
]
EmailText = Annotated[
    str, Meta(description="At most 254 characters.", examples=["contato@itajai.example"])
]
PhoneText = Annotated[
    str,
    Meta(description="With area code; without +, it is Brazilian.", examples=["(47) 3326-1234"]),
]
CepText = Annotated[str, Meta(description="With or without mask.", examples=["89010-025"])]
Street = Annotated[
    str, Meta(description="At most 200 characters.", examples=["Rua XV de Novembro"])
]
HouseNumber = Annotated[str, Meta(description="At most 80 characters.", examples=["1280"])]
Complement = Annotated[str, Meta(description="At most 200 characters.", examples=["Sala 402"])]
District = Annotated[str, Meta(description="At most 200 characters.", examples=["Centro"])]
City = Annotated[str, Meta(description="At most 200 characters.", examples=["Blumenau"])]
IbgeText = Annotated[
    str, Meta(description="IBGE code of the municipality, 7 digits.", examples=["4202404"])
]
StateText = Annotated[str, Meta(description="Two letters; EX is abroad.", examples=["SC"])]


class CompanyPatch(Input, kw_only=True, frozen=True):
    """What may be changed of a company; what is absent stays, null empties a field."""

    name: Name | UnsetType = UNSET
    trade_name: TradeName | UnsetType | None = UNSET
    erp_code: ErpCode | UnsetType | None = UNSET
    cnpj: CnpjText | UnsetType | None = UNSET
    state_registration: StateRegistration | UnsetType | None = UNSET
    is_active: bool | UnsetType = UNSET
    email: EmailText | UnsetType | None = UNSET
    phone: PhoneText | UnsetType | None = UNSET
    cep: CepText | UnsetType | None = UNSET
    street: Street | UnsetType | None = UNSET
    number: HouseNumber | UnsetType | None = UNSET
    complement: Complement | UnsetType | None = UNSET
    district: District | UnsetType | None = UNSET
    city: City | UnsetType | None = UNSET
    ibge_code: IbgeText | UnsetType | None = UNSET
    state: StateText | UnsetType | None = UNSET


class CompanyIn(CompanyPatch, kw_only=True, frozen=True):
    """A company to be registered; it is active unless told otherwise."""

    name: Name


class BranchPatch(CompanyPatch, kw_only=True, frozen=True):
    """What may be changed of a branch; what is absent stays, null empties a field."""

    is_head_office: bool | UnsetType = UNSET


class BranchIn(BranchPatch, kw_only=True, frozen=True):
    """A branch to be registered; its company stays the same for good."""

    company_id: UUID
    name: Name


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
    """Fields edited here, which the ERP's loads leave alone."""
    created_at: datetime
    revision: int


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
    """Fields edited here, which the ERP's loads leave alone."""
    created_at: datetime
    revision: int


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
