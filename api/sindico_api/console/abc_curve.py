"""CRM › Records › ABC curve: the dashboard, the accounts by class, and who changed."""

from typing import Any
from uuid import UUID

from litestar import Response, get

from sindico_api.console import rendering
from sindico_api.console.abc_charts import draw_pareto
from sindico_api.console.abc_words import CLASSES, MEASURES, PERIODS
from sindico_api.console.listing import Listing
from sindico_api.console.records import linked_id
from sindico_api.console.view import ConsoleRequest, View, view_of
from sindico_api.dependencies import AskedPage, CurrentActor, Uow
from sindico_api.guards import requires
from sindico_api.i18n import CONSOLE_PATH
from sindico_platform.database.tx import Tx
from sindico_platform.words import translatable
from sindico_tenants.abc_curve.dashboard.queries import MOST_GROUPS, read_dashboard
from sindico_tenants.abc_curve.models import AbcClass
from sindico_tenants.abc_curve.schemas import ChangeFilters, CurveFilters, DashboardOut
from sindico_tenants.abc_curve.standings.queries import list_changes, list_standings
from sindico_tenants.portfolios import queries as portfolios
from sindico_tenants.sales import queries as sales

ABC_PATH = f"{CONSOLE_PATH}/abc-curve"
MAY_VIEW = requires("abc_curve:view")
DEFAULT_DAYS = 90
CHOSEN = {"seller": "seller_id", "portfolio": "portfolio_id", "category": "category_id"}
"""What a link in a chart puts into the address, and the filter it stands for."""

TABS = (
    ("dashboard", ABC_PATH, translatable("Dashboard"), "abc_curve:view"),
    ("accounts", f"{ABC_PATH}/accounts", translatable("Accounts by class"), "abc_curve:view"),
    ("changes", f"{ABC_PATH}/changes", translatable("Changes of class"), "abc_curve:view"),
    ("settings", f"{ABC_PATH}/settings", translatable("Settings"), "abc_settings:view"),
)


@get("/abc-curve", guards=[MAY_VIEW])
async def show_abc_dashboard(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow
) -> Response[str]:
    """The curve in charts, of all accounts or of one salesperson's, portfolio's or category's."""
    listing = Listing(path=ABC_PATH, query=dict(request.query_params))
    days = listing.chosen("days", [str(days) for days, _ in PERIODS])
    filters = _filters(listing)
    async with uow.begin(actor) as tx:
        dashboard = await read_dashboard(tx, filters=filters, days=int(days or DEFAULT_DAYS))
        chosen = await _name_chosen(tx, filters)
    return rendering.page(
        request,
        "abc_curve/dashboard.html",
        **frame(view_of(request), "dashboard"),
        dashboard=dashboard,
        pareto=draw_pareto(dashboard),
        totals=_totals(dashboard),
        moves={(each.from_class, each.to_class): each.accounts for each in dashboard.moves},
        groups=_groups(dashboard),
        most_groups=MOST_GROUPS,
        listing=listing,
        chosen=chosen,
        periods=PERIODS,
    )


@get("/abc-curve/accounts", guards=[MAY_VIEW])
async def list_abc_accounts(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow, page: AskedPage
) -> Response[str]:
    """Every account with its class, category and portfolio, the greatest revenue first."""
    listing = Listing(
        path=f"{ABC_PATH}/accounts", query=dict(request.query_params), default_sort="-revenue"
    )
    wanted = listing.chosen("class", CLASSES)
    filters = _filters(listing, AbcClass(wanted) if wanted else None)
    async with uow.begin(actor) as tx:
        found = await list_standings(tx, request=page, filters=filters)
        chosen = await _name_chosen(tx, filters)
    return rendering.page(
        request,
        "abc_curve/accounts.html",
        **frame(view_of(request), "accounts"),
        found=found,
        listing=listing,
        chosen=chosen,
    )


@get("/abc-curve/changes", guards=[MAY_VIEW])
async def list_abc_changes(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow, page: AskedPage
) -> Response[str]:
    """Who went from which class to which, newest first."""
    listing = Listing(
        path=f"{ABC_PATH}/changes", query=dict(request.query_params), default_sort="-at"
    )
    wanted = listing.chosen("class", CLASSES)
    filters = ChangeFilters(
        run_id=linked_id(listing, "run"),
        to_class=AbcClass(wanted) if wanted else None,
        is_move=True,
    )
    async with uow.begin(actor) as tx:
        found = await list_changes(tx, request=page, filters=filters)
    return rendering.page(
        request,
        "abc_curve/changes.html",
        **frame(view_of(request), "changes"),
        found=found,
        listing=listing,
    )


def frame(view: View, current: str) -> dict[str, Any]:
    """What every page of the curve has: its tabs and its words."""
    return {
        "tabs": [
            {"href": href, "label": view.translate(label), "current": name == current}
            for name, href, label, permission in TABS
            if view.viewer is not None and view.viewer.may(permission)
        ],
        "classes": CLASSES,
        "class_options": [(code, view.translate(label.text)) for code, label in CLASSES.items()],
        "measures": MEASURES,
        "measure_options": [(code, view.translate(text)) for code, text in MEASURES.items()],
    }


def _filters(listing: Listing, abc_class: AbcClass | None = None) -> CurveFilters:
    chosen: dict[str, UUID | None] = {
        field: linked_id(listing, name) for name, field in CHOSEN.items()
    }
    return CurveFilters(abc_class=abc_class, **chosen)


async def _name_chosen(tx: Tx, filters: CurveFilters) -> str | None:
    """Of whom the page shows the accounts; None is everybody."""
    if filters.seller_id is not None:
        return (await sales.get_seller(tx, filters.seller_id)).name
    if filters.portfolio_id is not None:
        return (await portfolios.get_portfolio(tx, filters.portfolio_id)).name
    if filters.category_id is not None:
        return (await portfolios.get_category(tx, filters.category_id)).name
    return None


def _totals(dashboard: DashboardOut) -> dict[str, int]:
    bought = [each for each in dashboard.classes if each.abc_class is not AbcClass.NONE]
    return {
        "accounts": sum(each.accounts for each in dashboard.classes),
        "buyers": sum(each.accounts for each in bought),
        "revenue_cents": sum(each.revenue_cents for each in bought),
        "largest": max((each.accounts for each in dashboard.classes), default=0),
    }


def _groups(dashboard: DashboardOut) -> list[tuple[str, str, str, list[Any]]]:
    """Name in the address, title, what those without any are called, and the groups."""
    return [
        (
            "seller",
            translatable("By salesperson"),
            translatable("Without a salesperson"),
            dashboard.by_seller,
        ),
        (
            "portfolio",
            translatable("By portfolio"),
            translatable("Without a portfolio"),
            dashboard.by_portfolio,
        ),
        (
            "category",
            translatable("By category"),
            translatable("Without a category"),
            dashboard.by_category,
        ),
    ]
