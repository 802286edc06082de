"""Administration › Users: who signs in, what they hold, and the links that let them in."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from sindico_api.console import rendering
from sindico_api.console.forms import EMPTY_FORM, Form
from sindico_api.console.labels import status_label
from sindico_api.console.listing import Listing
from sindico_api.console.rendering import in_place, see_other
from sindico_api.console.submitted import read_as, revision_in, sent_texts
from sindico_api.console.view import ConsoleRequest, Flash, view_of
from sindico_api.context import Context
from sindico_api.dependencies import AppContext, AskedPage, CurrentActor, Uow
from sindico_api.guards import requires
from sindico_api.i18n import CONSOLE_PATH
from sindico_api.links import hand_out_link
from sindico_platform.database.tx import Actor, Tx
from sindico_platform.errors import InvalidInput
from sindico_platform.identity import queries, service
from sindico_platform.identity.errors import LoginTaken
from sindico_platform.identity.links.service import LinkPurpose
from sindico_platform.identity.models import UserState
from sindico_platform.identity.schemas import LinkOut, RoleItem, UserEdit, UserIn, UserOut
from sindico_platform.paging.schemas import MAX_LIMIT, PageRequest

USERS_PATH = f"{CONSOLE_PATH}/users"
MAY_VIEW, MAY_INCLUDE, MAY_EDIT = (
    requires("users:view"),
    requires("users:include"),
    requires("users:edit"),
)
MAY_GIVE_ROLES = requires("roles:edit")
STATES = tuple(UserState)


@get("/users", guards=[MAY_VIEW])
async def list_users(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow, page: AskedPage
) -> Response[str]:
    """The tenant's users by name."""
    listing = Listing(path=USERS_PATH, query=dict(request.query_params), default_sort="name")
    _ = view_of(request).translate
    async with uow.begin(actor) as tx:
        state = listing.chosen("state", STATES)
        found = await queries.list_users(tx, request=page, state=state)
        domain = (await queries.get_tenant(tx)).domain
    return rendering.page(
        request,
        "users/list.html",
        found=found,
        listing=listing,
        domain=domain,
        states=[(each, _(status_label(each).text)) for each in STATES],
    )


@get("/users/new", guards=[MAY_INCLUDE])
async def show_invite(request: ConsoleRequest, actor: CurrentActor, uow: Uow) -> Response[str]:
    async with uow.begin(actor) as tx:
        return await _invite_page(request, tx, EMPTY_FORM)


@post("/users", guards=[MAY_INCLUDE])
async def invite_user(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow, context: AppContext
) -> Response[Any]:
    """Add a user; without mail the answer shows the invitation's link this once."""
    _ = view_of(request).translate
    values = await sent_texts(request, "name", "login", "email", "locale")
    role_ids = (await request.form()).getall("role_ids", [])
    form = Form({**values, "role_ids": role_ids})
    try:
        asked = read_as(UserIn, {**values, "role_ids": role_ids}, required=["name", "login"])
        async with uow.begin(actor) as tx:
            user = await service.create_user(
                tx,
                login=asked.login,
                name=asked.name,
                email=asked.email,
                locale=asked.locale,
                role_ids=asked.role_ids,
            )
            link = await hand_out_link(
                tx, settings=context.settings, user_id=user.id, purpose=LinkPurpose.INVITATION
            )
            shown = await queries.show_user(tx, user)
    except InvalidInput as error:
        return await _refused(request, uow, actor, form.refused(error, _), error.status)
    except LoginTaken as error:
        form = form.with_error("login", _.detail(error))
        return await _refused(request, uow, actor, form, error.status)
    return _after_link(request, shown, link, LinkPurpose.INVITATION)


