"""Tecnologia › Configuração › Por Tenant: what each service needs to know of a tenant."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from sindico_api.console.connection_reports import stage_views
from sindico_api.console.forms import Form
from sindico_api.console.listing import Listing
from sindico_api.console.rendering import page as show_page
from sindico_api.console.rendering import see_other
from sindico_api.console.submitted import revision_in
from sindico_api.console.tenant_detail import TENANT, frame_of, read_tenant
from sindico_api.console.tenants import tenant_path
from sindico_api.console.view import ConsoleRequest, Flash, view_of
from sindico_api.context import Context
from sindico_api.dependencies import AppContext, AskedPage, CurrentActor, Uow
from sindico_api.guards import requires
from sindico_api.i18n import CONSOLE_PATH, Translator
from sindico_api.v1.service_properties import run_test
from sindico_platform.connection_tests.schemas import ConnectionReportOut, Report
from sindico_platform.database.tx import Actor, Tx
from sindico_platform.errors import InvalidInput
from sindico_provisioning.connectors.schemas import Property, PropertyType
from sindico_provisioning.packages.catalogue import PACKAGES
from sindico_provisioning.packages.queries import find_subscription
from sindico_provisioning.service_properties import queries, service
from sindico_provisioning.service_properties.catalogue import SERVICES, Service
from sindico_provisioning.service_properties.schemas import ServicePropertiesOut
from sindico_provisioning.tenant_registry import queries as registry
from sindico_provisioning.tenant_registry.queries import TenantFilter

SERVICES_PATH = f"{CONSOLE_PATH}/service-properties"
CONFIGURATION_PATH = f"{CONSOLE_PATH}/configuration"
ONE = "/{domain:str}/{name:str}"
TAB = "/service-properties"
OWN_VIEW, OWN_EDIT = requires("service_properties:view"), requires("service_properties:edit")
MAY_VIEW, MAY_EDIT = requires("provisioning:view"), requires("provisioning:edit")


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One property as its field shows it, in the reader's language."""

    key: str
    kind: str
    label: str
    help: str
    required: bool
    advanced: bool
    multiline: bool
    choices: list[tuple[str, str]]
    stored: bool


@get("/configuration", guards=[MAY_VIEW])
async def choose_tenant(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow, page: AskedPage
) -> Response[str]:
    """The vendor's way in: which customer is to be configured."""
    query = dict(request.query_params)
    wanted = TenantFilter(search=query.get("q", "")[:200] or None, crm_state="active")
    async with uow.begin_fleet(actor, reason="provisioning:view") as fleet:
        found = await registry.list_tenants(fleet, wanted, page)
    listing = Listing(path=CONFIGURATION_PATH, query=query, default_sort="name")
    return show_page(request, "services/choose.html", tenants=found, listing=listing)


@get("/service-properties", guards=[OWN_VIEW])
async def list_own_services(
    request: ConsoleRequest, actor: CurrentActor, context: AppContext
) -> Response[str]:
    """The services of one's own tenant."""
    return await _list(request, context, actor, None)


@get(f"/service-properties{ONE}", guards=[OWN_VIEW])
async def show_own_service(
    request: ConsoleRequest,
    domain: FromPath[str],
    name: FromPath[str],
    actor: CurrentActor,
    context: AppContext,
) -> Response[str]:
    """The properties of one service of one's own tenant."""
    return await _show(request, context, actor, None, queries.get_service(domain, name))


@post(f"/service-properties{ONE}", guards=[OWN_EDIT])
async def save_own_service(
    request: ConsoleRequest,
    domain: FromPath[str],
    name: FromPath[str],
    actor: CurrentActor,
    context: AppContext,
) -> Response[Any]:
    """Replace them."""
    return await _save(request, context, actor, None, queries.get_service(domain, name))


@post(f"/service-properties{ONE}/test", guards=[OWN_EDIT])
async def test_own_connection(
    request: ConsoleRequest,
    domain: FromPath[str],
    name: FromPath[str],
    actor: CurrentActor,
    context: AppContext,
) -> Response[str]:
    """Try what is stored."""
    return await _test(request, context, actor, None, queries.get_service(domain, name))


@get(f"{TENANT}/service-properties", guards=[MAY_VIEW])
async def list_services(
    request: ConsoleRequest, tenant_id: FromPath[UUID], actor: CurrentActor, context: AppContext
) -> Response[str]:
    """The services of a customer."""
    return await _list(request, context, actor, tenant_id)


@get(f"{TENANT}/service-properties{ONE}", guards=[MAY_VIEW])
async def show_service(
    *,
    request: ConsoleRequest,
    tenant_id: FromPath[UUID],
    domain: FromPath[str],
    name: FromPath[str],
    actor: CurrentActor,
    context: AppContext,
) -> Response[str]:
    """The properties of one service of a customer."""
    return await _show(request, context, actor, tenant_id, queries.get_service(domain, name))


@post(f"{TENANT}/service-properties{ONE}", guards=[MAY_EDIT])
async def save_service(
    *,
    request: ConsoleRequest,
    tenant_id: FromPath[UUID],
    domain: FromPath[str],
    name: FromPath[str],
    actor: CurrentActor,
    context: AppContext,
) -> Response[Any]:
    """Replace a customer's."""
    return await _save(request, context, actor, tenant_id, queries.get_service(domain, name))


