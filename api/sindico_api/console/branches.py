"""The tab *Company branch*: the branches of the tenant's own companies."""

from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath

from sindico_api.console import rendering
from sindico_api.console.company_settings import BRANCHES_TAB, frame_of
from sindico_api.console.listing import Listing
from sindico_api.console.records import id_in, searched
from sindico_api.console.view import ConsoleRequest
from sindico_api.dependencies import AskedPage, CurrentActor, Uow
from sindico_api.guards import requires
from sindico_platform.database.tx import Tx
from sindico_tenants.companies import queries
from sindico_tenants.companies.schemas import BranchFilters

ALL, ONE = "/company-settings/branches", "/company-settings/branches/{branch_id:uuid}"
YES_NO = {"yes": True, "no": False}
MAY_VIEW = requires("branches:view")


@get(ALL, guards=[MAY_VIEW])
async def list_branches(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow, page: AskedPage
) -> Response[str]:
    """The branches of the tenant's own companies."""
    query = dict(request.query_params)
    listing = Listing(path=BRANCHES_TAB.href, query=query, default_sort="name")
    filters = BranchFilters(
        **searched(listing),
        company_id=id_in(listing, "company"),
        is_head_office=YES_NO.get(listing.query.get("head_office", "")),
    )
    async with uow.begin(actor) as tx:
        found = await queries.list_branches(tx, request=page, filters=filters)
    frame = frame_of(request, BRANCHES_TAB)
    return rendering.page(
        request, "company_settings/branches.html", found=found, listing=listing, **frame
    )


@get(ONE, guards=[MAY_VIEW])
async def show_branch(
    request: ConsoleRequest, branch_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[str]:
    async with uow.begin(actor) as tx:
        branch = await queries.get_branch(tx, branch_id)
        owner = await company_name(tx, branch.company_id)
    return rendering.page(
        request,
        "company_settings/branch.html",
        record=branch,
        company=owner,
        tab_label=BRANCHES_TAB.label,
        list_href=BRANCHES_TAB.href,
    )


async def company_name(tx: Tx, company_id: UUID) -> str | None:
    """The name to show beside a branch, for those who may see companies."""
    if not tx.actor.may("companies:view"):
        return None
    return (await queries.get_company(tx, company_id)).name
