"""Administration › Audit: who changed what, and when."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get

from sindico_api.console import rendering
from sindico_api.console.audit_words import (
    PERIODS,
    TAG_LABELS,
    TARGET_LABELS,
    tag_label,
    target_label,
)
from sindico_api.console.listing import Listing
from sindico_api.console.view import ConsoleRequest, view_of
from sindico_api.dependencies import AskedPage, CurrentActor, Uow
from sindico_api.guards import requires
from sindico_api.i18n import CONSOLE_PATH, Translator
from sindico_platform.audit import queries
from sindico_platform.audit.schemas import AuditFilters
from sindico_platform.database.tx import Tx

AUDIT_PATH = f"{CONSOLE_PATH}/audit"


@get("/audit", guards=[requires("audit:view")])
async def show_audit(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow, page: AskedPage
) -> Response[str]:
    """List what was done, newest first, with before and after."""
    listing = Listing(path=AUDIT_PATH, query=dict(request.query_params), default_sort="-at")
    _ = view_of(request).translate
    async with uow.begin(actor) as tx:
        found = await queries.list_events(tx, request=page, filters=_filters(listing, tx))
    return rendering.page(
        request,
        "audit/list.html",
        found=found,
        listing=listing,
        own_tenant=actor.tenant_id,
        choices=_choices(_),
        tag_label=tag_label,
        target_label=target_label,
        plain=plain,
    )


def plain(value: Any) -> str:
    """A fact as people read it: text as it is, all else as JSON."""
    if value is None or (not value and isinstance(value, str | list | dict)):
        return "–"
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _filters(listing: Listing, tx: Tx) -> AuditFilters:
    period = listing.chosen("period", PERIODS)
    who = listing.query.get("q", "").strip().replace("\x00", "\ufffd")
    return AuditFilters(
        tag=listing.chosen("tag", TAG_LABELS),
        actor=who or None,
        target_type=listing.chosen("target_type", TARGET_LABELS),
        target_id=_id_of(listing.query.get("target_id", "")),
        since=tx.now - timedelta(days=PERIODS[period][0]) if period else None,
    )


def _id_of(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _choices(_: Translator) -> dict[str, list[tuple[str, str]]]:
    """Options of the filters; events and records by their names in the reader's language."""
    tags = [(tag, _(label)) for tag, label in TAG_LABELS.items()]
    targets = [(kind, _(label)) for kind, label in TARGET_LABELS.items()]
    return {
        "tag": sorted(tags, key=lambda choice: choice[1].casefold()),
        "target_type": sorted(targets, key=lambda choice: choice[1].casefold()),
        "period": [(code, _(label)) for code, (_days, label) in PERIODS.items()],
    }
