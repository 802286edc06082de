"""The curve as callers see it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, field

from sindico_platform.schemas import Input, Output
from sindico_tenants.abc_curve.models import AbcClass, Measure
from sindico_tenants.portfolios.schemas import PlacementChangeOut, PlacementOut

IGNORED_STATUSES = ("Cancelada", "Cancelado", "Denegada", "Inutilizada")
"""What counts for nothing unless the settings say otherwise."""


class AbcSettingsIn(Input, kw_only=True, frozen=True):
    """How a curve is drawn; with neither company nor branch, that of the whole tenant."""

    company_id: Annotated[UUID | None, Meta(examples=[None])] = None
    branch_id: Annotated[UUID | None, Meta(examples=[None])] = None
    a_percent: int = 80
    """Share of the revenue that class A makes; the three add up to 100."""
    b_percent: int = 15
    c_percent: int = 5
    measure: Measure = Measure.NOTES
    """What counts as revenue: fiscal notes, less what came back, or orders."""
    period_months: int = 12
    """How far back, 1 to 24."""
    ignored_statuses: Annotated[list[str], Meta(examples=[["Cancelada"]])] = field(
        default_factory=lambda: list(IGNORED_STATUSES)
    )
    """Documents in these states of the ERP do not count; case does not matter."""


class AbcSettingsOut(Output, kw_only=True, frozen=True):
    """How a curve is drawn."""

    id: UUID | None
    """None: nobody has set anything for the tenant yet, so the product's defaults hold."""
    company_id: UUID | None
    branch_id: UUID | None
    a_percent: int
    b_percent: int
    c_percent: int
    measure: str
    period_months: int
    ignored_statuses: list[str]
    revision: int
    updated_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Curve:
    """One curve that is to be drawn: how, and over which days."""

    settings: AbcSettingsOut
    from_on: date
    to_on: date


class ClassOut(Output, kw_only=True, frozen=True):
    """One class of a curve."""

    abc_class: AbcClass
    accounts: int
    revenue_cents: int
    """Of class `none`, what came back beyond what was bought; never above zero."""


class CurveOut(Output, kw_only=True, frozen=True):
    """How a curve was drawn and what came of it."""

    company_id: UUID | None
    branch_id: UUID | None
    measure: str
    a_percent: int
    b_percent: int
    c_percent: int
    from_on: date
    to_on: date
    classes: list[ClassOut]
    """Always A, B, C and none, in this order."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawn:
    """What drawing one curve came to."""

    curve: CurveOut
    accounts: int
    classified: int
    """Accounts that had no class before."""
    moved: int


class RunOut(Output, kw_only=True, frozen=True):
    """One time that every curve was drawn."""

    id: UUID
    at: datetime
    requested_by: str
    load_id: UUID | None
    accounts: int
    classified: int
    """Accounts that had no class before."""
    moved: int
    """Accounts whose class changed."""
    curves: list[CurveOut]


class MoveOut(Output, kw_only=True, frozen=True):
    """Accounts that went from one class to another."""

    from_class: AbcClass | None
    """None: they had no class before."""
    to_class: AbcClass
    accounts: int


class MoverOut(Output, kw_only=True, frozen=True):
    """An account that would change its class."""

    account_id: UUID
    name: str
    from_class: AbcClass | None
    to_class: AbcClass
    revenue_cents: int
    rank: int


class SimulationOut(Output, kw_only=True, frozen=True):
    """What settings would come to, without anything being changed."""

    curve: CurveOut
    unassigned_documents: int
    """Documents of the period whose customer is not an account here; they do not count."""
    unassigned_cents: int
    moves: list[MoveOut]
    """Only where the class would change."""
    movers: list[MoverOut]
    """The largest of those who would change, at most 100."""


class AccountAbcItem(Output, kw_only=True, frozen=True):
    """One line of the list of classified accounts."""

    account_id: UUID
    name: str
    abc_class: AbcClass
    previous_class: AbcClass | None
    since: datetime
    revenue_cents: int
    documents: int
    last_on: date | None
    rank: int
    before_cents: int
    curve_cents: int
    category_id: UUID | None
    category: str | None
    portfolio_id: UUID | None
    portfolio: str | None
    seller_id: UUID | None
    seller: str | None


class ClassReasonOut(Output, kw_only=True, frozen=True):
    """Why an account stands in its class.

    It is an A while those before it make less than A's share of the curve's revenue, a B while
    they make less than the shares of A and B, else a C; without revenue it has none.
    """

    measure: Measure
    from_on: date
    to_on: date
    a_percent: int
    b_percent: int
    revenue_cents: int
    documents: int
    last_on: date | None
    rank: int
    before_cents: int
    curve_cents: int


class ChangeItem(Output, kw_only=True, frozen=True):
    """An account came into a class."""

    account_id: UUID
    name: str
    run_id: UUID
    at: datetime
    from_class: AbcClass | None
    to_class: AbcClass
    revenue_cents: int
    rank: int


class ClassificationOut(Output, kw_only=True, frozen=True):
    """Where an account stands, why, and how it came there."""

    account_id: UUID
    abc_class: AbcClass | None
    """None: no curve has been drawn since the account came."""
    previous_class: AbcClass | None
    since: datetime | None
    reason: ClassReasonOut | None
    placement: PlacementOut
    class_history: list[ChangeItem]
    """Newest first, at most 100."""
    placement_history: list[PlacementChangeOut]
    """Newest first, at most 100."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnerChanges:
    """How many accounts of one user changed class."""

    owner_user_id: UUID | None
    up: int
    down: int


class PointOut(Output, kw_only=True, frozen=True):
    """A point of the Pareto curve: the first so many accounts make so much of the revenue."""

    accounts: int
    revenue_cents: int


class GroupOut(Output, kw_only=True, frozen=True):
    """The accounts of one salesperson, portfolio or category, by class."""

    id: UUID | None
    name: str | None
    """None: those that have none."""
    a: int
    b: int
    c: int
    none: int
    revenue_cents: int


class DashboardOut(Output, kw_only=True, frozen=True):
    """What the curve shows of the whole clientele, or of a part of it."""

    run: RunOut | None
    """The last time the curves were drawn; None before the first."""
    classes: list[ClassOut]
    pareto: list[PointOut]
    """At most 101 points, from none to all accounts with revenue."""
    moves: list[MoveOut]
    """Changes of the last `days` days."""
    days: int
    by_seller: list[GroupOut]
    """The twenty with most revenue."""
    by_portfolio: list[GroupOut]
    by_category: list[GroupOut]


@dataclass(frozen=True, kw_only=True, slots=True)
class CurveFilters:
    """Which accounts; None does not restrict."""

    abc_class: AbcClass | None = None
    company_id: UUID | None = None
    branch_id: UUID | None = None
    seller_id: UUID | None = None
    portfolio_id: UUID | None = None
    category_id: UUID | None = None
    owner_user_id: UUID | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangeFilters:
    """Which changes; None does not restrict."""

    account_id: UUID | None = None
    run_id: UUID | None = None
    to_class: AbcClass | None = None
    is_move: bool = False
    """Leave out the first class that accounts got."""
