"""One customer as the vendor sees it: a header with its state, and a tab for each side of it."""

from functools import partial
from typing import Annotated, Any
from uuid import UUID

from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from msgspec import Meta, Struct

from sindico_api.console.audit_lines import show_difference
from sindico_api.console.audit_values import Reader
from sindico_api.console.listing import Listing
from sindico_api.console.rendering import page as show_page
from sindico_api.console.rendering import see_other
from sindico_api.console.submitted import confirmation_faults
from sindico_api.console.tenants import tenant_path
from sindico_api.console.view import ConsoleRequest, Flash, view_of
from sindico_api.dependencies import AskedPage, CurrentActor, Uow
from sindico_api.guards import requires
from sindico_api.readers import offers
from sindico_platform.database.tx import Tx
from sindico_platform.errors import InvalidInput, field_error
from sindico_platform.words import translatable
from sindico_provisioning.default_records import service as defaults
from sindico_provisioning.integrations import queries as integrations
from sindico_provisioning.notifications import queries as notifications
from sindico_provisioning.packages import service as packages
from sindico_provisioning.packages.queries import get_subscription
from sindico_provisioning.provisioning_runs import queries as runs
from sindico_provisioning.service_properties.catalogue import SERVICE_OF
from sindico_provisioning.tenant_registry import queries, service
from sindico_provisioning.tenant_registry.schemas import TenantOut

TENANT = "/tenants/{tenant_id:uuid}"
TABS = (
    ("", translatable("Deployment"), "tenants:view"),
    ("/package", translatable("Package and usage"), "tenants:view"),
    ("/default-records", translatable("Default records"), "provisioning:view"),
    ("/integrations", translatable("Integrations"), "provisioning:view"),
    ("/service-properties", translatable("Configuration"), "provisioning:view"),
    ("/loads", translatable("Loads"), "provisioning:view"),
    ("/onboarding", translatable("Follow-up of the deployment"), "provisioning:view"),
    ("/notifications", translatable("Notifications"), "tenants:view"),
    ("/audit", translatable("Audit"), "tenants:view"),
)
"""Path below the tenant's, label, and who may open it."""
Reason = Annotated[str, Meta(max_length=500)]


class StateIn(Struct, frozen=True):
    """The dialogs that suspend, resume and close."""

    reason: Reason = ""
    confirmation: Annotated[str, Meta(max_length=253)] = ""
    """The tenant's domain, typed by the person."""
    grace_days: Annotated[int, Meta(ge=0, le=365)] = 30


class RepairIn(Struct, frozen=True):
    """Which default record to repair; all without one."""

    record: Annotated[str, Meta(max_length=200)] = ""


StateForm = Annotated[StateIn, Body(media_type=RequestEncodingType.URL_ENCODED)]
RepairForm = Annotated[RepairIn, Body(media_type=RequestEncodingType.URL_ENCODED)]


def frame_of(request: ConsoleRequest, tenant: TenantOut, current: str) -> dict[str, Any]:
    """What the frame of every tab shows; instants are told in the customer's zone.

    Args:
        current: path of the tab below the tenant's.
    """
    view, base = view_of(request), tenant_path(tenant.id)
    tabs = [
        {"label": view.translate(label), "href": f"{base}{path}", "current": path == current}
        for path, label, permission in TABS
        if view.viewer and view.viewer.may(permission)
    ]
    return {
        "tenant": tenant,
        "tenant_href": base,
        "tabs": tabs,
        "offers": offers,
        "zone": tenant.timezone,
    }


async def read_tenant(tx: Tx) -> TenantOut:
    """Raises: TenantNotFound when there is no such customer."""
    return TenantOut.from_rows(*await queries.get_tenant(tx))


@get(TENANT, guards=[requires("tenants:view")])
async def show_tenant(
    request: ConsoleRequest,
    tenant_id: FromPath[UUID],
    actor: CurrentActor,
    uow: Uow,
    page: AskedPage,
) -> Response[str]:
    """The registration, what is used of the package, and every provisioning run so far."""
    async with uow.begin(actor, tenant=tenant_id) as tx:
        tenant = await read_tenant(tx)
        found = await runs.list_runs(tx, page) if actor.may("provisioning:view") else None
        usage = await packages.list_usage(tx)
    listing = Listing(path=tenant_path(tenant_id), query=dict(request.query_params))
    frame = frame_of(request, tenant, "")
    return show_page(
        request, "tenants/deployment.html", runs=found, usage=usage, listing=listing, **frame
    )


