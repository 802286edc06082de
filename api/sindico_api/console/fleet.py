"""CRM › Tenants › Integrações de todos os tenants: which run, which fail or are late."""

from typing import Any

from litestar import Response, get

from sindico_api.console.labels import status_label
from sindico_api.console.listing import Listing
from sindico_api.console.rendering import page as show_page
from sindico_api.console.view import ConsoleRequest, view_of
from sindico_api.dependencies import AskedPage, CurrentActor, Uow
from sindico_api.guards import requires
from sindico_api.i18n import CONSOLE_PATH
from sindico_api.readers import offers
from sindico_api.v1.fleet import REASON
from sindico_provisioning.fleet import queries
from sindico_provisioning.fleet.health import TEXTS, Health, Reason
from sindico_provisioning.fleet.schemas import FleetFilter, FleetItem
from sindico_provisioning.integrations.service import NAMES

FLEET_PATH = f"{CONSOLE_PATH}/fleet"
BAR_HEIGHT, LEAST_BAR = 24, 2
ORDERS = ("health", "tenant", "last_success", "next_run", "duration", "size")


@get("/fleet", guards=[requires("fleet:view")])
async def show_fleet(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow, page: AskedPage
) -> Response[str]:
    """Every customer's integrations, the worst first; the list keeps itself fresh."""
    listing = Listing(path=FLEET_PATH, query=dict(request.query_params), default_sort="health")
    wanted = FleetFilter(
        search=listing.query.get("q", "")[:200] or None,
        health=listing.chosen("health", [str(each) for each in Health]),
        kind=listing.chosen("kind", [str(each) for each in NAMES]),
        package=listing.query.get("package") or None,
    )
    async with uow.begin_fleet(actor, reason=REASON) as fleet:
        found = await queries.list_fleet(fleet, wanted, page)
        summary = await queries.count_fleet(fleet, wanted)
    _ = view_of(request).translate
    return show_page(
        request,
        "fleet/list.html",
        found=found,
        summary=summary,
        listing=listing,
        offers=offers,
        health_choices=[(str(each), _(status_label(each).text)) for each in Health],
        kind_choices=[(str(kind), name) for kind, name in NAMES.items()],
        tell_reason=lambda item: _(TEXTS[Reason(item.reason)]),
        bars_of=bars_of,
        trend_of=trend_of,
    )


def bars_of(item: FleetItem) -> list[dict[str, Any]]:
    """The last runs as bars of a chart that is `BAR_HEIGHT` high, oldest first."""
    longest = max((run.duration_seconds for run in item.runs), default=0) or 1
    return [
        {
            "height": max(LEAST_BAR, round(BAR_HEIGHT * run.duration_seconds / longest, 1)),
            "status": run.status,
            "run": run,
        }
        for run in item.runs
    ]


def trend_of(item: FleetItem) -> int | None:
    """By how many percent the last success took longer than is usual; None without a measure."""
    if item.duration_seconds is None or not item.median_seconds:
        return None
    return round(100 * (item.duration_seconds / item.median_seconds - 1))
