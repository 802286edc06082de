"""Importing companies and branches from the ERP now: a load of these two tables alone."""

from dataclasses import dataclass
from typing import Any

from litestar import Response, post

from sindico_api.console.company_settings import BRANCHES_TAB, COMPANIES_TAB
from sindico_api.console.loads import all_integrations
from sindico_api.console.rendering import see_other
from sindico_api.console.submitted import id_in, sent_texts
from sindico_api.console.view import ConsoleRequest, Flash, view_of
from sindico_api.dependencies import CurrentActor, Uow
from sindico_api.guards import requires
from sindico_api.i18n import Translator
from sindico_platform.database.tx import Tx
from sindico_platform.errors import InvalidInput, field_error
from sindico_provisioning.erp_tables.queries import OWN_TABLES
from sindico_provisioning.integrations.schemas import IntegrationOut
from sindico_provisioning.loads import queries, service
from sindico_provisioning.loads.errors import LoadAlreadyRunning
from sindico_provisioning.loads.models import LoadKind, LoadStatus
from sindico_provisioning.loads.schemas import Brought, LoadOut
from sindico_provisioning.loads.sources import SOURCES, list_ready

BROUGHT = ("companies", "branches")
"""Our tables that the ERP's two fill."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ErpImport:
    """Where the import stands, and whether one can be started."""

    ready: list[IntegrationOut]
    """Those that can be read now."""
    obstacle: str | None
    """Why none can: ``none``, ``unavailable`` or ``unconfigured``."""
    running: LoadOut | None
    failed: LoadOut | None
    """The newest load of these tables, if it failed."""
    last: Brought | None


async def read_import(tx: Tx, _: Translator) -> ErpImport | None:
    """What the tabs show of it, to those who may see loads or start them."""
    if not (tx.actor.may("loads:view") or tx.actor.may("loads:include")):
        return None
    known = await all_integrations(tx)
    pulled = [each for each in known if each.state == "active" and each.kind in SOURCES]
    ready = await list_ready(tx, pulled)
    return ErpImport(
        ready=ready,
        obstacle=None if ready else _obstacle(known, pulled),
        running=await _find_running(tx),
        failed=await _find_failed(tx, _),
        last=await queries.find_last_brought(tx, BROUGHT),
    )


@post("/company-settings/import", guards=[requires("loads:include")])
async def start_import(request: ConsoleRequest, actor: CurrentActor, uow: Uow) -> Response[Any]:
    """Start a load of companies and branches; the tab follows it."""
    _, sent = view_of(request).translate, await sent_texts(request, "integration_id", "tab")
    integration_id = id_in(sent["integration_id"])
    if integration_id is None:
        raise InvalidInput(field_error("integration_id", "required", "Choose an integration."))
    flash = Flash(text=_("The import was started; its progress shows here."))
    try:
        async with uow.begin(actor) as tx:
            await service.start_load(
                tx, integration_id=integration_id, kind=LoadKind.MANUAL, tables=OWN_TABLES
            )
    except LoadAlreadyRunning:
        flash = Flash(text=_("A load is under way already; wait for its end."), tone="info")
    tab = BRANCHES_TAB if sent["tab"] == BRANCHES_TAB.path else COMPANIES_TAB
    return see_other(request, tab.href, flash=flash)


def _obstacle(known: list[IntegrationOut], pulled: list[IntegrationOut]) -> str:
    if not known:
        return "none"
    return "unconfigured" if pulled else "unavailable"


async def _find_running(tx: Tx) -> LoadOut | None:
    """The load that keeps another from starting."""
    load_id = await queries.find_any_active_load(tx)
    return await queries.get_load(tx, load_id) if load_id else None


async def _find_failed(tx: Tx, _: Translator) -> LoadOut | None:
    newest = await queries.find_newest_of(tx, OWN_TABLES)
    load = await queries.get_load(tx, newest, translate=_) if newest else None
    return load if load is not None and load.status == LoadStatus.FAILED else None