@get(f"{TENANT}/default-records", guards=[requires("provisioning:view")])
async def check_default_records(
    request: ConsoleRequest, tenant_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[str]:
    """Conferir cadastros: whether what every tenant must have is there and right."""
    async with uow.begin(actor, tenant=tenant_id) as tx:
        tenant = await read_tenant(tx)
        found = await defaults.check(tx, await get_subscription(tx))
    frame = frame_of(request, tenant, "/default-records")
    reader = Reader(translate=view_of(request).translate, zone=tenant.timezone, names={})
    return show_page(
        request,
        "tenants/default_records.html",
        found=found,
        tell_difference=partial(show_difference, reader=reader),
        **frame,
    )


@post(f"{TENANT}/default-records/repair", guards=[requires("provisioning:edit")])
async def repair_default_records(
    request: ConsoleRequest,
    tenant_id: FromPath[UUID],
    actor: CurrentActor,
    uow: Uow,
    data: RepairForm,
) -> Response[None]:
    """Make right what is not: one record, or all."""
    _, codes = view_of(request).translate, [data.record] if data.record else None
    async with uow.begin(actor, tenant=tenant_id) as tx:
        found = await defaults.repair(tx, await get_subscription(tx, lock=True), codes=codes)
    wrong = sum(item.status != "ok" for item in found.records)
    text = (
        _.ngettext(
            "{count} record is still not right.", "{count} records are still not right.", wrong
        )
        if wrong
        else _("Every default record is right.")
    )
    flash = Flash(text=text, tone="warn" if wrong else "good")
    return see_other(request, f"{tenant_path(tenant_id)}/default-records", flash=flash)


@get(f"{TENANT}/integrations", guards=[requires("provisioning:view")])
async def list_integrations(
    request: ConsoleRequest,
    tenant_id: FromPath[UUID],
    actor: CurrentActor,
    uow: Uow,
    page: AskedPage,
) -> Response[str]:
    """The sources of the customer's ERP data."""
    async with uow.begin(actor, tenant=tenant_id) as tx:
        tenant = await read_tenant(tx)
        found = await integrations.list_integrations(tx, page)
    path = f"{tenant_path(tenant_id)}/integrations"
    listing = Listing(path=path, query=dict(request.query_params), default_sort="name")
    frame = frame_of(request, tenant, "/integrations")
    return show_page(
        request,
        "tenants/integrations.html",
        integrations=found,
        listing=listing,
        services=SERVICE_OF,
        **frame,
    )


@get(f"{TENANT}/notifications", guards=[requires("tenants:view")])
async def list_notifications(
    request: ConsoleRequest,
    tenant_id: FromPath[UUID],
    actor: CurrentActor,
    uow: Uow,
    page: AskedPage,
) -> Response[str]:
    """What the customer's people were told."""
    async with uow.begin(actor, tenant=tenant_id) as tx:
        tenant = await read_tenant(tx)
        found = await notifications.list_notifications(tx, page, translate=view_of(request).tell)
    path = f"{tenant_path(tenant_id)}/notifications"
    listing = Listing(path=path, query=dict(request.query_params))
    frame = frame_of(request, tenant, "/notifications")
    return show_page(
        request, "tenants/notifications.html", notifications=found, listing=listing, **frame
    )


@post(f"{TENANT}/suspend", guards=[requires("tenants:edit")])
async def suspend_tenant(
    request: ConsoleRequest,
    tenant_id: FromPath[UUID],
    actor: CurrentActor,
    uow: Uow,
    data: StateForm,
) -> Response[None]:
    """Lock the customer's people and programs out."""
    async with uow.begin(actor, tenant=tenant_id) as tx:
        _demand_confirmed(await read_tenant(tx), data)
        await service.suspend_tenant(tx, reason=data.reason.strip())
    _ = view_of(request).translate
    flash = Flash(text=_("The tenant is suspended: nobody of it can come in."), tone="warn")
    return see_other(request, tenant_path(tenant_id), flash=flash)


@post(f"{TENANT}/resume", guards=[requires("tenants:edit")])
async def resume_tenant(
    request: ConsoleRequest,
    tenant_id: FromPath[UUID],
    actor: CurrentActor,
    uow: Uow,
    data: StateForm,
) -> Response[None]:
    """Let the customer in again, or take back its closing."""
    async with uow.begin(actor, tenant=tenant_id) as tx:
        await service.resume_tenant(tx, reason=data.reason.strip() or None)
    _ = view_of(request).translate
    flash = Flash(text=_("The tenant is active again."))
    return see_other(request, tenant_path(tenant_id), flash=flash)


@post(f"{TENANT}/close", guards=[requires("tenants:delete")])
async def close_tenant(
    request: ConsoleRequest,
    tenant_id: FromPath[UUID],
    actor: CurrentActor,
    uow: Uow,
    data: StateForm,
) -> Response[None]:
    """Lock the customer out now and close it for good after the grace period."""
    async with uow.begin(actor, tenant=tenant_id) as tx:
        _demand_confirmed(await read_tenant(tx), data)
        await service.close_tenant(tx, reason=data.reason.strip(), grace_days=data.grace_days)
    _ = view_of(request).translate
    flash = Flash(text=_("The tenant is closing; until then it can be resumed."), tone="warn")
    return see_other(request, tenant_path(tenant_id), flash=flash)


def _demand_confirmed(tenant: TenantOut, data: StateIn) -> None:
    """Refuse a command without its reason, or whose domain was not typed."""
    faults = confirmation_faults(data.confirmation, tenant.domain)
    if not data.reason.strip():
        faults.insert(0, field_error("reason", "required", "This field is required."))
    if faults:
        raise InvalidInput(*faults)
