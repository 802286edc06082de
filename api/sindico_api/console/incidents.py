"""Integration › Incidents: times in which an integration was late, and silence for a while."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import Response, get, post
from litestar.params import FromPath

from sindico_api.console import rendering
from sindico_api.console.forms import EMPTY_FORM, Form
from sindico_api.console.labels import Label
from sindico_api.console.listing import Listing
from sindico_api.console.loads import all_integrations
from sindico_api.console.rendering import see_other
from sindico_api.console.submitted import id_in, read_as, sent_texts
from sindico_api.console.view import ConsoleRequest, Flash, view_of
from sindico_api.dependencies import AskedPage, CurrentActor, Uow
from sindico_api.guards import requires
from sindico_api.i18n import CONSOLE_PATH
from sindico_platform.database.tx import Tx
from sindico_platform.errors import InvalidInput, field_error
from sindico_platform.paging.schemas import PageRequest
from sindico_platform.words import translatable
from sindico_provisioning.freshness import service
from sindico_provisioning.freshness.incidents import queries
from sindico_provisioning.freshness.queries import read_freshness
from sindico_provisioning.freshness.schemas import IncidentItem, IncidentState, SnoozeIn
from sindico_provisioning.freshness.service import MAX_SNOOZE_DAYS
from sindico_provisioning.loads.history.queries import list_runs

INCIDENTS_PATH = f"{CONSOLE_PATH}/incidents"
ONE = "/incidents/{incident_id:uuid}"
MAY_VIEW, MAY_EDIT = requires("integrations:view"), requires("integrations:edit")
STATES: dict[IncidentState, Label] = {
    IncidentState.OPEN: Label(translatable("Still open"), "alert-triangle", "bad"),
    IncidentState.SNOOZED: Label(translatable("Snoozed"), "clock", "warn"),
    IncidentState.CLOSED: Label(translatable("Closed"), "circle-check", "good"),
}
ENDINGS: dict[str, str] = {
    "recovered": translatable("The integration succeeded again"),
    "settings-changed": translatable("The limit was changed, or success is no longer expected"),
}
SPANS: dict[str, str] = {
    "1": translatable("1 hour"),
    "4": translatable("4 hours"),
    "24": translatable("1 day"),
    "72": translatable("3 days"),
    "168": translatable("7 days"),
}
"""Hours by which a snooze is chosen."""
EXACT = "exact"
LAST_RUNS = 5


@get("/incidents", guards=[MAY_VIEW])
async def list_incidents(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow, page: AskedPage
) -> Response[str]:
    """The tenant's incidents, newest first."""
    _ = view_of(request).translate
    listing = Listing(
        path=INCIDENTS_PATH, query=dict(request.query_params), default_sort="-opened_at"
    )
    state = listing.chosen("state", STATES)
    async with uow.begin(actor) as tx:
        known = await all_integrations(tx)
        chosen = listing.chosen("integration", [str(each.id) for each in known])
        found = await queries.list_incidents(
            tx,
            page,
            integration_id=id_in(chosen),
            state=IncidentState(state) if state else None,
        )
        now = tx.now
    return rendering.page(
        request,
        "incidents/list.html",
        found=found,
        listing=listing,
        labels=STATES,
        now=now,
        states=[(code.value, _(label.text)) for code, label in STATES.items()],
        integrations=[(str(each.id), each.name) for each in known],
    )


