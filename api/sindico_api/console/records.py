"""Accounts and contacts: what the loads brought, to be searched and read."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from sindico_api.console import rendering
from sindico_api.console.abc_words import CLASSES, KINDS, MEASURES, PLACED_BY
from sindico_api.console.document_views import read_panel
from sindico_api.console.forms import EMPTY_FORM, Form
from sindico_api.console.listing import Listing
from sindico_api.console.rendering import see_other
from sindico_api.console.submitted import choice_in, id_in, read_as, sent_texts
from sindico_api.console.view import ConsoleRequest, Flash, view_of
from sindico_api.dependencies import AskedPage, CurrentActor, Uow
from sindico_api.guards import requires
from sindico_api.i18n import CONSOLE_PATH
from sindico_platform.brazil.states import STATES
from sindico_platform.database.tx import Tx
from sindico_platform.paging.schemas import MAX_LIMIT, Page, PageRequest
from sindico_tenants.abc_curve.standings.queries import read_classification
from sindico_tenants.accounts import queries as accounts
from sindico_tenants.accounts.schemas import AccountFilters, ContactFilters, PersonType
from sindico_tenants.documents.schemas import AttachedTo
from sindico_tenants.portfolios import queries as portfolios
from sindico_tenants.portfolios.models import PlacedBy
from sindico_tenants.portfolios.schemas import PlacementIn, PlacementOut
from sindico_tenants.portfolios.service import place_by_hand
from sindico_tenants.sales.queries import list_sellers

SITUATIONS: dict[str, dict[str, bool]] = {
    "active": {"is_active": True, "is_removed": False},
    "inactive": {"is_active": False},
    "removed": {"is_removed": True},
}
"""What the filter *Status* means; ``removed`` is what the ERP no longer has."""
ACCOUNT_FILTERS = ("q", "person_type", "state", "situation", "company", "branch")
"""What the address of the list of accounts may name."""
LONGEST_SEARCH, MOST_CHOICES = 100, 2_000
PERSON_TYPES = {each.value: each for each in PersonType}


@get("/accounts", guards=[requires("accounts:view")])
async def list_accounts(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow, page: AskedPage
) -> Response[str]:
    """The tenant's customers."""
    listing = listing_of(request, "accounts")
    filters = AccountFilters(**account_filters(listing))
    async with uow.begin(actor) as tx:
        found = await accounts.list_accounts(tx, request=page, filters=filters)
    return rendering.page(
        request,
        "records/accounts.html",
        found=found,
        listing=listing,
        states=[(code, state.name) for code, state in STATES.items()],
        filter_names=ACCOUNT_FILTERS,
    )


@get("/accounts/{account_id:uuid}", guards=[requires("accounts:view")])
async def show_account(
    request: ConsoleRequest, account_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[str]:
    async with uow.begin(actor) as tx:
        account = await accounts.get_account(tx, account_id)
        documents = await read_panel(tx, view_of(request).tell, AttachedTo.ACCOUNTS, account_id)
        classified = None
        if actor.may("abc_curve:view"):
            classified = await read_classification(tx, account_id)
        groupings = await groupings_of(tx) if actor.may("portfolios:edit") else None
        placement = await portfolios.read_placement(tx, account_id) if groupings else None
    return rendering.page(
        request,
        "records/account.html",
        record=account,
        documents=documents,
        classified=classified,
        classes=CLASSES,
        measures=MEASURES,
        placed_by=PLACED_BY,
        kinds=KINDS,
        groupings=groupings,
        form=_placement_form(placement),
    )


async def groupings_of(tx: Tx) -> dict[str, list[tuple[str, str]]]:
    """Categories, portfolios and salespeople to choose from, by name."""
    return {
        "categories": await _choices(tx, portfolios.list_categories),
        "portfolios": await _choices(tx, portfolios.list_portfolios),
        "sellers": await _choices(tx, list_sellers),
    }


async def _choices(tx: Tx, read: Callable[..., Awaitable[Page[Any]]]) -> list[tuple[str, str]]:
    """Everything that a list has, page after page, as far as a form can show it."""
    found: list[tuple[str, str]] = []
    cursor: str | None = None
    while len(found) < MOST_CHOICES:
        page = await read(tx, request=PageRequest(limit=MAX_LIMIT, after=cursor))
        found += [(str(each.id), each.name) for each in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    return found


def _placement_form(placement: PlacementOut | None) -> Form:
    """What a person decided; what the rules decide is left to them."""
    if placement is None:
        return EMPTY_FORM
    by_hand = {
        "category_id": placement.category_id if placement.category_by == PlacedBy.HAND else None,
        "portfolio_id": placement.portfolio_id if placement.portfolio_by == PlacedBy.HAND else None,
    }
    return Form({name: str(value) for name, value in by_hand.items() if value})


@post("/accounts/{account_id:uuid}/placement", guards=[requires("portfolios:edit")])
async def place_account(
    request: ConsoleRequest, account_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[None]:
    """Put the account where a person says; an empty choice leaves it to the rules."""
    _ = view_of(request).translate
    sent = await sent_texts(request, "category_id", "portfolio_id", "reason")
    data = PlacementIn(
        category_id=choice_in(sent, "category_id"),
        portfolio_id=choice_in(sent, "portfolio_id"),
        reason=reason_in(sent),
    )
    async with uow.begin(actor) as tx:
        await place_by_hand(tx, account_id=account_id, data=data)
    flash = Flash(text=_("Category and portfolio saved."))
    return see_other(request, f"{CONSOLE_PATH}/accounts/{account_id}", flash=flash)


@get("/contacts", guards=[requires("contacts:view")])
async def list_contacts(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow, page: AskedPage
) -> Response[str]:
    """The people at the tenant's customers, and customers who are people."""
    listing = listing_of(request, "contacts")
    filters = ContactFilters(
        **searched(listing), **scoped(listing), account_id=linked_id(listing, "account")
    )
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
        documents = await read_panel(tx, view_of(request).tell, AttachedTo.CONTACTS, contact_id)
    return rendering.page(
        request, "records/contact.html", record=contact, account=account, documents=documents
    )


def reason_in(sent: Mapping[str, str]) -> str | None:
    """Why an account is placed, as far as it was typed.

    Raises:
        InvalidInput: it is too long.
    """
    return read_as(PlacementIn, {"reason": sent["reason"]}).reason


def account_filters(listing: Listing) -> dict[str, Any]:
    """What the list of accounts is restricted to, by the names that the API has for it."""
    return {
        **searched(listing),
        **scoped(listing),
        "person_type": PERSON_TYPES.get(listing.query.get("person_type", "")),
        "state": listing.chosen("state", STATES),
    }


def listing_of(request: ConsoleRequest, name: str) -> Listing:
    query: Mapping[str, str] = dict(request.query_params)
    return Listing(path=f"{CONSOLE_PATH}/{name}", query=query, default_sort="name")


def searched(listing: Listing) -> dict[str, Any]:
    """The search and the status, which every list has."""
    text = listing.query.get("q", "")[:LONGEST_SEARCH]
    return {"q": text or None} | SITUATIONS.get(listing.query.get("situation", ""), {})


def scoped(listing: Listing) -> dict[str, Any]:
    """The company or branch that a link put into the address."""
    return {"company_id": linked_id(listing, "company"), "branch_id": linked_id(listing, "branch")}


def linked_id(listing: Listing, name: str) -> UUID | None:
    """The id a link put into the address; one that is none restricts nothing."""
    return id_in(listing.query.get(name, ""))
