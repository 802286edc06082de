"""Records › Accounts: many placed by hand, those marked or all that the filters show."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from msgspec import UNSET, UnsetType

from sindico_api.console import rendering
from sindico_api.console.forms import Form
from sindico_api.console.listing import Listing
from sindico_api.console.records import PERSON_TYPES, groupings_of, scoped, searched
from sindico_api.console.rendering import see_other
from sindico_api.console.submitted import id_in, number_in
from sindico_api.console.view import ConsoleRequest, Flash, view_of
from sindico_api.dependencies import CurrentActor, Uow
from sindico_api.guards import requires
from sindico_api.i18n import CONSOLE_PATH
from sindico_platform.brazil.states import STATES
from sindico_platform.database.tx import Tx
from sindico_platform.errors import InvalidInput, field_error
from sindico_platform.paging.schemas import MAX_LIMIT
from sindico_tenants.portfolios.bulk import service
from sindico_tenants.portfolios.bulk.errors import OtherNumber, TooManyAccounts
from sindico_tenants.portfolios.bulk.schemas import AccountFilterIn, BulkPlacementIn
from sindico_tenants.portfolios.schemas import LONGEST_REASON

ACCOUNTS_PATH = f"{CONSOLE_PATH}/accounts"
FILTERS = ("q", "person_type", "state", "situation", "company", "branch")
CHOICES = ("category_id", "portfolio_id", "seller_id")
GIVEN_BACK = "rules"
MAY_EDIT = requires("portfolios:edit")


@dataclass(frozen=True, kw_only=True, slots=True)
class Meant:
    """Which accounts a sent form means."""

    listing: Listing
    """Of the list that it was sent from."""
    account_ids: tuple[UUID, ...]
    is_all: bool
    """All that the list's filters show, not only those marked."""

    def data(self, **wishes: Any) -> BulkPlacementIn:
        """What is to be done with them, as the API takes it."""
        if not self.is_all:
            return BulkPlacementIn(account_ids=self.account_ids, **wishes)
        filters = AccountFilterIn(
            **searched(self.listing),
            **scoped(self.listing),
            person_type=PERSON_TYPES.get(self.listing.query.get("person_type", "")),
            state=self.listing.chosen("state", STATES),
        )
        return BulkPlacementIn(filter=filters, **wishes)


@get("/accounts/placement/choose", guards=[MAY_EDIT])
async def return_to_list(request: ConsoleRequest) -> Response[None]:
    """Whoever reloads the choice, or changes the language there, chooses again."""
    return see_other(request, ACCOUNTS_PATH)


@post("/accounts/placement/choose", guards=[MAY_EDIT])
async def choose_placement(request: ConsoleRequest, actor: CurrentActor, uow: Uow) -> Response[Any]:
    """How many accounts are meant, and what is to become of them."""
    _ = view_of(request).translate
    meant = await _meant(request)
    if not meant.account_ids and not meant.is_all:
        flash = Flash(text=_("Mark the accounts first."), tone="warn")
        return see_other(request, meant.listing.href(), flash=flash)
    async with uow.begin(actor) as tx:
        try:
            return await _page(request, tx, meant, Form())
        except TooManyAccounts as error:
            flash = Flash(text=_.detail(error), tone="warn")
            return see_other(request, meant.listing.href(), flash=flash)


@post("/accounts/placement", guards=[MAY_EDIT])
async def place_accounts(request: ConsoleRequest, actor: CurrentActor, uow: Uow) -> Response[Any]:
    """Place them; all of a filter only if it shows as many as were confirmed."""
    _ = view_of(request).translate
    meant = await _meant(request)
    sent = await request.form()
    typed = {name: str(sent.get(name, "")) for name in (*CHOICES, "reason", "expected")}
    try:
        wishes = {name: _choice(name, typed[name]) for name in CHOICES}
        data = meant.data(
            **wishes,
            expected=number_in(typed["expected"]),
            reason=typed["reason"][:LONGEST_REASON] or None,
        )
        async with uow.begin(actor) as tx:
            placed = await service.place_many(tx, data=data)
    except InvalidInput as error:
        form, status = Form(typed).refused(error, _), error.status
    except OtherNumber as error:
        form, status = Form(typed).with_error("category_id", _.detail(error)), error.status
    else:
        changed = _.ngettext(
            "{count} account was placed.", "{count} accounts were placed.", placed.changed
        )
        others = _("The others stood there already, or are gone.")
        is_whole = placed.changed == placed.matched
        flash = Flash(text=changed if is_whole else f"{changed} {others}")
        return see_other(request, meant.listing.href(), flash=flash)
    async with uow.begin(actor) as tx:
        return await _page(request, tx, meant, form, status)


async def _meant(request: ConsoleRequest) -> Meant:
    sent = await request.form()
    query = {name: str(sent.get(f"filter_{name}", "")) for name in FILTERS}
    ids = (id_in(each) for each in sent.getall("account_id", []))
    return Meant(
        listing=Listing(path=ACCOUNTS_PATH, query=query, default_sort="name"),
        account_ids=tuple(each for each in ids if each)[:MAX_LIMIT],
        is_all=sent.get("which") == "all",
    )


def _choice(name: str, text: str) -> UUID | UnsetType | None:
    """What was chosen: nothing leaves it as it is, the rules get it back."""
    if not text:
        return UNSET
    if text == GIVEN_BACK:
        return None
    chosen = id_in(text)
    if chosen is None:
        raise InvalidInput(field_error(name, "unknown", "There is no such choice."))
    return chosen


async def _page(
    request: ConsoleRequest, tx: Tx, meant: Meant, form: Form, status: int = 200
) -> Response[str]:
    found = await service.find_accounts(tx, meant.data(), meant.account_ids)
    return rendering.page(
        request,
        "records/placement.html",
        status=status,
        form=form,
        meant=meant,
        count=len(found),
        filters={f"filter_{name}": text for name, text in meant.listing.query.items() if text},
        groupings=await groupings_of(tx),
    )
