"""Filling in the form of a new branch: its company, and *Duplicar informações* (R-042)."""

from typing import Any

from litestar import Response, get, post

from sindico_api.console import rendering
from sindico_api.console.branches import FLAGS, new_page, sent_company
from sindico_api.console.company_settings import BRANCHES_TAB
from sindico_api.console.forms import Form
from sindico_api.console.records import LONGEST_SEARCH
from sindico_api.console.registration import sent_values, typed
from sindico_api.console.submitted import id_in, sent_texts
from sindico_api.console.view import ConsoleRequest
from sindico_api.dependencies import CurrentActor, Uow
from sindico_api.guards import requires
from sindico_platform.database.tx import Tx
from sindico_platform.paging.schemas import PageRequest
from sindico_tenants.companies import queries
from sindico_tenants.companies.errors import BranchNotFound, CompanyNotFound
from sindico_tenants.companies.registration.fields import TEXTS
from sindico_tenants.companies.schemas import (
    BranchFilters,
    BranchItem,
    BranchOut,
    CompanyFilters,
    CompanyItem,
    CompanyOut,
)

NEW = "/company-settings/branches/new"
MAY_INCLUDE = requires("branches:include")
FIRST = PageRequest(limit=8)
OF_ONE_ALONE = frozenset({"erp_code", "cnpj", "state_registration"})
"""What no two establishments share, so that it is not copied."""


@get(f"{NEW}/companies", guards=[MAY_INCLUDE])
async def list_company_options(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow
) -> Response[str]:
    """The first companies that match, for the dialog that chooses the branch's."""
    text = _searched(request)
    async with uow.begin(actor) as tx:
        found = await queries.list_companies(tx, request=FIRST, filters=CompanyFilters(q=text))
    return _options(request, "companies", companies=found.items, branches=[])


@get(f"{NEW}/sources", guards=[MAY_INCLUDE])
async def list_source_options(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow
) -> Response[str]:
    """The first companies and branches that match, for the dialog that duplicates one."""
    text, companies, branches = _searched(request), list[CompanyItem](), list[BranchItem]()
    async with uow.begin(actor) as tx:
        if actor.may("companies:view"):
            wanted = CompanyFilters(q=text)
            companies = (await queries.list_companies(tx, request=FIRST, filters=wanted)).items
        if actor.may("branches:view"):
            own = BranchFilters(q=text)
            branches = (await queries.list_branches(tx, request=FIRST, filters=own)).items
    return _options(request, "sources", companies=companies, branches=branches)


@post(f"{NEW}/fill", guards=[MAY_INCLUDE])
async def fill_branch_form(request: ConsoleRequest, actor: CurrentActor, uow: Uow) -> Response[str]:
    """The form as it was typed, with the chosen company or another record's information in it."""
    values = await sent_values(request, *FLAGS)
    chosen = await sent_texts(request, "chosen_company", "source_company", "source_branch")
    async with uow.begin(actor) as tx:
        source = await _source(tx, chosen["source_company"], chosen["source_branch"])
        company = await _company(tx, request, chosen["chosen_company"], source)
    if source is not None:
        values |= copied(source)
    return new_page(request, Form(values), company)


def copied(source: CompanyOut | BranchOut) -> dict[str, str]:
    """What of a record fills the form of another branch."""
    return {name: typed(name, getattr(source, name)) for name in TEXTS if name not in OF_ONE_ALONE}


async def _source(tx: Tx, company: str, branch: str) -> CompanyOut | BranchOut | None:
    """The record to copy from, for those who may see it.

    Raises:
        CompanyNotFound, BranchNotFound: there is none.
    """
    if branch:
        if (branch_id := id_in(branch)) is None or not tx.actor.may("branches:view"):
            raise BranchNotFound(branch_id=branch)
        return await queries.get_branch(tx, branch_id)
    if company:
        if (company_id := id_in(company)) is None or not tx.actor.may("companies:view"):
            raise CompanyNotFound(company_id=company)
        return await queries.get_company(tx, company_id)
    return None


async def _company(
    tx: Tx, request: ConsoleRequest, chosen: str, source: CompanyOut | BranchOut | None
) -> CompanyOut | None:
    """The one that was chosen now or before, or else the source's."""
    wanted = id_in(chosen) or await sent_company(request)
    if wanted is None and source is not None:
        wanted = source.company_id if isinstance(source, BranchOut) else source.id
    return await queries.get_company(tx, wanted) if wanted else None


def _searched(request: ConsoleRequest) -> str | None:
    return request.query_params.get("q", "")[:LONGEST_SEARCH] or None


def _options(request: ConsoleRequest, what: str, **found: Any) -> Response[str]:
    action = f"{BRANCHES_TAB.href}/new/fill"
    return rendering.fragment(
        request, "company_settings/options.html", "options", what=what, action=action, **found
    )
