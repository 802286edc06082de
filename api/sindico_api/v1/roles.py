"""The tenant's roles, their grids and their holders (R-091 to R-116)."""

from uuid import UUID

from litestar import Response, delete, get, post, put
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_201_CREATED, HTTP_204_NO_CONTENT

from sindico_api.dependencies import AskedPage, CurrentActor, Uow
from sindico_api.grid import GRID
from sindico_api.guards import requires
from sindico_api.once import OnlyOnce
from sindico_api.revisions import IfMatch, expected_revision, with_etag
from sindico_platform.database.tx import Tx
from sindico_platform.identity import queries, service
from sindico_platform.identity.schemas import GridRow, RoleIn, RoleItem, RoleOut, UserItem
from sindico_platform.paging.schemas import Page


@get("/permissions", tags=["roles"], guards=[requires("roles:view")])
async def list_permissions(actor: CurrentActor) -> list[GridRow]:
    """List what the tenant can grant: every resource with the seven accesses."""
    everything = GRID.permissions(master=actor.is_master)
    return [GridRow.of(each, everything) for each in GRID.resources(master=actor.is_master)]


@get("/roles", tags=["roles"], guards=[requires("roles:view")])
async def list_roles(*, actor: CurrentActor, uow: Uow, page: AskedPage) -> Page[RoleItem]:
    """List roles by name."""
    async with uow.begin(actor) as tx:
        return await queries.list_roles(tx, request=page)


@post("/roles", tags=["roles"], guards=[requires("roles:include")])
async def create_role(data: JSONBody[RoleIn], once: OnlyOnce) -> Response[RoleOut]:
    """Add a role of the tenant's own; nobody grants what they do not have."""

    async def create(tx: Tx) -> Response[RoleOut]:
        role = await service.create_role(
            tx,
            name=data.name,
            description=data.description,
            permissions=frozenset(data.permissions),
            grid=GRID,
        )
        shown = await queries.show_role(tx, role, GRID)
        answer = with_etag(shown, shown.revision, status_code=HTTP_201_CREATED)
        answer.headers["Location"] = f"/api/v1/roles/{shown.id}"
        return answer

    return await once.run(create)


@get("/roles/{role_id:uuid}", tags=["roles"], guards=[requires("roles:view")])
async def read_role(role_id: FromPath[UUID], actor: CurrentActor, uow: Uow) -> Response[RoleOut]:
    """Show one role with its grid."""
    async with uow.begin(actor) as tx:
        shown = await queries.show_role(tx, await queries.get_role(tx, role_id), GRID)
    return with_etag(shown, shown.revision)


@put("/roles/{role_id:uuid}", tags=["roles"], guards=[requires("roles:edit")])
async def edit_role(
    role_id: FromPath[UUID],
    data: JSONBody[RoleIn],
    actor: CurrentActor,
    uow: Uow,
    if_match: IfMatch = None,
) -> Response[RoleOut]:
    """Replace a role's name, description and grid; its holders have it at once."""
    async with uow.begin(actor) as tx:
        role = await service.edit_role(
            tx,
            role_id=role_id,
            name=data.name,
            description=data.description,
            permissions=frozenset(data.permissions),
            grid=GRID,
            revision=expected_revision(if_match),
        )
        shown = await queries.show_role(tx, role, GRID)
    return with_etag(shown, shown.revision)


@delete(
    "/roles/{role_id:uuid}",
    tags=["roles"],
    guards=[requires("roles:delete")],
    status_code=HTTP_204_NO_CONTENT,
)
async def delete_role(role_id: FromPath[UUID], actor: CurrentActor, uow: Uow) -> None:
    """Remove a role of the tenant's own that nobody holds."""
    async with uow.begin(actor) as tx:
        await service.delete_role(tx, role_id=role_id)


@get("/roles/{role_id:uuid}/users", tags=["roles"], guards=[requires("roles:view")])
async def list_holders(
    *, role_id: FromPath[UUID], actor: CurrentActor, uow: Uow, page: AskedPage
) -> Page[UserItem]:
    """List the users who hold a role."""
    async with uow.begin(actor) as tx:
        await queries.get_role(tx, role_id)
        return await queries.list_users(tx, request=page, role_id=role_id)


@put(
    "/roles/{role_id:uuid}/users/{user_id:uuid}",
    tags=["roles"],
    guards=[requires("roles:edit")],
    status_code=HTTP_204_NO_CONTENT,
)
async def assign_role(
    role_id: FromPath[UUID], user_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> None:
    """Give a user the role."""
    async with uow.begin(actor) as tx:
        await service.assign_role(tx, user_id=user_id, role_id=role_id)


@delete(
    "/roles/{role_id:uuid}/users/{user_id:uuid}",
    tags=["roles"],
    guards=[requires("roles:edit")],
    status_code=HTTP_204_NO_CONTENT,
)
async def unassign_role(
    role_id: FromPath[UUID], user_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> None:
    """Take the role from a user."""
    async with uow.begin(actor) as tx:
        await service.unassign_role(tx, user_id=user_id, role_id=role_id)
