"""Companies, branches, accounts and contacts: what the loads brought, to be searched and read."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath

from sindico_api.console import rendering
from sindico_api.console.listing import Listing
from sindico_api.console.view import ConsoleRequest
from sindico_api.dependencies import AskedPage, CurrentActor, Uow
from sindico_api.guards import requires
from sindico_api.i18n import CONSOLE_PATH
from sindico_platform.brazil.states import STATES
from sindico_platform.database.tx import Tx
from sindico_tenants.accounts import queries as accounts
from sindico_tenants.accounts.schemas import AccountFilters, ContactFilters, PersonType
from sindico_tenants.companies import queries as companies
from sindico_tenants.companies.schemas import BranchFilters, CompanyFilters

SITUATIONS: dict[str, dict[str, bool]] = {
    "active": {"is_active": True, "is_removed": False},
    "inactive": {"is_active": False},
    "removed": {"is_removed": True},
}
"""What the filter *Status* means; ``removed`` is what the ERP no longer has."""
LONGEST_SEARCH = 100
YES_NO = {"yes": True, "no": False}
PERSON_TYPES = {each.value: each for each in PersonType}


@get("/companies", guards=[requires("companies:view")])
async def list_companies(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow, page: AskedPage
) -> Response[str]:
    """The tenant's own companies."""
    listing = listing_of(request, "companies")
    async with uow.begin(actor) as tx:
        filters = CompanyFilters(**searched(listing))
        found = await companies.list_companies(tx, request=page, filters=filters)
    return rendering.page(request, "records/companies.html", found=found, listing=listing)


@get("/companies/{company_id:uuid}", guards=[requires("companies:view")])
async def show_company(
    request: ConsoleRequest, company_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[str]:
    async with uow.begin(actor) as tx:
        company = await companies.get_company(tx, company_id)
    return rendering.page(request, "records/company.html", record=company)


@get("/branches", guards=[requires("branches:view")])
async def list_branches(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow, page: AskedPage
) -> Response[str]:
    """The branches of the tenant's own companies."""
    listing = listing_of(request, "branches")
    filters = BranchFilters(
        **searched(listing),
        company_id=id_in(listing, "company"),
        is_head_office=YES_NO.get(listing.query.get("head_office", "")),
    )
    async with uow.begin(actor) as tx:
        found = await companies.list_branches(tx, request=page, filters=filters)
    return rendering.page(request, "records/branches.html", found=found, listing=listing)


@get("/branches/{branch_id:uuid}", guards=[requires("branches:view")])
async def show_branch(
    request: ConsoleRequest, branch_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[str]:
    async with uow.begin(actor) as tx:
        branch = await companies.get_branch(tx, branch_id)
        owner = await company_name(tx, branch.company_id)
    return rendering.page(request, "records/branch.html", record=branch, company=owner)


@get("/accounts", guards=[requires("accounts:view")])
async def list_accounts(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow, page: AskedPage
) -> Response[str]:
    """The tenant's customers."""
    listing = listing_of(request, "accounts")
    filters = AccountFilters(
        **searched(listing),
        person_type=PERSON_TYPES.get(listing.query.get("person_type", "")),
        state=listing.chosen("state", STATES),
    )
    async with uow.begin(actor) as tx:
        found = await accounts.list_accounts(tx, request=page, filters=filters)
    return rendering.page(
        request,
        "records/accounts.html",
        found=found,
        listing=listing,
        states=[(code, state.name) for code, state in STATES.items()],
    )


@get("/accounts/{account_id:uuid}", guards=[requires("accounts:view")])
async def show_account(
    request: ConsoleRequest, account_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[str]:
    async with uow.begin(actor) as tx:
        account = await accounts.get_account(tx, account_id)
    return rendering.page(request, "records/account.html", record=account)


@get("/contacts", guards=[requires("contacts:view")])
async def list_contacts(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow, page: AskedPage
) -> Response[str]:
    """The people at the tenant's customers, and customers who are people."""
    listing = listing_of(request, "contacts")
    filters = ContactFilters(**searched(listing), account_id=id_in(listing, "account"))
    async with uow.begin(actor) as tx:
        found = await accounts.list_contacts(tx, request=page, filters=filters)
    return rendering.page(request, "records/contacts.html", found=found, listing=listing)


@get("/contacts/{contact_id:uuid}", guards=[requires("contacts:view")])
async def show_contact(
    request: ConsoleRequest, contact_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[str]:
    async with uow.begin(actor) as tx:
        contact = await accounts.get_contact(tx, contact_id)
        account = None
        if contact.account_id is not None and actor.may("accounts:view"):
            account = (await accounts.get_account(tx, contact.account_id)).name
    return rendering.page(request, "records/contact.html", record=contact, account=account)


def listing_of(request: ConsoleRequest, name: str) -> Listing:
    query: Mapping[str, str] = dict(request.query_params)
    return Listing(path=f"{CONSOLE_PATH}/{name}", query=query, default_sort="name")


def searched(listing: Listing) -> dict[str, Any]:
    """The search and the status, which every list has."""
    text = listing.query.get("q", "")[:LONGEST_SEARCH]
    return {"q": text or None} | SITUATIONS.get(listing.query.get("situation", ""), {})


def id_in(listing: Listing, name: str) -> UUID | None:
    """The id a link put into the address; one that is none restricts nothing."""
    try:
        return UUID(listing.query.get(name, ""))
    except ValueError:
        return None


async def company_name(tx: Tx, company_id: UUID) -> str | None:
    """The name to show beside a branch, for those who may see companies."""
    if not tx.actor.may("companies:view"):
        return None
    return (await companies.get_company(tx, company_id)).name
