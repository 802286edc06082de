"""What is said of many accounts, and what came of it."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from sindico_platform.errors import SindicoError
from sindico_platform.schemas import Input, Output
from sindico_tenants.accounts.schemas import AccountFilters, PersonType
from sindico_tenants.portfolios.schemas import LONGEST_REASON

MOST_IDS, MOST_MATCHED = 10_000, 50_000
"""Accounts named one by one, and accounts found by a filter, that are placed at once."""


class AccountFilterIn(Input, kw_only=True, frozen=True):
    """Which accounts, as `GET /accounts` filters them; an empty one means every account."""

    q: Annotated[str, Meta(max_length=100)] | None = None
    cnpj: str | None = None
    cpf: str | None = None
    person_type: PersonType | None = None
    state: str | None = None
    company_id: UUID | None = None
    branch_id: UUID | None = None
    owner_user_id: UUID | None = None
    is_active: bool | None = None
    is_removed: bool | None = None

    @property
    def filters(self) -> AccountFilters:
        """The same as lists take it."""
        return AccountFilters(**{name: getattr(self, name) for name in self.__struct_fields__})


class BulkPlacementIn(Input, kw_only=True, frozen=True):
    """Where many accounts are to stand; null gives the decision back to the rules.

    Either `account_ids` or `filter` says which.
    """

    account_ids: (
        Annotated[tuple[UUID, ...], Meta(min_length=1, max_length=MOST_IDS, examples=[None])] | None
    ) = None
    filter: Annotated[AccountFilterIn | None, Meta(examples=[{"state": "SP"}])] = None
    expected: Annotated[int, Meta(ge=0, examples=[312])] | None = None
    """How many the filter is to match; nothing is changed if it matches another number."""
    category_id: Annotated[UUID | UnsetType | None, Meta(examples=[None])] = UNSET
    portfolio_id: Annotated[UUID | UnsetType | None, Meta(examples=[None])] = UNSET
    seller_id: Annotated[UUID | UnsetType | None, Meta(examples=[None])] = UNSET
    """Salesperson; null lets the ERP's next load say who it is."""
    reason: Annotated[str, Meta(max_length=LONGEST_REASON, examples=["Contrato novo"])] | None = (
        None
    )
    """Why; kept in each account's history with what it changes."""


class PlacementRefusalOut(Output, kw_only=True, frozen=True):
    """One account that was not placed, and why."""

    index: int
    """In `account_ids`, from 0."""
    account_id: UUID
    code: str
    detail: str


class BulkPlacementOut(Output, kw_only=True, frozen=True):
    """What came of it: `matched` = `changed` + `unchanged` + `refused`."""

    matched: int
    changed: int
    unchanged: int
    refused: int
    refusals: list[PlacementRefusalOut]


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """One account that was not placed."""

    index: int
    account_id: UUID
    error: SindicoError


@dataclass(frozen=True, kw_only=True, slots=True)
class BulkPlaced:
    """What came of placing many."""

    matched: int
    changed: int
    refusals: tuple[Refusal, ...]
