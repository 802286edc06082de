"""CRM settings › Integration › ERP data: one screen with what an integration is and what it did.

The first tab, *General information*: facts, settings, commands, and the log of the runs.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from sindico_api.console import rendering
from sindico_api.console.forms import EMPTY_FORM, Form
from sindico_api.console.labels import Label, status_label
from sindico_api.console.listing import Listing
from sindico_api.console.loads import all_integrations, choose_integration
from sindico_api.console.rendering import see_other
from sindico_api.console.submitted import read_as, revision_in, sent_texts, whole_numbers_in
from sindico_api.console.view import ConsoleRequest, Flash, view_of
from sindico_api.dependencies import AskedPage, CurrentActor, Uow
from sindico_api.guards import requires
from sindico_api.i18n import CONSOLE_PATH
from sindico_platform.database.tx import Tx
from sindico_platform.errors import FieldError, InvalidInput, field_error
from sindico_platform.paging.schemas import Page, PageRequest
from sindico_platform.words import translatable
from sindico_provisioning.exchanges.queries import find_last_request
from sindico_provisioning.freshness import queries as freshness
from sindico_provisioning.freshness import service as freshness_service
from sindico_provisioning.freshness.schemas import MAX_CONTACTS, FreshnessIn
from sindico_provisioning.integrations import queries as integrations
from sindico_provisioning.integrations import service as integration_service
from sindico_provisioning.integrations.models import IntegrationKind
from sindico_provisioning.integrations.schemas import IntegrationFactsIn, IntegrationOut
from sindico_provisioning.loads import queries as loads
from sindico_provisioning.loads.errors import LoadAlreadyRunning
from sindico_provisioning.loads.history import queries as history
from sindico_provisioning.loads.history.schemas import RunItem
from sindico_provisioning.loads.models import ACTIVE
from sindico_provisioning.loads.sources import SOURCES
from sindico_provisioning.packages import queries as packages
from sindico_provisioning.schedules import queries as schedules
from sindico_provisioning.schedules import service
from sindico_provisioning.schedules.models import ScheduleKind
from sindico_provisioning.schedules.schemas import ScheduleIn
from sindico_provisioning.staging import queries as staging

ERP_DATA_PATH = f"{CONSOLE_PATH}/erp-data"
HISTORY_PATH = f"{ERP_DATA_PATH}/history"
MAY_VIEW, MAY_EDIT, MAY_RUN = (
    requires("integrations:view"),
    requires("integrations:edit"),
    requires("loads:include"),
)
CHARTED_RUNS = 30
TYPES: dict[str, str] = {
    "api": translatable("API: the ERP sends its data to us"),
    "view": translatable("View: we read views of the ERP's database"),
    "mega": translatable("API: we ask the ERP for its data"),
    "erpx": translatable("API: we ask the ERP for its data"),
}
DEPLOYMENT: dict[str, Label] = {
    "active": Label(translatable("Completed"), "circle-check", "good"),
    "provisioning": Label(translatable("In progress"), "refresh", "info"),
    "failed": Label(translatable("Error"), "alert-circle", "bad"),
    "absent": Label(translatable("Not begun"), "circle-dashed", "neutral"),
}
RUN_STATUSES: dict[str, Label] = {
    "succeeded": Label(translatable("Success"), "circle-check", "good"),
    "failed": Label(translatable("Error"), "alert-circle", "bad"),
}
UNUSUAL: dict[str, str] = {
    "slow": translatable("Slower than usual"),
    "quick": translatable("Quicker than usual"),
    "few-rows": translatable("Fewer records than usual"),
    "many-rows": translatable("More records than usual"),
}
FIELDS = (
    "kind",
    "times",
    "interval_minutes",
    "revision",
    "max_hours",
    "contacts",
    "freshness_revision",
    *IntegrationFactsIn.__struct_fields__,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """One run in the chart."""

    run: RunItem
    height: float
    """Share of the longest run, 0–100."""
    tone: str


def frame_of(request: ConsoleRequest, current: str) -> dict[str, Any]:
    """What the frame around both tabs shows."""
    view = view_of(request)
    may = request.user.may
    tabs = [
        (ERP_DATA_PATH, view.translate("General information"), "integrations:view"),
        (HISTORY_PATH, view.translate("History"), "exchanges:export"),
    ]
    return {
        "tabs": [
            {"label": label, "href": href, "current": href == current}
            for href, label, permission in tabs
            if may(permission)
        ]
    }


@get("/erp-data", guards=[MAY_VIEW])
async def show_erp_data(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow, page: AskedPage
) -> Response[str]:
    """What the integration is, and what its runs were like; fresh while one runs."""
    async with uow.begin(actor) as tx:
        shown = await _read(request, tx, page)
    return rendering.page(request, "erp_data/general.html", **shown, form=EMPTY_FORM)


async def _read(
    request: ConsoleRequest, tx: Tx, page: PageRequest, wanted: UUID | None = None
) -> dict[str, Any]:
    known = await all_integrations(tx)
    listing = Listing(path=ERP_DATA_PATH, query=dict(request.query_params), scope={"integration"})
    chosen = choose_integration(known, wanted or listing.query.get("integration"))
    frame = frame_of(request, ERP_DATA_PATH)
    if chosen is None:
        return {**frame, "integration": None}
    runs, newest = await _read_runs(tx, chosen.id, page)
    subscription = await packages.find_subscription(tx)
    return {
        **frame,
        "integration": chosen,
        "others": [each for each in known if each.id != chosen.id],
        "listing": listing,
        "type": TYPES[chosen.kind],
        "is_runnable": chosen.kind in SOURCES,
        "is_pushed": chosen.kind == IntegrationKind.API,
        "deployment": DEPLOYMENT[subscription.crm_state] if subscription else None,
        "schedule": await schedules.read_schedule(tx, chosen.id, translate=view_of(request).tell),
        "freshness": await freshness.read_freshness(tx, chosen.id),
        "max_contacts": MAX_CONTACTS,
        "figures": await history.read_figures(tx, chosen.id),
        "last_request": await _find_last_request(tx, chosen),
        "runs": runs,
        "counts": await loads.count_rows(tx, [run.id for run in runs.items]),
        "run_label": run_label,
        "unusual": UNUSUAL,
        "bars": _bars(newest),
        "is_moving": await loads.find_active_load(tx, chosen.id) is not None,
    }


async def _read_runs(
    tx: Tx, integration_id: UUID, page: PageRequest
) -> tuple[Page[RunItem], Page[RunItem]]:
    """The page that is asked for, and the newest, which the chart is of wherever one stands."""
    wanted = PageRequest(limit=min(page.limit, CHARTED_RUNS), after=page.after)
    charted = PageRequest(limit=CHARTED_RUNS)
    runs = await history.list_runs(tx, integration_id, wanted)
    if wanted == charted:
        return runs, runs
    return runs, await history.list_runs(tx, integration_id, charted)


async def _find_last_request(tx: Tx, integration: IntegrationOut) -> datetime | None:
    """When the ERP last asked us for something; one that we ask never does."""
    if integration.kind != IntegrationKind.API:
        return None
    return await find_last_request(tx, integration_id=integration.id)


def run_label(status: str) -> Label:
    """Success and error as the panel says them; other states as everywhere."""
    return RUN_STATUSES.get(status) or status_label(status)


def _bars(runs: Page[RunItem]) -> list[Bar]:
    """The runs that have ended as a chart, oldest first."""
    ended = [run for run in runs.items if run.status not in ACTIVE]
    longest = max((run.duration_seconds or 0 for run in ended), default=0) or 1
    return [
        Bar(
            run=run,
            height=max(2.0, 100 * (run.duration_seconds or 0) / longest),
            tone=run_label(run.status).tone,
        )
        for run in reversed(ended)
    ]


@get("/erp-data/{integration_id:uuid}/size", guards=[MAY_VIEW])
async def show_size(
    request: ConsoleRequest, integration_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[str]:
    """The size of the intermediate database; counting takes a moment, so the page asks for it."""
    async with uow.begin(actor) as tx:
        await integrations.get_integration(tx, integration_id)
        size = await staging.measure_bytes(tx, integration_id=integration_id)
    return rendering.fragment(request, "erp_data/size.html", "size", size=size)


@post("/erp-data/{integration_id:uuid}", guards=[MAY_EDIT])
async def save_erp_data(
    request: ConsoleRequest, integration_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[Any]:
    """Keep the schedule and what is told about the ERP."""
    _ = view_of(request).translate
    sent = await sent_texts(request, *FIELDS)
    try:
        async with uow.begin(actor) as tx:
            await _save(tx, integration_id, sent)
    except InvalidInput as error:
        async with uow.begin(actor) as tx:
            shown = await _read(request, tx, PageRequest(limit=CHARTED_RUNS), integration_id)
        faults = (replace(each, field=each.field.split(".")[0]) for each in error.errors)
        form = Form(sent).refused(InvalidInput(*faults), _)
        return rendering.page(
            request, "erp_data/general.html", status=error.status, **shown, form=form
        )
    return _back(request, integration_id, Flash(text=_("The settings were saved.")))


async def _save(tx: Tx, integration_id: UUID, sent: dict[str, str]) -> None:
    told = {name: sent[name] or None for name in IntegrationFactsIn.__struct_fields__}
    integration = await integration_service.set_facts(
        tx, integration_id=integration_id, data=read_as(IntegrationFactsIn, told)
    )
    steps = [_save_contacts, _save_limit]
    if integration.kind in SOURCES and sent["kind"]:
        steps.append(_save_schedule)
    faults: list[FieldError] = []
    for save in steps:
        try:
            await save(tx, integration_id, sent)
        except InvalidInput as error:
            faults.extend(error.errors)
    if faults:
        raise InvalidInput(*faults)


async def _save_contacts(tx: Tx, integration_id: UUID, sent: dict[str, str]) -> None:
    """Keep who is told, unless they are told already.

    What was sent without a revision comes from a page that has no such field, and says nothing.
    """
    now = await freshness.read_freshness(tx, integration_id)
    lines = (each.strip() for each in re.split(r"[\r\n,;]", sent["contacts"]))
    contacts = [each for each in dict.fromkeys(lines) if each]
    if not sent["freshness_revision"] or contacts == now.contacts:
        return
    await freshness_service.save_contacts(
        tx,
        integration_id=integration_id,
        contacts=contacts,
        revision=revision_in(sent["freshness_revision"]),
    )


async def _save_limit(tx: Tx, integration_id: UUID, sent: dict[str, str]) -> None:
    """Keep the maximum time without success, unless it is the one in force already."""
    now = await freshness.read_freshness(tx, integration_id)
    if sent["max_hours"] == str(now.max_hours or ""):
        return
    limit = whole_numbers_in(sent, "max_hours")["max_hours"]
    data = FreshnessIn(max_hours=limit, contacts=tuple(now.contacts))
    await freshness_service.save_freshness(tx, integration_id=integration_id, data=data)


async def _save_schedule(tx: Tx, integration_id: UUID, sent: dict[str, str]) -> None:
    """Plan anew, unless it runs like that already: an interval would begin once more."""
    data = _schedule_in(sent)
    now = await schedules.find_schedule(tx, integration_id)
    if now and (now.kind, tuple(now.times), now.interval_minutes) == (
        data.kind,
        data.times,
        data.interval_minutes,
    ):
        return
    await service.save_schedule(
        tx, integration_id=integration_id, data=data, revision=revision_in(sent["revision"])
    )


def _schedule_in(sent: dict[str, str]) -> ScheduleIn:
    kind = sent["kind"]
    if kind == ScheduleKind.DAILY:
        times = sent["times"].replace(",", " ").replace(";", " ").split()
        return ScheduleIn(kind="daily", times=tuple(map(_two_digit_hour, times)))
    if kind == ScheduleKind.INTERVAL:
        minutes = whole_numbers_in(sent, "interval_minutes")["interval_minutes"]
        return ScheduleIn(kind="interval", interval_minutes=minutes)
    return ScheduleIn(kind="none")


def _two_digit_hour(time: str) -> str:
    """6:00, as people write it, is 06:00."""
    return time.zfill(len("06:00"))


@post("/erp-data/{integration_id:uuid}/run", guards=[MAY_RUN])
async def run_now(
    request: ConsoleRequest, integration_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[None]:
    """Start a load of everything; one that is under way is shown instead."""
    _ = view_of(request).translate
    flash = Flash(text=_("The integration runs now; the list below follows it."))
    try:
        async with uow.begin(actor) as tx:
            await service.run_now(tx, integration_id=integration_id)
    except LoadAlreadyRunning:
        flash = Flash(text=_("The integration is running already."), tone="info")
    return _back(request, integration_id, flash)


@post("/erp-data/{integration_id:uuid}/pause", guards=[MAY_EDIT])
async def pause_schedule(
    request: ConsoleRequest, integration_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[None]:
    """Let the integration run no more by itself."""
    _ = view_of(request).translate
    sent = await sent_texts(request, "reason")
    if not sent["reason"]:
        raise InvalidInput(field_error("reason", "required", "Say why."))
    async with uow.begin(actor) as tx:
        await service.pause_schedule(tx, integration_id=integration_id, reason=sent["reason"])
    return _back(request, integration_id, Flash(text=_("The schedule was paused."), tone="info"))


@post("/erp-data/{integration_id:uuid}/resume", guards=[MAY_EDIT])
async def resume_schedule(
    request: ConsoleRequest, integration_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[None]:
    """Let the integration run by itself again."""
    _ = view_of(request).translate
    async with uow.begin(actor) as tx:
        await service.resume_schedule(tx, integration_id=integration_id)
    return _back(request, integration_id, Flash(text=_("The schedule goes on.")))


def _back(request: ConsoleRequest, integration_id: UUID, flash: Flash) -> Response[None]:
    return see_other(request, f"{ERP_DATA_PATH}?integration={integration_id}", flash=flash)