@get("/users/{user_id:uuid}", guards=[MAY_VIEW])
async def show_user(
    request: ConsoleRequest, user_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[str]:
    """One user: who it is, its roles, and the commands."""
    async with uow.begin(actor) as tx:
        user = await queries.show_user(tx, await queries.get_user(tx, user_id))
        form = Form({"name": user.name, "email": user.email, "locale": user.locale})
        return await _user_page(request, tx, user, form)


@post("/users/{user_id:uuid}", guards=[MAY_EDIT])
async def edit_user(
    request: ConsoleRequest, user_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[Any]:
    """Change a user's name, address and language."""
    _ = view_of(request).translate
    values = await sent_texts(request, "name", "email", "locale")
    revision = (await sent_texts(request, "revision"))["revision"]
    try:
        asked = read_as(UserEdit, values, required=["name"])
        async with uow.begin(actor) as tx:
            await service.edit_user(
                tx,
                user_id=user_id,
                name=asked.name,
                email=asked.email,
                locale=asked.locale,
                revision=revision_in(revision),
            )
    except InvalidInput as error:
        form = Form(values).refused(error, _)
        async with uow.begin(actor) as tx:
            user = await queries.show_user(tx, await queries.get_user(tx, user_id))
            return await _user_page(request, tx, user, form, status=error.status)
    return see_other(request, f"{USERS_PATH}/{user_id}", flash=Flash(text=_("User saved.")))


@post("/users/{user_id:uuid}/disable", guards=[MAY_EDIT])
async def disable_user(
    request: ConsoleRequest, user_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[None]:
    """Shut a user out."""
    _ = view_of(request).translate
    async with uow.begin(actor) as tx:
        await service.disable_user(tx, user_id=user_id)
    flash = Flash(text=_("The user is shut out; sessions and tokens have ended."), tone="info")
    return see_other(request, f"{USERS_PATH}/{user_id}", flash=flash)


@post("/users/{user_id:uuid}/enable", guards=[MAY_EDIT])
async def enable_user(
    request: ConsoleRequest, user_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[None]:
    """Let a user in again."""
    _ = view_of(request).translate
    async with uow.begin(actor) as tx:
        await service.enable_user(tx, user_id=user_id)
    flash = Flash(text=_("The user may sign in again."))
    return see_other(request, f"{USERS_PATH}/{user_id}", flash=flash)


@post("/users/{user_id:uuid}/invitation", guards=[MAY_EDIT])
async def invite_again(
    request: ConsoleRequest,
    user_id: FromPath[UUID],
    actor: CurrentActor,
    context: AppContext,
) -> Response[Any]:
    """Make a new invitation; earlier ones no longer work."""
    return await _new_link(request, user_id, actor, context, LinkPurpose.INVITATION)


@post("/users/{user_id:uuid}/reset-link", guards=[MAY_EDIT])
async def make_reset_link(
    request: ConsoleRequest,
    user_id: FromPath[UUID],
    actor: CurrentActor,
    context: AppContext,
) -> Response[Any]:
    """Make a link to choose another password; the old one works until then."""
    return await _new_link(request, user_id, actor, context, LinkPurpose.RESET)


@post("/users/{user_id:uuid}/roles", guards=[MAY_GIVE_ROLES])
async def choose_roles(
    request: ConsoleRequest, user_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[None]:
    """Give the user the marked roles and take the others."""
    _ = view_of(request).translate
    wanted = {str(each) for each in (await request.form()).getall("role_ids", [])}
    async with uow.begin(actor) as tx:
        held = {str(role.id) for role in await queries.roles_of(tx, user_id)}
        for role in await all_roles(tx):
            if str(role.id) in wanted - held:
                await service.assign_role(tx, user_id=user_id, role_id=role.id)
        for role in await all_roles(tx):
            if str(role.id) in held - wanted:
                await service.unassign_role(tx, user_id=user_id, role_id=role.id)
    return see_other(request, f"{USERS_PATH}/{user_id}", flash=Flash(text=_("Roles saved.")))


async def all_roles(tx: Tx) -> list[RoleItem]:
    """The first roles by name, as many as a form can offer."""
    return (await queries.list_roles(tx, request=PageRequest(limit=MAX_LIMIT))).items


async def _new_link(
    request: ConsoleRequest, user_id: UUID, actor: Actor, context: Context, purpose: LinkPurpose
) -> Response[Any]:
    async with context.uow.begin(actor) as tx:
        link = await hand_out_link(tx, settings=context.settings, user_id=user_id, purpose=purpose)
        shown = await queries.show_user(tx, await queries.get_user(tx, user_id))
    answer = _after_link(request, shown, link, purpose)
    return answer if link.by_mail else in_place(answer)


def _after_link(
    request: ConsoleRequest, user: UserOut, link: LinkOut, purpose: LinkPurpose
) -> Response[Any]:
    """Back to the user when the link went by mail, else the page that shows it this once."""
    _ = view_of(request).translate
    if link.by_mail:
        flash = Flash(text=_("The link was sent to {email}.", email=user.email))
        return see_other(request, f"{USERS_PATH}/{user.id}", flash=flash)
    return rendering.page(
        request,
        "users/link.html",
        user=user,
        link=link,
        invited=purpose is LinkPurpose.INVITATION,
    )


async def _refused(
    request: ConsoleRequest, uow: Uow, actor: Actor, form: Form, status: int
) -> Response[str]:
    async with uow.begin(actor) as tx:
        return await _invite_page(request, tx, form, status=status)


async def _invite_page(
    request: ConsoleRequest, tx: Tx, form: Form, status: int = 200
) -> Response[str]:
    return rendering.page(
        request,
        "users/new.html",
        status=status,
        form=form,
        roles=await all_roles(tx),
        domain=(await queries.get_tenant(tx)).domain,
        sends_mail=request.app.state.settings.mail_url is not None,
    )


async def _user_page(
    request: ConsoleRequest, tx: Tx, user: UserOut, form: Form, status: int = 200
) -> Response[str]:
    return rendering.page(
        request,
        "users/detail.html",
        status=status,
        user=user,
        form=form,
        roles=await all_roles(tx),
        held={role.id for role in user.roles},
        domain=(await queries.get_tenant(tx)).domain,
        is_self=user.id == tx.actor.id,
    )