@get(ONE, guards=[MAY_VIEW])
async def show_incident(
    request: ConsoleRequest, incident_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[str]:
    """One incident: since when, who was told, and the runs that went wrong."""
    async with uow.begin(actor) as tx:
        shown = await _read(request, tx, incident_id)
    return rendering.page(request, "incidents/detail.html", **shown, form=EMPTY_FORM)


async def _read(request: ConsoleRequest, tx: Tx, incident_id: UUID) -> dict[str, Any]:
    _ = view_of(request).translate
    incident = await queries.get_incident(tx, incident_id)
    runs = await list_runs(tx, incident.integration_id, PageRequest(limit=LAST_RUNS))
    until = tx.now.astimezone(ZoneInfo(tx.actor.timezone))
    return {
        "incident": incident,
        "label": STATES[IncidentState(incident.state)],
        "ending": ENDINGS.get(incident.closed_code or ""),
        "watch": await read_freshness(tx, incident.integration_id),
        "runs": runs.items,
        "now": tx.now,
        "spans": [*((hours, _(text)) for hours, text in SPANS.items())],
        "exact": EXACT,
        "earliest": f"{until:%Y-%m-%dT%H:%M}",
        "latest": f"{until + timedelta(days=MAX_SNOOZE_DAYS):%Y-%m-%dT%H:%M}",
        "most_days": MAX_SNOOZE_DAYS,
    }


@post(f"{ONE}/snooze", guards=[MAY_EDIT])
async def snooze_incident(
    request: ConsoleRequest, incident_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[Any]:
    """Tell nobody about the integration until the instant chosen."""
    view = view_of(request)
    sent = await sent_texts(request, "reason", "span", "until")
    try:
        async with uow.begin(actor) as tx:
            incident = await _open_incident(tx, incident_id)
            row = await service.snooze(
                tx, integration_id=incident.integration_id, data=_snooze_in(sent, tx)
            )
            until = row.snoozed_until or tx.now
    except InvalidInput as error:
        async with uow.begin(actor) as tx:
            shown = await _read(request, tx, incident_id)
        form = Form(sent).refused(error, view.translate)
        return rendering.page(
            request, "incidents/detail.html", status=error.status, **shown, form=form
        )
    _ = view.tell
    flash = Flash(text=_("Nobody is told until {until}.", until=until.isoformat()))
    return see_other(request, f"{INCIDENTS_PATH}/{incident_id}", flash=flash)


@post(f"{ONE}/wake", guards=[MAY_EDIT])
async def wake_incident(
    request: ConsoleRequest, incident_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[None]:
    """Tell people about the integration again from now on."""
    _ = view_of(request).translate
    async with uow.begin(actor) as tx:
        incident = await queries.get_incident(tx, incident_id)
        await service.end_snooze(tx, integration_id=incident.integration_id)
    flash = Flash(text=_("People are told again from now on."))
    return see_other(request, f"{INCIDENTS_PATH}/{incident_id}", flash=flash)


async def _open_incident(tx: Tx, incident_id: UUID) -> IncidentItem:
    incident = await queries.get_incident(tx, incident_id)
    if incident.closed_at is not None:
        raise InvalidInput(
            field_error("span", "incident-closed", "The incident has ended; nobody is told of it.")
        )
    return incident


def _snooze_in(sent: Mapping[str, str], tx: Tx) -> SnoozeIn:
    """The reason and the end that were chosen; what was typed is in the customer's zone."""
    return read_as(
        SnoozeIn, {"reason": sent["reason"], "until": _end(sent, tx)}, required=["reason", "until"]
    )


def _end(sent: Mapping[str, str], tx: Tx) -> datetime | None:
    if sent["span"] in SPANS:
        return tx.now + timedelta(hours=int(sent["span"]))
    if not sent["until"]:
        return None
    try:
        typed = datetime.fromisoformat(sent["until"])
        zoned = typed if typed.tzinfo else typed.replace(tzinfo=ZoneInfo(tx.actor.timezone))
        return zoned.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidInput(
            field_error("until", "not-an-instant", "Expected a date and a time.")
        ) from None


@get("/incidents/banner", guards=[MAY_VIEW])
async def show_incident_banner(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow
) -> Response[str]:
    """What is open and not snoozed; nothing when all is well."""
    async with uow.begin(actor) as tx:
        incidents = await queries.list_open_incidents(tx)
    return rendering.fragment(
        request, "incidents/banner.html", "banner", incidents=incidents, zone=actor.timezone
    )