@post(f"{TENANT}/service-properties{ONE}/test", guards=[MAY_EDIT])
async def test_connection(
    *,
    request: ConsoleRequest,
    tenant_id: FromPath[UUID],
    domain: FromPath[str],
    name: FromPath[str],
    actor: CurrentActor,
    context: AppContext,
) -> Response[str]:
    """Try what is stored for a customer."""
    return await _test(request, context, actor, tenant_id, queries.get_service(domain, name))


async def _list(
    request: ConsoleRequest, context: Context, actor: Actor, tenant_id: UUID | None
) -> Response[str]:
    async with context.uow.begin(actor, tenant=tenant_id) as tx:
        frame = await _frame(request, tx, tenant_id)
        services = [
            await queries.read_service(tx, domain=item.domain, name=item.name)
            for item in SERVICES.values()
        ]
        offered = await _offered(tx)
    return show_page(request, "services/list.html", services=services, offered=offered, **frame)


async def _show(
    request: ConsoleRequest,
    context: Context,
    actor: Actor,
    tenant_id: UUID | None,
    wanted: Service,
    *,
    form: Form | None = None,
    tested: Report | None = None,
) -> Response[str]:
    async with context.uow.begin(actor, tenant=tenant_id) as tx:
        frame = await _frame(request, tx, tenant_id)
        found = await queries.read_service(tx, domain=wanted.domain, name=wanted.name)
        offered = await _offered(tx)
    _ = view_of(request).translate
    report = ConnectionReportOut.of(tested, view_of(request).tell) if tested else None
    return show_page(
        request,
        "services/form.html",
        status=422 if form else 200,
        service=found,
        fields=[field_of(item, found, _) for item in wanted.properties],
        form=form or Form({item.key: item.value for item in found.properties}),
        report=report,
        stages=stage_views(report, _) if report else [],
        is_offered=wanted.name in offered,
        may_edit=actor.may("provisioning:edit" if tenant_id else "service_properties:edit"),
        **frame,
    )


async def _save(
    request: ConsoleRequest, context: Context, actor: Actor, tenant_id: UUID | None, wanted: Service
) -> Response[Any]:
    given = {name: str(value) for name, value in (await request.form()).items()}
    _, values = view_of(request).translate, values_of(wanted, given)
    try:
        async with context.uow.begin(actor, tenant=tenant_id) as tx:
            await _frame(request, tx, tenant_id)
            await service.replace_properties(
                tx,
                context.secrets,
                domain=wanted.domain,
                name=wanted.name,
                values=values,
                revision=revision_in(given.get("revision", "")),
            )
    except InvalidInput as error:
        shown = {item.key: item.default for item in wanted.properties} | values
        form = Form(shown).refused(error, _)
        return await _show(request, context, actor, tenant_id, wanted, form=form)
    flash = Flash(text=_("The properties are saved."))
    return see_other(request, _path(tenant_id, wanted), flash=flash)


async def _test(
    request: ConsoleRequest, context: Context, actor: Actor, tenant_id: UUID | None, wanted: Service
) -> Response[str]:
    async with context.uow.begin(actor, tenant=tenant_id) as tx:
        await _frame(request, tx, tenant_id)
    bound = tenant_id or actor.tenant_id
    tested = await run_test(context, actor, bound, domain=wanted.domain, name=wanted.name)
    return await _show(request, context, actor, tenant_id, wanted, tested=tested)


async def _frame(request: ConsoleRequest, tx: Tx, tenant_id: UUID | None) -> dict[str, Any]:
    """Of a customer's page the tenant's frame; of one's own the plain one.

    Raises:
        TenantNotFound: there is no such customer.
    """
    if tenant_id is None:
        return {"tenant": None, "services_href": SERVICES_PATH}
    href = f"{tenant_path(tenant_id)}{TAB}"
    return {**frame_of(request, await read_tenant(tx), TAB), "services_href": href}


async def _offered(tx: Tx) -> set[str]:
    """Services that the package in force includes; the vendor's own tenant has no package."""
    subscription = await find_subscription(tx)
    if subscription is None or subscription.package is None:
        return set()
    features = PACKAGES[subscription.package].features
    return {item.name for item in SERVICES.values() if item.feature in features}


def _path(tenant_id: UUID | None, wanted: Service) -> str:
    base = SERVICES_PATH if tenant_id is None else f"{tenant_path(tenant_id)}{TAB}"
    return f"{base}/{wanted.domain}/{wanted.name}"


def values_of(wanted: Service, given: Mapping[str, str]) -> dict[str, Any]:
    """What was typed, by key; a field left at its default returns to it, an empty secret stays."""
    values: dict[str, Any] = {}
    for item in wanted.properties:
        text = given.get(item.key, "").replace("\r\n", "\n").strip()
        if item.type is PropertyType.BOOLEAN:
            values[item.key] = bool(text)
        elif item.type is PropertyType.SECRET:
            values |= {item.key: given[item.key]} if text else {}
        elif text != (item.default or ""):
            values[item.key] = text
    return values


def field_of(item: Property, found: ServicePropertiesOut, _: Translator) -> Field:
    """A property in the reader's language; a proposed default says so."""
    help_text = _(item.description).format(**item.facts)
    if item.proposed and item.key.startswith("rota"):
        help_text += " " + _("Proposed route: confirm it with the ERP's people.")
    return Field(
        key=item.key,
        kind=item.type,
        label=_(item.label).format(**item.facts),
        help=help_text,
        required=item.required,
        advanced=item.advanced,
        multiline=item.multiline,
        choices=[(choice.value, _(choice.label)) for choice in item.choices],
        stored=any(known.key == item.key and known.stored for known in found.properties),
    )
