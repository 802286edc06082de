"""CRM › Tenants › Gestão dos Tenants: the vendor's customers, and giving one its CRM."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body
from msgspec import Meta, Struct
from uuid_utils.compat import uuid7

from sindico_api.console.forms import Form
from sindico_api.console.listing import Listing
from sindico_api.console.rendering import page as show_page
from sindico_api.console.rendering import see_other
from sindico_api.console.submitted import id_in
from sindico_api.console.view import ConsoleRequest, view_of
from sindico_api.dependencies import AskedPage, CurrentActor, Uow
from sindico_api.guards import requires
from sindico_api.i18n import CONSOLE_PATH
from sindico_api.readers import offers
from sindico_platform.database.tx import Actor, Tx
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.errors import FieldError, InvalidInput, SindicoError, field_error
from sindico_platform.identity.errors import NotAllowed
from sindico_platform.paging.schemas import PageRequest
from sindico_provisioning.packages.errors import PackageNotOffered
from sindico_provisioning.packages.models import CrmState
from sindico_provisioning.provisioning_runs import service as runs
from sindico_provisioning.provisioning_runs.schemas import (
    AdministratorIn,
    ProvisioningRunIn,
    ProvisioningRunOut,
)
from sindico_provisioning.tenant_registry import queries, service
from sindico_provisioning.tenant_registry.errors import DomainTaken, TenantNotFound
from sindico_provisioning.tenant_registry.queries import TenantFilter
from sindico_provisioning.tenant_registry.schemas import TenantIn, TenantOut, TenantPatch

TENANTS_PATH = f"{CONSOLE_PATH}/tenants"
MAX_OFFERED = 100
"""Platform tenants in the selection; a search brings the others."""
FIELDS_OF: dict[type[SindicoError], str] = {
    DomainTaken: "domain",
    PackageNotOffered: "package",
    TenantNotFound: "tenant_id",
}
Line = Annotated[str, Meta(max_length=320)]


class NewCrmIn(
    Struct,
    frozen=True,
    rename={"admin_name": "admin.name", "admin_email": "admin.email", "admin_login": "admin.login"},
):
    """The form Adicionar: a platform tenant, chosen or new, and the CRM it gets."""

    source: Annotated[str, Meta(pattern="^(existing|new)$")] = "existing"
    tenant_id: Line = ""
    domain: Line = ""
    cnpj: Line = ""
    contracted_package: Line = ""
    name: Annotated[str, Meta(max_length=200)] = ""
    package: Line = ""
    default_integration: Annotated[str, Meta(pattern="^(|mega|erpx)$")] = ""
    admin_name: Annotated[str, Meta(max_length=200)] = ""
    admin_email: Annotated[str, Meta(max_length=254)] = ""
    admin_login: Line = ""

    @property
    def is_new(self) -> bool:
        return self.source == "new"


NewCrmForm = Annotated[NewCrmIn, Body(media_type=RequestEncodingType.URL_ENCODED)]


@get("/tenants", guards=[requires("tenants:view")])
async def list_tenants(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow, page: AskedPage
) -> Response[str]:
    """The vendor's customers, searched, filtered and sorted."""
    query = dict(request.query_params)
    wanted = TenantFilter(
        search=query.get("q", "")[:200] or None,
        state=query.get("state") or None,
        crm_state=query.get("crm_state") or None,
        package=query.get("package") or None,
    )
    async with uow.begin_fleet(actor, reason="tenants:view") as fleet:
        found = await queries.list_tenants(fleet, wanted, page)
    return show_page(
        request,
        "tenants/list.html",
        tenants=found,
        listing=Listing(path=TENANTS_PATH, query=query, default_sort="name"),
        offers=offers,
    )


@get("/tenants/new", guards=[requires("provisioning:include")])
async def show_new_crm(request: ConsoleRequest, actor: CurrentActor, uow: Uow) -> Response[str]:
    """The form Adicionar. A tenant that is chosen proposes its name and contracted package."""
    query = request.query_params
    chosen = await _find_tenant(uow, actor, query.get("tenant_id", ""))
    values = {"source": "existing"}
    if chosen:
        values |= {"tenant_id": str(chosen.id), "name": chosen.name}
        values |= {"package": chosen.contracted_package} if chosen.contracted_package else {}
    search = query.get("tenant_search", "")
    return await _show_form(request, uow, actor, Form(values), search=search, chosen=chosen)


