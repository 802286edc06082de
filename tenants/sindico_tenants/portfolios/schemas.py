"""Categories and portfolios as callers see them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from sindico_platform.schemas import Input, Output

LONGEST_REASON = 500


class Kind(StrEnum):
    """What an account is placed in."""

    CATEGORY = "category"
    PORTFOLIO = "portfolio"


@dataclass(frozen=True, kw_only=True, slots=True)
class Placed:
    """What placing came to."""

    accounts: int
    placed: int
    """Accounts that stood nowhere before."""
    moved: int


class GroupingIn(Input, kw_only=True, frozen=True):
    """A category, or a portfolio, to be."""

    name: Annotated[str, Meta(min_length=1, max_length=200, examples=["Contas-chave"])]


class GroupingOut(Output, kw_only=True, frozen=True):
    """A category, or a portfolio."""

    id: UUID
    name: str
    created_at: datetime
    updated_at: datetime


class PlacementIn(Input, kw_only=True, frozen=True):
    """Where an account is to stand; null gives the decision back to the rules."""

    category_id: Annotated[UUID | UnsetType | None, Meta(examples=[None])] = UNSET
    portfolio_id: Annotated[UUID | UnsetType | None, Meta(examples=[None])] = UNSET
    reason: Annotated[str, Meta(max_length=LONGEST_REASON, examples=["Contrato novo"])] | None = (
        None
    )
    """Why; kept in the account's history with what it changes."""


class PlacementOut(Output, kw_only=True, frozen=True):
    """Where an account stands, and who says so."""

    category_id: UUID | None
    category: str | None
    category_by: str | None
    """`hand`, `erp`, or `class`: its class of the ABC curve."""
    portfolio_id: UUID | None
    portfolio: str | None
    portfolio_by: str | None
    """`hand`, `erp`, `seller`, or `nothing`."""


class PlacementChangeOut(Output, kw_only=True, frozen=True):
    """An account came into a category or portfolio, or got a salesperson by hand."""

    at: datetime
    kind: str
    """`category`, `portfolio` or `seller`."""
    from_name: str | None
    to_name: str
    placed_by: str
    changed_by: str
    """Login, API client or job."""
    reason: str | None
    """What the person who decided it typed."""


NOWHERE = PlacementOut(**dict.fromkeys(PlacementOut.__struct_fields__))
"""Before the first run has placed it."""
