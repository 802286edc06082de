"""What the tabs of customers' servers share: for whom settings are, and which a branch uses."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from litestar import Response
from litestar.response import ServerSentEventMessage

from sindico_api.console import rendering
from sindico_api.console.company_settings import Tab, frame_of
from sindico_api.console.forms import Form
from sindico_api.console.listing import Listing
from sindico_api.console.records import linked_id
from sindico_api.console.rendering import render_block
from sindico_api.console.submitted import id_in
from sindico_api.console.view import ConsoleRequest, View
from sindico_platform.database.tx import Tx
from sindico_platform.paging.schemas import MAX_LIMIT, Page, PageRequest
from sindico_tenants.companies import queries as companies
from sindico_tenants.companies.errors import BranchNotFound
from sindico_tenants.companies.schemas import BranchFilters, CompanyFilters
from sindico_tenants.server_settings.schemas import CoverageFilters

YES_NO = {"yes": True, "no": False}
Options = list[tuple[str, str]]
ListCoverage = Callable[..., Awaitable[Page[Any]]]
"""Takes `tx`, `request` and `filters`; what the items have beyond `CoverageItem` is not shown."""


async def scope_choices(tx: Tx, values: Mapping[str, Any]) -> dict[str, Options]:
    """Companies to choose from, and the branches of the one that is chosen."""
    found = await companies.list_companies(
        tx, request=PageRequest(limit=MAX_LIMIT), filters=CompanyFilters()
    )
    chosen = id_in(values.get("company_id"))
    branches: Options = []
    if chosen is not None:
        page = await companies.list_branches(
            tx, request=PageRequest(limit=MAX_LIMIT), filters=BranchFilters(company_id=chosen)
        )
        branches = [(str(each.id), each.name) for each in page.items]
    return {
        "companies": [(str(each.id), each.name) for each in found.items],
        "branches": await _with_chosen(tx, branches, values.get("branch_id")),
    }


async def scope_fragment(tx: Tx, request: ConsoleRequest, base: str) -> Response[str]:
    """The choice of a branch anew, after a company was chosen in a form below `base`."""
    values = {"company_id": request.query_params.get("company_id", ""), "branch_id": ""}
    return rendering.fragment(
        request,
        "company_settings/server_scope.html",
        "scope",
        form=Form(values),
        choices=await scope_choices(tx, values),
        base=base,
    )


async def scope_asked(tx: Tx, request: ConsoleRequest) -> dict[str, str]:
    """The company or branch that a link to a new configuration names."""
    asked = {name: request.query_params.get(name, "") for name in ("company_id", "branch_id")}
    branch_id = id_in(asked["branch_id"])
    if branch_id is None:
        return asked
    try:
        branch = await companies.get_branch(tx, branch_id)
    except BranchNotFound:
        return {"company_id": "", "branch_id": ""}
    return {"company_id": str(branch.company_id), "branch_id": str(branch.id)}


async def coverage_page(
    tx: Tx, request: ConsoleRequest, tab: Tab, list_coverage: ListCoverage, page: PageRequest
) -> Response[str]:
    """Which of the tab's servers each branch uses."""
    query = dict(request.query_params)
    listing = Listing(path=f"{tab.href}/branches", query=query, default_sort="name")
    choices = await scope_choices(tx, {})
    return rendering.page(
        request,
        "company_settings/coverage.html",
        found=await list_coverage(tx, request=page, filters=_coverage_filters(listing)),
        listing=listing,
        companies=choices["companies"],
        resource=tab.resource,
        base=tab.href,
        **frame_of(request, tab),
    )


def _coverage_filters(listing: Listing) -> CoverageFilters:
    return CoverageFilters(
        q=listing.query.get("q"),
        company_id=linked_id(listing, "company"),
        is_covered=YES_NO.get(listing.query.get("covered", "")),
    )


async def as_server_events(
    states: AsyncIterator[dict[str, Any] | None], view: View, template: str
) -> AsyncIterator[ServerSentEventMessage]:
    """The template's block `servers` with every state, until there are no more."""
    async for shown in states:
        if shown is None:
            yield ServerSentEventMessage(comment="nothing new")
            continue
        text = render_block(view, template, "servers", **shown)
        yield ServerSentEventMessage(event="servers", data=text)
    yield ServerSentEventMessage(event="end", data="")


def instant_of(text: str) -> datetime | None:
    """The moment that an address names, if it is one."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None


async def _with_chosen(tx: Tx, branches: Options, branch_id: Any) -> Options:
    """A branch beyond the first page stays chosen."""
    chosen = id_in(branch_id)
    if chosen is None or any(value == str(chosen) for value, _ in branches):
        return branches
    try:
        branch = await companies.get_branch(tx, chosen)
    except BranchNotFound:
        return branches
    return [(str(branch.id), branch.name), *branches]