@post("/tenants/new", guards=[requires("provisioning:include")])
async def add_crm(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow, data: NewCrmForm
) -> Response[Any]:
    """Start the deployment and go where its steps are shown; nothing is made if refused."""
    form, _ = Form(msgspec.to_builtins(data)), view_of(request).translate
    try:
        run = await _start(uow, actor, data)
    except InvalidInput as error:
        form = form.refused(error, _)
    except tuple(FIELDS_OF) as error:
        form = form.with_error(FIELDS_OF[type(error)], _.detail(error))
    else:
        return see_other(request, run_path(run))
    chosen = None if data.is_new else await _find_tenant(uow, actor, data.tenant_id)
    return await _show_form(request, uow, actor, form, status=422, chosen=chosen)


def tenant_path(tenant_id: UUID) -> str:
    return f"{TENANTS_PATH}/{tenant_id}"


def run_path(run: ProvisioningRunOut) -> str:
    return f"{tenant_path(run.tenant_id)}/provisioning-runs/{run.id}"


async def _start(uow: UnitOfWork, actor: Actor, data: NewCrmIn) -> ProvisioningRunOut:
    if missing := list(_find_missing(data)):
        raise InvalidInput(*missing)
    tenant_id = uuid7() if data.is_new else _read_id(data.tenant_id)
    async with uow.begin(actor, tenant=tenant_id) as tx:
        await _ensure_tenant(tx, data)
        return await runs.start_run(tx, _order_of(data))


async def _ensure_tenant(tx: Tx, data: NewCrmIn) -> None:
    """Register the platform tenant, or give the chosen one the name that was typed."""
    name = data.name.strip()
    if data.is_new:
        _demand(tx.actor, "tenants:include")
        contract = data.contracted_package or data.package
        new = TenantIn(name=name, domain=data.domain, cnpj=data.cnpj, contracted_package=contract)
        await service.create_tenant(tx, new)
        return
    tenant, _subscription = await queries.get_tenant(tx)
    if tenant.name != name:
        _demand(tx.actor, "tenants:edit")
        await service.update_tenant(tx, TenantPatch(name=name), revision=None)


def _order_of(data: NewCrmIn) -> ProvisioningRunIn:
    wanted = {
        "package": data.package,
        "default_integration": data.default_integration or None,
    }
    admin = AdministratorIn(name=data.admin_name, email=data.admin_email, login=data.admin_login)
    return msgspec.convert(wanted | {"admin": msgspec.to_builtins(admin)}, ProvisioningRunIn)


def _demand(actor: Actor, permission: str) -> None:
    if not actor.may(permission):
        raise NotAllowed(permission=permission)


def _find_missing(data: NewCrmIn) -> list[FieldError]:
    given = msgspec.to_builtins(data)
    own = ("domain", "cnpj") if data.is_new else ("tenant_id",)
    demanded = (*own, "name", "package", "admin.name", "admin.email", "admin.login")
    return [
        field_error(name, "required", "This field is required.")
        for name in demanded
        if not given[name].strip()
    ]


def _read_id(text: str) -> UUID:
    tenant_id = id_in(text)
    if tenant_id is None:
        raise TenantNotFound
    return tenant_id


async def _find_tenant(uow: UnitOfWork, actor: Actor, text: str) -> TenantOut | None:
    """The platform tenant that was chosen, if it is one that can get a CRM."""
    try:
        async with uow.begin(actor, tenant=_read_id(text)) as tx:
            found = TenantOut.from_rows(*await queries.get_tenant(tx))
    except TenantNotFound:
        return None
    return found if found.crm_state in {CrmState.ABSENT, CrmState.FAILED} else None


async def _show_form(
    request: ConsoleRequest,
    uow: UnitOfWork,
    actor: Actor,
    form: Form,
    *,
    chosen: TenantOut | None,
    search: str = "",
    status: int = 200,
) -> Response[str]:
    wanted = TenantFilter(search=search[:200] or None, state="active", crm_state=CrmState.ABSENT)
    async with uow.begin_fleet(actor, reason="provisioning:include") as fleet:
        found = await queries.list_tenants(fleet, wanted, PageRequest(limit=MAX_OFFERED))
    others = [item for item in found.items if chosen is None or item.id != chosen.id]
    return show_page(
        request,
        "tenants/new.html",
        status=status,
        form=form,
        offered=[*([chosen] if chosen else []), *others],
        has_more=found.next_cursor is not None or bool(search),
        search=search,
        may_register=actor.may("tenants:include"),
        package_choices=offers.package_choices(view_of(request).translate),
        offers=offers,
    )
