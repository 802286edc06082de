"""Administration › Roles: named grids of permissions that users hold."""

from collections.abc import Set as AbstractSet
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from sindico_api.console import rendering
from sindico_api.console.forms import EMPTY_FORM, Form
from sindico_api.console.grid_form import grid_view, sent_permissions
from sindico_api.console.listing import Listing
from sindico_api.console.rendering import see_other
from sindico_api.console.submitted import read_as, revision_in, sent_texts
from sindico_api.console.view import ConsoleRequest, Flash, view_of
from sindico_api.dependencies import AskedPage, CurrentActor, Uow
from sindico_api.grid import GRID
from sindico_api.guards import requires
from sindico_api.i18n import CONSOLE_PATH
from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.errors import InvalidInput
from sindico_platform.identity import queries, service
from sindico_platform.identity.errors import RoleNameTaken
from sindico_platform.identity.schemas import RoleIn, RoleOut, UserItem
from sindico_platform.paging.schemas import Page, PageRequest

ROLES_PATH = f"{CONSOLE_PATH}/roles"
MAY_VIEW, MAY_EDIT = requires("roles:view"), requires("roles:edit")
MAY_INCLUDE, MAY_DELETE = requires("roles:include"), requires("roles:delete")
FIRST_HOLDERS = PageRequest(limit=20)


@get("/roles", guards=[MAY_VIEW])
async def list_roles(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow, page: AskedPage
) -> Response[str]:
    """The tenant's roles by name."""
    listing = Listing(path=ROLES_PATH, query=dict(request.query_params), default_sort="name")
    async with uow.begin(actor) as tx:
        found = await queries.list_roles(tx, request=page)
    return rendering.page(request, "roles/list.html", found=found, listing=listing)


@get("/roles/new", guards=[MAY_INCLUDE])
async def show_new_role(request: ConsoleRequest, actor: CurrentActor) -> Response[str]:
    return _new_page(request, actor, EMPTY_FORM, frozenset())


@post("/roles", guards=[MAY_INCLUDE])
async def create_role(request: ConsoleRequest, actor: CurrentActor, uow: Uow) -> Response[Any]:
    """Add a role of the tenant's own."""
    _ = view_of(request).translate
    values, granted = await _sent(request)
    form = Form(values)
    try:
        asked = read_as(RoleIn, {**values, "permissions": sorted(granted)}, required=["name"])
        async with uow.begin(actor) as tx:
            role = await service.create_role(
                tx,
                name=asked.name,
                description=asked.description,
                permissions=granted,
                grid=GRID,
            )
    except InvalidInput as error:
        return _new_page(request, actor, form.refused(error, _), granted, status=error.status)
    except RoleNameTaken as error:
        form = form.with_error("name", _.detail(error))
        return _new_page(request, actor, form, granted, status=error.status)
    return see_other(request, f"{ROLES_PATH}/{role.id}", flash=Flash(text=_("Role saved.")))


@get("/roles/{role_id:uuid}", guards=[MAY_VIEW])
async def show_role(
    request: ConsoleRequest, role_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[str]:
    """One role with its grid and who holds it; the grid of a locked one can only be read."""
    role, holders = await _read(uow, actor, role_id)
    form = Form({"name": role.name, "description": role.description})
    return _role_page(
        request, actor, role=role, holders=holders, form=form, granted={*role.permissions}
    )


@post("/roles/{role_id:uuid}", guards=[MAY_EDIT])
async def edit_role(
    request: ConsoleRequest, role_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[Any]:
    """Replace name, description and grid; the holders have it at once."""
    _ = view_of(request).translate
    values, granted = await _sent(request)
    revision = (await sent_texts(request, "revision"))["revision"]
    role, holders = await _read(uow, actor, role_id)
    form = Form(values)
    try:
        asked = read_as(RoleIn, {**values, "permissions": sorted(granted)}, required=["name"])
        async with uow.begin(actor) as tx:
            await service.edit_role(
                tx,
                role_id=role_id,
                name=asked.name,
                description=asked.description,
                permissions=granted,
                grid=GRID,
                revision=revision_in(revision),
            )
    except InvalidInput as error:
        form = form.refused(error, _)
        return _role_page(
            request,
            actor,
            role=role,
            holders=holders,
            form=form,
            granted=granted,
            status=error.status,
        )
    except RoleNameTaken as error:
        form = form.with_error("name", _.detail(error))
        return _role_page(
            request,
            actor,
            role=role,
            holders=holders,
            form=form,
            granted=granted,
            status=error.status,
        )
    return see_other(request, f"{ROLES_PATH}/{role_id}", flash=Flash(text=_("Role saved.")))


@post("/roles/{role_id:uuid}/delete", guards=[MAY_DELETE])
async def delete_role(
    request: ConsoleRequest, role_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[None]:
    """Remove a role of the tenant's own that nobody holds."""
    _ = view_of(request).translate
    async with uow.begin(actor) as tx:
        await service.delete_role(tx, role_id=role_id)
    return see_other(request, ROLES_PATH, flash=Flash(text=_("The role was deleted.")))


async def _sent(request: ConsoleRequest) -> tuple[dict[str, str], frozenset[str]]:
    values = await sent_texts(request, "name", "description")
    return values, await sent_permissions(request)


async def _read(uow: UnitOfWork, actor: Actor, role_id: UUID) -> tuple[RoleOut, Page[UserItem]]:
    async with uow.begin(actor) as tx:
        role = await queries.show_role(tx, await queries.get_role(tx, role_id), GRID)
        return role, await queries.list_users(tx, request=FIRST_HOLDERS, role_id=role_id)


def _new_page(
    request: ConsoleRequest, actor: Actor, form: Form, granted: AbstractSet[str], status: int = 200
) -> Response[str]:
    grid = grid_view(actor, granted)
    return rendering.page(request, "roles/new.html", status=status, form=form, grid=grid)


def _role_page(
    request: ConsoleRequest,
    actor: Actor,
    *,
    role: RoleOut,
    holders: Page[UserItem],
    form: Form,
    granted: AbstractSet[str],
    status: int = 200,
) -> Response[str]:
    return rendering.page(
        request,
        "roles/detail.html",
        status=status,
        role=role,
        holders=holders,
        form=form,
        grid=grid_view(actor, granted),
        may_edit=actor.may("roles:edit") and not role.is_locked,
        may_delete=actor.may("roles:delete") and not role.is_default,
    )
