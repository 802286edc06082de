"""The ABC curve: its figures, who stands where, and who changed."""

from typing import Annotated
from uuid import UUID

from litestar import get
from litestar.params import FromPath, FromQuery, QueryParameter

from sindico_api.dependencies import AskedPage, CurrentActor, Uow
from sindico_api.guards import requires
from sindico_platform.paging.schemas import Page
from sindico_tenants.abc_curve import queries
from sindico_tenants.abc_curve.dashboard.queries import read_dashboard
from sindico_tenants.abc_curve.models import AbcClass
from sindico_tenants.abc_curve.schemas import (
    AccountAbcItem,
    ChangeFilters,
    ChangeItem,
    ClassificationOut,
    CurveFilters,
    DashboardOut,
    RunOut,
)
from sindico_tenants.abc_curve.standings.queries import (
    list_changes,
    list_standings,
    read_classification,
)

TAGS = ["abc curve"]
MAY_VIEW = requires("abc_curve:view")
Days = Annotated[
    int, QueryParameter(ge=1, le=730, description="How far back changes of class are counted.")
]
MovesOnly = Annotated[
    bool, QueryParameter(description="Leave out the first class that accounts got.")
]


@get("/abc-curve/dashboard", guards=[MAY_VIEW], tags=TAGS)
async def read_abc_dashboard(
    *,
    actor: CurrentActor,
    uow: Uow,
    company_id: FromQuery[UUID | None] = None,
    branch_id: FromQuery[UUID | None] = None,
    seller_id: FromQuery[UUID | None] = None,
    portfolio_id: FromQuery[UUID | None] = None,
    category_id: FromQuery[UUID | None] = None,
    days: Days = 90,
) -> DashboardOut:
    """Read the Pareto curve, customers and revenue by class, seller and portfolio, and moves."""
    filters = CurveFilters(
        company_id=company_id,
        branch_id=branch_id,
        seller_id=seller_id,
        portfolio_id=portfolio_id,
        category_id=category_id,
    )
    async with uow.begin(actor) as tx:
        return await read_dashboard(tx, filters=filters, days=days)


@get("/abc-curve/accounts", guards=[MAY_VIEW], tags=TAGS)
async def list_abc_accounts(
    *,
    actor: CurrentActor,
    uow: Uow,
    page: AskedPage,
    abc_class: FromQuery[AbcClass | None] = None,
    company_id: FromQuery[UUID | None] = None,
    branch_id: FromQuery[UUID | None] = None,
    seller_id: FromQuery[UUID | None] = None,
    portfolio_id: FromQuery[UUID | None] = None,
    category_id: FromQuery[UUID | None] = None,
    owner_user_id: FromQuery[UUID | None] = None,
) -> Page[AccountAbcItem]:
    """List accounts with class, category and portfolio; the order is `revenue`."""
    filters = CurveFilters(
        abc_class=abc_class,
        company_id=company_id,
        branch_id=branch_id,
        seller_id=seller_id,
        portfolio_id=portfolio_id,
        category_id=category_id,
        owner_user_id=owner_user_id,
    )
    async with uow.begin(actor) as tx:
        return await list_standings(tx, request=page, filters=filters)


@get("/abc-curve/changes", guards=[MAY_VIEW], tags=TAGS)
async def list_abc_changes(
    *,
    actor: CurrentActor,
    uow: Uow,
    page: AskedPage,
    account_id: FromQuery[UUID | None] = None,
    run_id: FromQuery[UUID | None] = None,
    to_class: FromQuery[AbcClass | None] = None,
    moves_only: MovesOnly = False,
) -> Page[ChangeItem]:
    """List changes of class; with `sort=at` an integration can follow them by the cursor."""
    filters = ChangeFilters(
        account_id=account_id, run_id=run_id, to_class=to_class, is_move=moves_only
    )
    async with uow.begin(actor) as tx:
        return await list_changes(tx, request=page, filters=filters)


@get("/abc-curve/runs", guards=[MAY_VIEW], tags=TAGS)
async def list_abc_runs(actor: CurrentActor, uow: Uow, page: AskedPage) -> Page[RunOut]:
    """List the times that the curves were drawn, with what came of each."""
    async with uow.begin(actor) as tx:
        return await queries.list_runs(tx, request=page)


@get("/accounts/{account_id:uuid}/classification", guards=[MAY_VIEW], tags=TAGS)
async def read_account_classification(
    account_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> ClassificationOut:
    """Read an account's class, category and portfolio, why, and how it came there."""
    async with uow.begin(actor) as tx:
        return await read_classification(tx, account_id)
