"""Administration › Audit: who changed what, and when."""

from datetime import timedelta
from typing import Any

from litestar import Response, get

from sindico_api.console import rendering
from sindico_api.console.audit_lines import name_records, show_event
from sindico_api.console.audit_values import Reader
from sindico_api.console.audit_words import PERIODS, TAG_LABELS, TARGET_LABELS
from sindico_api.console.listing import Listing
from sindico_api.console.submitted import id_in
from sindico_api.console.view import ConsoleRequest, view_of
from sindico_api.dependencies import AskedPage, CurrentActor, Uow
from sindico_api.guards import requires
from sindico_api.i18n import CONSOLE_PATH, Translator
from sindico_platform.audit import queries
from sindico_platform.audit.schemas import AuditFilters
from sindico_platform.database.tx import Tx
from sindico_platform.paging.schemas import PageRequest

AUDIT_PATH = f"{CONSOLE_PATH}/audit"


@get("/audit", guards=[requires("audit:view")])
async def show_audit(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow, page: AskedPage
) -> Response[str]:
    """List what was done, newest first, with before and after."""
    async with uow.begin(actor) as tx:
        shown = await read_trail(request, tx, page, path=AUDIT_PATH, zone=actor.timezone)
    return rendering.page(request, "audit/list.html", **shown)


async def read_trail(
    request: ConsoleRequest, tx: Tx, page: PageRequest, *, path: str, zone: str
) -> dict[str, Any]:
    """One page of the bound tenant's trail, as `ui.audit_trail` takes it.

    Args:
        path: of the screen.
        zone: in which the instants are told.
    """
    listing = Listing(path=path, query=dict(request.query_params), default_sort="-at")
    _ = view_of(request).translate
    found = await queries.list_events(tx, request=page, filters=_filters(listing, tx))
    reader = Reader(translate=_, zone=zone, names=await name_records(tx, found.items))
    return {
        "listing": listing,
        "events": [show_event(each, reader, own_tenant=tx.tenant_id) for each in found.items],
        "next_cursor": found.next_cursor,
        "choices": _choices(_),
    }


def _filters(listing: Listing, tx: Tx) -> AuditFilters:
    period = listing.chosen("period", PERIODS)
    who = listing.query.get("q", "").strip().replace("\x00", "\ufffd")
    return AuditFilters(
        tag=listing.chosen("tag", TAG_LABELS),
        actor=who or None,
        target_type=listing.chosen("target_type", TARGET_LABELS),
        target_id=id_in(listing.query.get("target_id", "")),
        since=tx.now - timedelta(days=PERIODS[period][0]) if period else None,
    )


def _choices(_: Translator) -> dict[str, list[tuple[str, str]]]:
    """Options of the filters; events and records by their names in the reader's language."""
    tags = [(tag, _(label)) for tag, label in TAG_LABELS.items()]
    targets = [(kind, _(label)) for kind, label in TARGET_LABELS.items()]
    return {
        "tag": sorted(tags, key=lambda choice: choice[1].casefold()),
        "target_type": sorted(targets, key=lambda choice: choice[1].casefold()),
        "period": [(code, _(label)) for code, (_days, label) in PERIODS.items()],
    }
