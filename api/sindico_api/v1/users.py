"""The tenant's users."""

from typing import Annotated, Literal
from uuid import UUID

from litestar import Response, get, patch, post
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED

from sindico_api.dependencies import AppContext, AskedPage, CurrentActor, Uow
from sindico_api.guards import requires
from sindico_api.links import hand_out_link
from sindico_api.once import OnlyOnce
from sindico_api.revisions import IfMatch, expected_revision, with_etag
from sindico_platform.database.tx import Tx
from sindico_platform.identity import queries, service
from sindico_platform.identity.links.service import LinkPurpose
from sindico_platform.identity.schemas import (
    InvitedUserOut,
    LinkOut,
    UserEdit,
    UserIn,
    UserItem,
    UserOut,
)
from sindico_platform.paging.schemas import Page

UserStateFilter = Annotated[
    Literal["invited", "active", "disabled"] | None, QueryParameter(name="state")
]


@get("/users", tags=["users"], guards=[requires("users:view")])
async def list_users(
    *, actor: CurrentActor, uow: Uow, page: AskedPage, user_state: UserStateFilter = None
) -> Page[UserItem]:
    """List users; orders are `name` and `login`."""
    async with uow.begin(actor) as tx:
        return await queries.list_users(tx, request=page, state=user_state)


@post("/users", tags=["users"], guards=[requires("users:include")])
async def invite_user(
    data: JSONBody[UserIn], once: OnlyOnce, context: AppContext
) -> Response[InvitedUserOut]:
    """Add a user and invite it to choose a password, by mail or by a link shown this once."""

    async def invite(tx: Tx) -> Response[InvitedUserOut]:
        user = await service.create_user(
            tx,
            login=data.login,
            name=data.name,
            email=data.email,
            locale=data.locale,
            role_ids=data.role_ids,
        )
        invitation = await hand_out_link(
            tx, settings=context.settings, user_id=user.id, purpose=LinkPurpose.INVITATION
        )
        shown = InvitedUserOut(user=await queries.show_user(tx, user), invitation=invitation)
        answer = with_etag(shown, shown.user.revision, status_code=HTTP_201_CREATED)
        answer.headers["Location"] = f"/api/v1/users/{user.id}"
        return answer

    return await once.run(invite)


@get("/users/{user_id:uuid}", tags=["users"], guards=[requires("users:view")])
async def read_user(user_id: FromPath[UUID], actor: CurrentActor, uow: Uow) -> Response[UserOut]:
    """Show one user."""
    async with uow.begin(actor) as tx:
        shown = await queries.show_user(tx, await queries.get_user(tx, user_id))
    return with_etag(shown, shown.revision)


@patch("/users/{user_id:uuid}", tags=["users"], guards=[requires("users:edit")])
async def edit_user(
    user_id: FromPath[UUID],
    data: JSONBody[UserEdit],
    actor: CurrentActor,
    uow: Uow,
    if_match: IfMatch = None,
) -> Response[UserOut]:
    """Change a user's name, address and language."""
    async with uow.begin(actor) as tx:
        user = await service.edit_user(
            tx,
            user_id=user_id,
            name=data.name,
            email=data.email,
            locale=data.locale,
            revision=expected_revision(if_match),
        )
        shown = await queries.show_user(tx, user)
    return with_etag(shown, shown.revision)


@post(
    "/users/{user_id:uuid}/disable",
    tags=["users"],
    guards=[requires("users:edit")],
    status_code=HTTP_200_OK,
)
async def disable_user(user_id: FromPath[UUID], actor: CurrentActor, uow: Uow) -> Response[UserOut]:
    """Shut a user out; what it did stays."""
    async with uow.begin(actor) as tx:
        shown = await queries.show_user(tx, await service.disable_user(tx, user_id=user_id))
    return with_etag(shown, shown.revision)


@post(
    "/users/{user_id:uuid}/enable",
    tags=["users"],
    guards=[requires("users:edit")],
    status_code=HTTP_200_OK,
)
async def enable_user(user_id: FromPath[UUID], actor: CurrentActor, uow: Uow) -> Response[UserOut]:
    """Let a user in again."""
    async with uow.begin(actor) as tx:
        shown = await queries.show_user(tx, await service.enable_user(tx, user_id=user_id))
    return with_etag(shown, shown.revision)


@post("/users/{user_id:uuid}/invitation", tags=["users"], guards=[requires("users:edit")])
async def invite_again(
    user_id: FromPath[UUID], actor: CurrentActor, uow: Uow, context: AppContext
) -> LinkOut:
    """Make a new invitation; earlier ones no longer work."""
    async with uow.begin(actor) as tx:
        return await hand_out_link(
            tx, settings=context.settings, user_id=user_id, purpose=LinkPurpose.INVITATION
        )


@post("/users/{user_id:uuid}/reset-link", tags=["users"], guards=[requires("users:edit")])
async def make_reset_link(
    user_id: FromPath[UUID], actor: CurrentActor, uow: Uow, context: AppContext
) -> LinkOut:
    """Make a link with which the user chooses a new password; the old one works until then."""
    async with uow.begin(actor) as tx:
        return await hand_out_link(
            tx, settings=context.settings, user_id=user_id, purpose=LinkPurpose.RESET
        )
