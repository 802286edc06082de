"""What a customer bought and what it uses of it: package, own limits, registration."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from msgspec import Meta, Struct

from sindico_api.console.forms import Form
from sindico_api.console.rendering import page as show_page
from sindico_api.console.rendering import see_other
from sindico_api.console.submitted import number_in, revision_in
from sindico_api.console.tenant_detail import TENANT, frame_of, read_tenant
from sindico_api.console.tenants import tenant_path
from sindico_api.console.view import ConsoleRequest, Flash, view_of
from sindico_api.dependencies import CurrentActor, Uow
from sindico_api.guards import requires
from sindico_api.readers import offers
from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.errors import InvalidInput
from sindico_provisioning.packages import service as packages
from sindico_provisioning.packages.catalogue import LIMITS, PACKAGES
from sindico_provisioning.packages.errors import PackageDoesNotFit
from sindico_provisioning.tenant_registry import service
from sindico_provisioning.tenant_registry.schemas import TenantPatch

MAY_VIEW, MAY_EDIT = requires("tenants:view"), requires("tenants:edit")
Line = Annotated[str, Meta(max_length=200)]


class PackageIn(Struct, frozen=True):
    """The form that changes the package in force."""

    package: Line = ""
    revision: int | None = None


class RegistrationIn(Struct, frozen=True):
    """The form of name and contract."""

    name: Line = ""
    contracted_package: Line = ""
    revision: int | None = None


PackageForm = Annotated[PackageIn, Body(media_type=RequestEncodingType.URL_ENCODED)]
RegistrationForm = Annotated[RegistrationIn, Body(media_type=RequestEncodingType.URL_ENCODED)]


@get(f"{TENANT}/package", guards=[MAY_VIEW])
async def show_package(
    request: ConsoleRequest, tenant_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[str]:
    """Every limit beside what is used of it, and the forms that change them."""
    return await _show(request, tenant_id, actor, uow)


@post(f"{TENANT}/package", guards=[MAY_EDIT])
async def change_package(
    request: ConsoleRequest,
    tenant_id: FromPath[UUID],
    actor: CurrentActor,
    uow: Uow,
    data: PackageForm,
) -> Response[Any]:
    """Put another package in force, if what is used fits into it."""
    _ = view_of(request).translate
    patch, form = TenantPatch(package=data.package), Form({"package": data.package})
    try:
        await _update(uow, actor, tenant_id, patch, data.revision)
    except InvalidInput as error:
        form = form.refused(error, _)
    except PackageDoesNotFit as error:
        form = form.with_error("package", _.detail(error))
    else:
        title = offers.package_title(data.package)
        flash = Flash(text=_("The package {package} is in force.", package=title))
        return see_other(request, f"{tenant_path(tenant_id)}/package", flash=flash)
    return await _show(request, tenant_id, actor, uow, package_form=form)


@post(f"{TENANT}/limits", guards=[MAY_EDIT])
async def change_limits(
    request: ConsoleRequest, tenant_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[Any]:
    """Give the customer limits of its own; a limit left empty is the package's."""
    given = {name: str(value) for name, value in (await request.form()).items()}
    _, form = view_of(request).translate, Form(given)
    revision = revision_in(given.get("revision", ""))
    try:
        patch = TenantPatch(overrides=_read_limits(given))
        await _update(uow, actor, tenant_id, patch, revision)
    except InvalidInput as error:
        form = form.refused(error, _)
        return await _show(request, tenant_id, actor, uow, limits_form=form)
    flash = Flash(text=_("The limits are saved."))
    return see_other(request, f"{tenant_path(tenant_id)}/package", flash=flash)


@post(f"{TENANT}/registration", guards=[MAY_EDIT])
async def change_registration(
    request: ConsoleRequest,
    tenant_id: FromPath[UUID],
    actor: CurrentActor,
    uow: Uow,
    data: RegistrationForm,
) -> Response[Any]:
    """Change name and contracted package; what is in force stays."""
    _ = view_of(request).translate
    patch = TenantPatch(name=data.name, contracted_package=data.contracted_package or None)
    try:
        await _update(uow, actor, tenant_id, patch, data.revision)
    except InvalidInput as error:
        values = {"name": data.name, "contracted_package": data.contracted_package}
        form = Form(values).refused(error, _)
        return await _show(request, tenant_id, actor, uow, registration_form=form)
    flash = Flash(text=_("The registration is saved."))
    return see_other(request, f"{tenant_path(tenant_id)}/package", flash=flash)


async def _update(
    uow: UnitOfWork, actor: Actor, tenant_id: UUID, patch: TenantPatch, revision: int | None
) -> None:
    async with uow.begin(actor, tenant=tenant_id) as tx:
        await service.update_tenant(tx, patch, revision=revision)


def _read_limits(given: dict[str, str]) -> dict[str, Any]:
    """What was typed, as a whole number where it is one; the service refuses what is not."""
    limits: dict[str, Any] = {}
    for code in LIMITS:
        text = given.get(f"overrides.{code}", "").strip()
        if given.get(f"unlimited.{code}"):
            limits[code] = None
        elif text:
            number = number_in(text)
            limits[code] = text if number is None else number
    return limits


async def _show(
    request: ConsoleRequest, tenant_id: UUID, actor: Actor, uow: UnitOfWork, **forms: Form
) -> Response[str]:
    async with uow.begin(actor, tenant=tenant_id) as tx:
        tenant = await read_tenant(tx)
        usage = await packages.list_usage(tx)
    own = {f"overrides.{code}": value for code, value in tenant.overrides.items()}
    none = {f"unlimited.{code}": True for code, value in tenant.overrides.items() if value is None}
    shown = {
        "package_form": Form({"package": tenant.package}),
        "limits_form": Form(own | none),
        "registration_form": Form(
            {"name": tenant.name, "contracted_package": tenant.contracted_package}
        ),
    }
    return show_page(
        request,
        "tenants/package.html",
        status=422 if forms else 200,
        usage=usage,
        limits=LIMITS.values(),
        package=PACKAGES.get(tenant.package or ""),
        package_choices=offers.package_choices(view_of(request).translate),
        **(shown | forms),
        **frame_of(request, tenant, "/package"),
    )
