"""Integration › Loads: the list, and asking for an initial load."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from sindico_api.console import rendering
from sindico_api.console.forms import EMPTY_FORM, Form
from sindico_api.console.labels import status_label
from sindico_api.console.listing import Listing
from sindico_api.console.load_words import KIND_LABELS
from sindico_api.console.rendering import see_other
from sindico_api.console.submitted import id_in
from sindico_api.console.view import ConsoleRequest, Flash, view_of
from sindico_api.dependencies import AskedPage, CurrentActor, Uow
from sindico_api.guards import requires
from sindico_api.i18n import CONSOLE_PATH, Translator
from sindico_api.readers.table_words import TABLE_LABELS, table_label
from sindico_platform.database.tx import Tx
from sindico_platform.errors import InvalidInput, field_error
from sindico_platform.paging.schemas import MAX_LIMIT, PageRequest
from sindico_provisioning.erp_tables.queries import TABLES
from sindico_provisioning.integrations import queries as integrations
from sindico_provisioning.integrations.schemas import IntegrationOut
from sindico_provisioning.loads import queries, service
from sindico_provisioning.loads.errors import LoadAlreadyRunning
from sindico_provisioning.loads.models import ACTIVE, LoadKind, LoadStatus
from sindico_provisioning.loads.schemas import LoadFilters
from sindico_provisioning.loads.sources import SOURCES

LOADS_PATH = f"{CONSOLE_PATH}/loads"
MAY_VIEW, MAY_START, MAY_EDIT = (
    requires("loads:view"),
    requires("loads:include"),
    requires("loads:edit"),
)


@get("/loads", guards=[MAY_VIEW])
async def show_loads(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow, page: AskedPage
) -> Response[str]:
    """List loads, newest first; while one runs the list keeps itself fresh."""
    async with uow.begin(actor) as tx:
        shown = await read_loads(request, tx, page, path=LOADS_PATH)
    return rendering.page(request, "loads/list.html", **shown)


async def read_loads(
    request: ConsoleRequest, tx: Tx, page: PageRequest, *, path: str
) -> dict[str, Any]:
    """One page of the bound tenant's loads, as `ui.load_list` takes it; `path` is the screen's."""
    listing = Listing(path=path, query=dict(request.query_params), default_sort="-created_at")
    known = await all_integrations(tx)
    chosen = listing.chosen("integration", [str(each.id) for each in known])
    filters = LoadFilters(
        status=listing.chosen("status", tuple(LoadStatus)),
        kind=listing.chosen("kind", KIND_LABELS),
        integration_id=id_in(chosen),
    )
    found = await queries.list_loads(tx, request=page, filters=filters)
    return {
        "found": found,
        "counts": await queries.count_rows(tx, [load.id for load in found.items]),
        "now": tx.now,
        "listing": listing,
        "names": {each.id: each.name for each in known},
        "kinds": KIND_LABELS,
        "choices": _choices(known, view_of(request).translate),
        "is_moving": any(load.status in ACTIVE for load in found.items),
    }


@get("/loads/new", guards=[MAY_START])
async def show_new_load(request: ConsoleRequest, actor: CurrentActor, uow: Uow) -> Response[str]:
    """Choose what to load."""
    async with uow.begin(actor) as tx:
        known = await all_integrations(tx)
    return _new_load_page(request, known, EMPTY_FORM)


@post("/loads", guards=[MAY_START])
async def start_load(request: ConsoleRequest, actor: CurrentActor, uow: Uow) -> Response[Any]:
    """Start an initial load and show it; one that runs already is shown instead."""
    _ = view_of(request).translate
    data = await request.form()
    tables = data.getall("tables", [])
    form = Form({"integration_id": data.get("integration_id", ""), "tables": tables})
    try:
        async with uow.begin(actor) as tx:
            load = await service.start_load(
                tx,
                integration_id=_integration_id(form),
                kind=LoadKind.INITIAL,
                tables=tables or None,
            )
    except LoadAlreadyRunning as running:
        flash = Flash(text=_("This load is under way already."), tone="info")
        return see_other(request, f"{LOADS_PATH}/{running.facts['load_id']}", flash=flash)
    except InvalidInput as error:
        async with uow.begin(actor) as tx:
            known = await all_integrations(tx)
        return _new_load_page(request, known, form.refused(error, _), status=error.status)
    flash = Flash(text=_("The load was started. This page follows it."))
    return see_other(request, f"{LOADS_PATH}/{load.id}", flash=flash)


@post("/loads/{load_id:uuid}/cancel", guards=[MAY_EDIT])
async def cancel_load(
    request: ConsoleRequest, load_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[None]:
    """End a load; what was stored stays."""
    _ = view_of(request).translate
    async with uow.begin(actor) as tx:
        await service.cancel_load(tx, load_id=load_id)
    flash = Flash(text=_("The load was cancelled."), tone="info")
    return see_other(request, f"{LOADS_PATH}/{load_id}", flash=flash)


@post("/loads/{load_id:uuid}/resume", guards=[MAY_EDIT])
async def resume_load(
    request: ConsoleRequest, load_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[None]:
    """Let a load go on where it stopped."""
    _ = view_of(request).translate
    async with uow.begin(actor) as tx:
        await service.resume_load(tx, load_id=load_id)
    flash = Flash(text=_("The load goes on where it stopped."))
    return see_other(request, f"{LOADS_PATH}/{load_id}", flash=flash)


async def all_integrations(tx: Tx) -> list[IntegrationOut]:
    """The bound tenant's integrations by name; no package allows more than one page of them."""
    found = await integrations.list_integrations(tx, PageRequest(limit=MAX_LIMIT))
    return found.items


def choose_integration(known: list[IntegrationOut], asked: Any) -> IntegrationOut | None:
    """The one whose id was asked for, else the one that provisioning made, else any."""
    wanted = id_in(asked)
    ranked = sorted(known, key=lambda each: (each.id != wanted, not each.is_default))
    return ranked[0] if ranked else None


def _choices(known: list[IntegrationOut], _: Translator) -> dict[str, list[tuple[str, str]]]:
    """Options of the list's filters."""
    return {
        "status": [(each, _(status_label(each).text)) for each in LoadStatus],
        "kind": [(code, _(label)) for code, label in KIND_LABELS.items()],
        "integration": [(str(each.id), each.name) for each in known],
    }


def _new_load_page(
    request: ConsoleRequest, known: list[IntegrationOut], form: Form, status: int = 200
) -> Response[str]:
    loadable = [each for each in known if each.state == "active" and each.kind in SOURCES]
    return rendering.page(
        request,
        "loads/new.html",
        status=status,
        form=form,
        loadable=loadable,
        known=known,
        tables=[(name, table_label(name)) for name in TABLES if name in TABLE_LABELS],
    )


def _integration_id(form: Form) -> UUID:
    integration_id = id_in(form.value("integration_id"))
    if integration_id is None:
        raise InvalidInput(field_error("integration_id", "required", "Choose an integration."))
    return integration_id
