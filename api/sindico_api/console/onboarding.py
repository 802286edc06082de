"""Integração › Acompanhamento da implantação, for the tenant's own people and for the vendor's."""

from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from msgspec import Meta, Struct

from sindico_api.console.listing import Listing
from sindico_api.console.loads import LOADS_PATH, all_integrations, choose_integration
from sindico_api.console.rendering import page as show_page
from sindico_api.console.rendering import see_other
from sindico_api.console.tenant_detail import TENANT, frame_of, read_tenant
from sindico_api.console.tenants import tenant_path
from sindico_api.console.view import ConsoleRequest, Flash, view_of
from sindico_api.dependencies import AskedPage, CurrentActor, Uow
from sindico_api.i18n import CONSOLE_PATH
from sindico_api.readers.table_words import table_label
from sindico_api.v1.onboarding import MAY_COMPARE, MAY_FOLLOW, MAY_SIGN, MAY_SIGN_FOR, MAY_VIEW
from sindico_platform.database.tx import Tx
from sindico_platform.words import translatable
from sindico_provisioning.loads.sources import is_read
from sindico_provisioning.onboarding import queries, service
from sindico_provisioning.reconciliation import queries as reconciliation
from sindico_provisioning.reconciliation.jobs import start_reconciliation as start
from sindico_provisioning.reconciliation.models import DifferenceKind
from sindico_provisioning.reconciliation.schemas import Basis

ONBOARDING_PATH = f"{CONSOLE_PATH}/onboarding"
TAB = "/onboarding"
KIND_LABELS = {
    DifferenceKind.MISSING: translatable("In the ERP, not here"),
    DifferenceKind.EXTRA: translatable("Here, not in the ERP"),
    DifferenceKind.CHANGED: translatable("With other values"),
    DifferenceKind.OUTSIDE_CRM: translatable("Here, not in the CRM"),
}


class SignOffForm(Struct, frozen=True):
    """The dialog that signs a table off."""

    integration: UUID
    note: Annotated[str, Meta(max_length=1000)] = ""


class WithdrawForm(Struct, frozen=True):
    """The dialog that takes a sign-off back."""

    integration: UUID
    reason: Annotated[str, Meta(min_length=1, max_length=1000)]


class CompareForm(Struct, frozen=True):
    """The buttons that start a reconciliation."""

    integration: UUID
    by: Basis = Basis.ROWS


