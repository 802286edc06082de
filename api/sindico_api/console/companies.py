"""The tab *Company*: the tenant's own companies."""

from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath

from sindico_api.console import rendering
from sindico_api.console.company_settings import COMPANIES_TAB, frame_of
from sindico_api.console.listing import Listing
from sindico_api.console.records import searched
from sindico_api.console.view import ConsoleRequest
from sindico_api.dependencies import AskedPage, CurrentActor, Uow
from sindico_api.guards import requires
from sindico_tenants.companies import queries
from sindico_tenants.companies.schemas import CompanyFilters

ALL, ONE = "/company-settings/companies", "/company-settings/companies/{company_id:uuid}"
MAY_VIEW = requires("companies:view")


@get(ALL, guards=[MAY_VIEW])
async def list_companies(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow, page: AskedPage
) -> Response[str]:
    """The tenant's own companies."""
    query = dict(request.query_params)
    listing = Listing(path=COMPANIES_TAB.href, query=query, default_sort="name")
    async with uow.begin(actor) as tx:
        filters = CompanyFilters(**searched(listing))
        found = await queries.list_companies(tx, request=page, filters=filters)
    frame = frame_of(request, COMPANIES_TAB)
    return rendering.page(
        request, "company_settings/companies.html", found=found, listing=listing, **frame
    )


@get(ONE, guards=[MAY_VIEW])
async def show_company(
    request: ConsoleRequest, company_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[str]:
    async with uow.begin(actor) as tx:
        company = await queries.get_company(tx, company_id)
    return rendering.page(
        request,
        "company_settings/company.html",
        record=company,
        tab_label=COMPANIES_TAB.label,
        list_href=COMPANIES_TAB.href,
    )
