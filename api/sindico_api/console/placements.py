"""Records › Accounts: many placed by hand, those marked or all that the filters show."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from msgspec import UNSET, UnsetType

from sindico_api.console import rendering
from sindico_api.console.failures import ProblemView, problem_view
from sindico_api.console.forms import Form
from sindico_api.console.listing import Listing
from sindico_api.console.records import (
    ACCOUNT_FILTERS,
    account_filters,
    groupings_of,
    reason_in,
)
from sindico_api.console.rendering import see_other
from sindico_api.console.submitted import choice_in, id_in, number_in
from sindico_api.console.view import ConsoleRequest, Flash, view_of
from sindico_api.dependencies import CurrentActor, Uow
from sindico_api.guards import requires
from sindico_api.i18n import CONSOLE_PATH
from sindico_platform.database.tx import Tx
from sindico_platform.errors import InvalidInput
from sindico_platform.paging.schemas import MAX_LIMIT
from sindico_tenants.portfolios.bulk import service
from sindico_tenants.portfolios.bulk.errors import OtherNumber, TooManyAccounts
from sindico_tenants.portfolios.bulk.schemas import AccountFilterIn, BulkPlacementIn

ACCOUNTS_PATH = f"{CONSOLE_PATH}/accounts"
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
        return BulkPlacementIn(filter=AccountFilterIn(**account_filters(self.listing)), **wishes)


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
    problem = None
    typed = {name: str(sent.get(name, "")) for name in (*CHOICES, "reason", "expected")}
    try:
        wishes = {name: _choice_in(typed, name) for name in CHOICES}
        expected, reason = number_in(typed["expected"]), reason_in(typed)
        data = meant.data(**wishes, expected=expected, reason=reason)
        async with uow.begin(actor) as tx:
            placed = await service.place_many(tx, data=data)
    except InvalidInput as error:
        form, status = Form(typed).refused(error, _), error.status
    except OtherNumber as error:
        form, status, problem = Form(typed), error.status, problem_view(request, error)
    else:
        changed = _.ngettext(
            "{count} account was placed.", "{count} accounts were placed.", placed.changed
        )
        others = _("The others stood there already, or are gone.")
        is_whole = placed.changed == placed.matched
        flash = Flash(text=changed if is_whole else f"{changed} {others}")
        return see_other(request, meant.listing.href(), flash=flash)
    async with uow.begin(actor) as tx:
        return await _page(request, tx, meant, form, status=status, problem=problem)


async def _meant(request: ConsoleRequest) -> Meant:
    sent = await request.form()
    query = {name: str(sent.get(f"filter_{name}", "")) for name in ACCOUNT_FILTERS}
    ids = (id_in(each) for each in sent.getall("account_id", []))
    return Meant(
        listing=Listing(path=ACCOUNTS_PATH, query=query, default_sort="name"),
        account_ids=tuple(each for each in ids if each)[:MAX_LIMIT],
        is_all=sent.get("which") == "all",
    )


def _choice_in(typed: Mapping[str, str], name: str) -> UUID | UnsetType | None:
    """What was chosen: nothing leaves it as it is, the rules get it back."""
    if not typed[name]:
        return UNSET
    return None if typed[name] == GIVEN_BACK else choice_in(typed, name)


async def _page(
    request: ConsoleRequest,
    tx: Tx,
    meant: Meant,
    form: Form,
    *,
    status: int = 200,
    problem: ProblemView | None = None,
) -> Response[str]:
    found = await service.find_accounts(tx, meant.data(), meant.account_ids)
    return rendering.page(
        request,
        "records/placement.html",
        status=status,
        form=form,
        problem=problem,
        meant=meant,
        count=len(found),
        filters={f"filter_{name}": text for name, text in meant.listing.query.items() if text},
        groupings=await groupings_of(tx),
    )
