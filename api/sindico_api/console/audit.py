"""Administration › Audit: who changed what, and when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from litestar import Response, get, post

from sindico_api.console import rendering
from sindico_api.console.audit_lines import EventLine, ids_told, name_records, show_event
from sindico_api.console.audit_values import Reader
from sindico_api.console.audit_words import PERIODS, TAG_LABELS, TARGET_LABELS, target_label
from sindico_api.console.listing import Listing
from sindico_api.console.rendering import see_other
from sindico_api.console.submitted import confirmation_faults, id_in, read_as, sent_texts
from sindico_api.console.view import ConsoleRequest, Flash, view_of
from sindico_api.dependencies import AskedPage, CurrentActor, Uow
from sindico_api.guards import requires
from sindico_api.i18n import CONSOLE_PATH, Translator
from sindico_platform.audit import queries, service
from sindico_platform.audit.schemas import AuditErasureIn, AuditErasureOut, AuditFilters
from sindico_platform.database.tx import Tx
from sindico_platform.errors import InvalidInput
from sindico_platform.paging.schemas import PageRequest

AUDIT_PATH = f"{CONSOLE_PATH}/audit"
RECORD = ("target_type", "target_id")
"""What names a record in the address of its history, and in the form that has it forgotten."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ErasableRecord:
    """The record that a list is the history of, for who may have it forgotten."""

    found: AuditErasureOut
    label: str
    """Its kind."""
    typed: str
    """What is typed to confirm: its name, or its kind when it has none any more."""


@get("/audit", guards=[requires("audit:view")])
async def show_audit(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow, page: AskedPage
) -> Response[str]:
    """List what was done, newest first, with before and after."""
    async with uow.begin(actor) as tx:
        shown = await read_trail(request, tx, page, path=AUDIT_PATH, zone=actor.timezone)
        erasable = await _find_erasable(tx, shown["listing"], shown["events"])
    return rendering.page(request, "audit/list.html", **shown, erasable=erasable)


@post("/audit/erase", guards=[requires("audit:delete")])
async def erase_audit_changes(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow
) -> Response[None]:
    """Forget before and after of everything that was done to one record, once it was named."""
    _ = view_of(request).translate
    sent = await sent_texts(request, *RECORD, "confirmation")
    about = {name: sent[name] for name in RECORD}
    asked = read_as(AuditErasureIn, about, required=RECORD)
    async with uow.begin(actor) as tx:
        names = await name_records(tx, {asked.target_id})
        label = _(target_label(asked.target_type))
        wanted = _typed_for(label, names.get(asked.target_id))
        if faults := confirmation_faults(sent["confirmation"], wanted):
            raise InvalidInput(*faults)
        found = await service.erase_changes(tx, asked.target_type, asked.target_id)
    text = _.ngettext(
        "Before and after were erased from {count} event; what was done, when and by whom stays.",
        "Before and after were erased from {count} events; what was done, when and by whom stays.",
        found.erased,
    )
    return see_other(request, f"{AUDIT_PATH}?{urlencode(about)}", flash=Flash(text=text))


async def _find_erasable(
    tx: Tx, listing: Listing, lines: Sequence[EventLine]
) -> ErasableRecord | None:
    chosen = id_in(listing.query.get("target_id", ""))
    if chosen is None or not lines or not tx.actor.may("audit:delete"):
        return None
    line = lines[0]  # all are about it
    if line.target is None or line.event.target_type is None:
        return None
    found = await queries.count_changes(tx, line.event.target_type, chosen)
    typed = _typed_for(line.target, line.target_name)
    return ErasableRecord(found=found, label=line.target, typed=typed)


def _typed_for(label: str, name: str | None) -> str:
    return " ".join((name or label).split())  # as a page shows it


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
    names = await name_records(tx, ids_told(found.items))
    reader = Reader(translate=_, zone=zone, names=names)
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
