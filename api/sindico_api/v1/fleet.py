"""The vendor's view of every integration of every tenant: states and figures, never a record."""

from typing import Annotated, Literal

from litestar import get
from litestar.params import FromQuery, QueryParameter

from sindico_api.dependencies import AskedPage, CurrentActor, Uow
from sindico_api.guards import requires
from sindico_platform.paging.schemas import Page
from sindico_provisioning.fleet import queries
from sindico_provisioning.fleet.schemas import FleetFilter, FleetItem, FleetSummaryOut

TAGS = ["fleet"]
MAY_VIEW = requires("fleet:view")
REASON = "fleet:view"
"""Stands in the vendor's audit trail whenever somebody looks."""
HealthFilter = Literal["failing", "late", "never", "paused", "healthy"]
KindFilter = Literal["mega", "erpx", "view", "api"]
Search = Annotated[
    str | None,
    QueryParameter(
        name="q",
        max_length=200,
        description="Part of the tenant's name or domain, or of the integration's name.",
    ),
]


@get("/fleet/integrations", tags=TAGS, guards=[MAY_VIEW])
async def list_fleet(
    *,
    actor: CurrentActor,
    uow: Uow,
    page: AskedPage,
    search: Search = None,
    health: FromQuery[HealthFilter | None] = None,
    kind: FromQuery[KindFilter | None] = None,
    package: FromQuery[str | None] = None,
) -> Page[FleetItem]:
    """List every customer's integrations, the worst first unless another order is asked for."""
    wanted = FleetFilter(search=search, health=health, kind=kind, package=package)
    async with uow.begin_fleet(actor, reason=REASON) as fleet:
        return await queries.list_fleet(fleet, wanted, page)


@get("/fleet/summary", tags=TAGS, guards=[MAY_VIEW])
async def read_fleet_summary(
    *,
    actor: CurrentActor,
    uow: Uow,
    search: Search = None,
    kind: FromQuery[KindFilter | None] = None,
    package: FromQuery[str | None] = None,
) -> FleetSummaryOut:
    """Count the integrations by health, and how many are running now."""
    wanted = FleetFilter(search=search, kind=kind, package=package)
    async with uow.begin_fleet(actor, reason=REASON) as fleet:
        return await queries.count_fleet(fleet, wanted)