SignOffData = Annotated[SignOffForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
WithdrawData = Annotated[WithdrawForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
CompareData = Annotated[CompareForm, Body(media_type=RequestEncodingType.URL_ENCODED)]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rights:
    """What the screen offers to its reader."""

    may_sign: bool
    may_compare: bool
    sees_rows: bool


@get("/onboarding", guards=[MAY_VIEW])
async def show_onboarding(request: ConsoleRequest, actor: CurrentActor, uow: Uow) -> Response[str]:
    """What came of each table; while something runs the page keeps itself fresh."""
    async with uow.begin(actor) as tx:
        rights = Rights(
            may_sign=actor.may("onboarding:edit"),
            may_compare=actor.may("onboarding:include"),
            sees_rows=queries.sees_rows(tx),
        )
        shown = await read_progress(request, tx, rights, path=ONBOARDING_PATH)
    return show_page(request, "onboarding/own.html", **shown)


@get(f"{TENANT}{TAB}", guards=[MAY_FOLLOW])
async def show_onboarding_of_tenant(
    request: ConsoleRequest, tenant_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[str]:
    """The same of a customer, for the focal point of its deployment; no record is shown."""
    async with uow.begin(actor, tenant=tenant_id) as tx:
        rights = Rights(
            may_sign=actor.may("provisioning:edit"),
            may_compare=False,
            sees_rows=queries.sees_rows(tx),
        )
        tenant = await read_tenant(tx)
        path = f"{tenant_path(tenant_id)}{TAB}"
        shown = await read_progress(request, tx, rights, path=path)
    return show_page(request, "tenants/onboarding.html", **shown, **frame_of(request, tenant, TAB))


async def read_progress(
    request: ConsoleRequest, tx: Tx, rights: Rights, *, path: str
) -> dict[str, Any]:
    """What `ui.onboarding` takes, of the integration in the address or else the first."""
    known = await all_integrations(tx)
    listing = Listing(path=path, query=dict(request.query_params))
    integration = choose_integration(known, listing.query.get("integration"))
    progress = (
        None
        if integration is None
        else await queries.read_onboarding(tx, integration.id, translate=view_of(request).tell)
    )
    return {
        "progress": progress,
        "listing": listing,
        "path": path,
        "rights": rights,
        "is_pulled": integration is not None and is_read(integration.kind),
        "integration_choices": [(str(each.id), each.name) for each in known],
        "table_label": table_label,
        "loads_path": LOADS_PATH,
        "kinds": KIND_LABELS,
    }


@post("/onboarding/{table:str}/sign-off", guards=[MAY_SIGN])
async def sign_off(
    request: ConsoleRequest,
    table: FromPath[str],
    actor: CurrentActor,
    uow: Uow,
    data: SignOffData,
) -> Response[None]:
    """Sign one of one's own tables off."""
    async with uow.begin(actor) as tx:
        await service.sign_off(tx, integration_id=data.integration, table=table, note=data.note)
    return _back(request, ONBOARDING_PATH, data.integration, table)


@post(f"{TENANT}{TAB}/{{table:str}}/sign-off", guards=[MAY_SIGN_FOR])
async def sign_off_for_tenant(
    *,
    request: ConsoleRequest,
    tenant_id: FromPath[UUID],
    table: FromPath[str],
    actor: CurrentActor,
    uow: Uow,
    data: SignOffData,
) -> Response[None]:
    """Sign a customer's table off."""
    async with uow.begin(actor, tenant=tenant_id) as tx:
        await service.sign_off(tx, integration_id=data.integration, table=table, note=data.note)
    return _back(request, f"{tenant_path(tenant_id)}{TAB}", data.integration, table)


@post("/onboarding/{table:str}/withdraw", guards=[MAY_SIGN])
async def withdraw(
    request: ConsoleRequest,
    table: FromPath[str],
    actor: CurrentActor,
    uow: Uow,
    data: WithdrawData,
) -> Response[None]:
    """Take one's own sign-off back."""
    async with uow.begin(actor) as tx:
        await service.withdraw(tx, integration_id=data.integration, table=table, reason=data.reason)
    return _withdrawn(request, ONBOARDING_PATH, data.integration)


@post(f"{TENANT}{TAB}/{{table:str}}/withdraw", guards=[MAY_SIGN_FOR])
async def withdraw_for_tenant(
    *,
    request: ConsoleRequest,
    tenant_id: FromPath[UUID],
    table: FromPath[str],
    actor: CurrentActor,
    uow: Uow,
    data: WithdrawData,
) -> Response[None]:
    """Take the sign-off of a customer's table back."""
    async with uow.begin(actor, tenant=tenant_id) as tx:
        await service.withdraw(tx, integration_id=data.integration, table=table, reason=data.reason)
    return _withdrawn(request, f"{tenant_path(tenant_id)}{TAB}", data.integration)


@post("/onboarding/reconcile", guards=[MAY_COMPARE])
async def compare(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow, data: CompareData
) -> Response[None]:
    """Compare with the ERP in the background; the page follows it."""
    async with uow.begin(actor) as tx:
        await start(tx, integration_id=data.integration, by=data.by)
    _ = view_of(request).translate
    flash = Flash(text=_("The reconciliation was started. This page follows it."))
    return see_other(request, f"{ONBOARDING_PATH}?integration={data.integration}", flash=flash)


@get("/onboarding/differences/{reconciliation_id:uuid}/{table:str}", guards=[MAY_VIEW])
async def show_differences(
    *,
    request: ConsoleRequest,
    reconciliation_id: FromPath[UUID],
    table: FromPath[str],
    actor: CurrentActor,
    uow: Uow,
    page: AskedPage,
) -> Response[str]:
    """The keys of one table that differ."""
    path = f"{ONBOARDING_PATH}/differences/{reconciliation_id}/{quote(table)}"
    listing = Listing(path=path, query=dict(request.query_params), default_sort="key")
    kinds = [str(each) for each in DifferenceKind]
    kind = listing.chosen("kind", kinds) or kinds[0]
    async with uow.begin(actor) as tx:
        done = await reconciliation.read_reconciliation(tx, reconciliation_id)
        found = await reconciliation.list_differences(
            tx, reconciliation_id, page, table=table, kind=kind
        )
    _ = view_of(request).translate
    return show_page(
        request,
        "onboarding/differences.html",
        found=found,
        listing=listing,
        table=next((each for each in done.tables if each.table == table), None),
        title=_(table_label(table)),
        back=f"{ONBOARDING_PATH}?integration={done.integration_id}",
        kind=kind,
        kinds=KIND_LABELS,
    )


def _back(request: ConsoleRequest, path: str, integration: UUID, table: str) -> Response[None]:
    _ = view_of(request).translate
    flash = Flash(text=_("{table} is signed off.", table=_(table_label(table))))
    return see_other(request, f"{path}?integration={integration}", flash=flash)


def _withdrawn(request: ConsoleRequest, path: str, integration: UUID) -> Response[None]:
    _ = view_of(request).translate
    flash = Flash(text=_("The sign-off was withdrawn."), tone="info")
    return see_other(request, f"{path}?integration={integration}", flash=flash)
