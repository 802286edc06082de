"""Administration › API clients: the systems that call the API with credentials of their own."""

from collections.abc import Set as AbstractSet
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from sindico_api.console import rendering
from sindico_api.console.forms import EMPTY_FORM, Form
from sindico_api.console.grid_form import grid_view, sent_permissions
from sindico_api.console.listing import Listing
from sindico_api.console.rendering import in_place, see_other
from sindico_api.console.submitted import read_as, revision_in, sent_texts
from sindico_api.console.view import ConsoleRequest, Flash, view_of
from sindico_api.dependencies import AskedPage, CurrentActor, Uow
from sindico_api.grid import GRID
from sindico_api.guards import requires
from sindico_api.i18n import CONSOLE_PATH
from sindico_platform.database.tx import Actor
from sindico_platform.errors import InvalidInput
from sindico_platform.identity import queries
from sindico_platform.identity.api_clients import service
from sindico_platform.identity.errors import ApiClientNameTaken
from sindico_platform.identity.schemas import ApiClientIn, ApiClientItem

CLIENTS_PATH = f"{CONSOLE_PATH}/api-clients"
MAY_VIEW, MAY_EDIT = requires("api_clients:view"), requires("api_clients:edit")
MAY_INCLUDE, MAY_DELETE = requires("api_clients:include"), requires("api_clients:delete")


@get("/api-clients", guards=[MAY_VIEW])
async def list_api_clients(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow, page: AskedPage
) -> Response[str]:
    """The tenant's programs by name, the revoked ones too."""
    listing = Listing(path=CLIENTS_PATH, query=dict(request.query_params), default_sort="name")
    async with uow.begin(actor) as tx:
        found = await queries.list_api_clients(tx, request=page)
    return rendering.page(request, "api_clients/list.html", found=found, listing=listing)


@get("/api-clients/new", guards=[MAY_INCLUDE])
async def show_new_api_client(request: ConsoleRequest, actor: CurrentActor) -> Response[str]:
    return _new_page(request, actor, EMPTY_FORM, frozenset())


@post("/api-clients", guards=[MAY_INCLUDE])
async def create_api_client(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow
) -> Response[Any]:
    """Add a client; the answer is the one place that shows its secret."""
    _ = view_of(request).translate
    values, granted = await sent_texts(request, "name"), await sent_permissions(request)
    form = Form(values)
    try:
        asked = read_as(ApiClientIn, {**values, "permissions": sorted(granted)}, required=["name"])
        async with uow.begin(actor) as tx:
            client, credential = await service.create_api_client(
                tx, name=asked.name, permissions=granted, grid=GRID
            )
            shown = ApiClientItem.from_row(client)
    except InvalidInput as error:
        return _new_page(request, actor, form.refused(error, _), granted, status=error.status)
    except ApiClientNameTaken as error:
        form = form.with_error("name", _.detail(error))
        return _new_page(request, actor, form, granted, status=error.status)
    return _secret_page(request, shown, credential.secret.reveal(), is_new=True)


@get("/api-clients/{api_client_id:uuid}", guards=[MAY_VIEW])
async def show_api_client(
    request: ConsoleRequest, api_client_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[str]:
    """One client: what it may do, and when it last came."""
    async with uow.begin(actor) as tx:
        shown = ApiClientItem.from_row(await queries.get_api_client(tx, api_client_id))
    return _client_page(
        request,
        actor,
        client=shown,
        form=Form({"name": shown.name}),
        granted={*shown.permissions},
    )


@post("/api-clients/{api_client_id:uuid}", guards=[MAY_EDIT])
async def edit_api_client(
    request: ConsoleRequest, api_client_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[Any]:
    """Replace name and permissions; its tokens have them at once."""
    _ = view_of(request).translate
    values = await sent_texts(request, "name", "revision")
    granted, form = await sent_permissions(request), Form(values)
    async with uow.begin(actor) as tx:
        shown = ApiClientItem.from_row(await queries.get_api_client(tx, api_client_id))
    try:
        asked = read_as(
            ApiClientIn,
            {"name": values["name"], "permissions": sorted(granted)},
            required=["name"],
        )
        async with uow.begin(actor) as tx:
            await service.edit_api_client(
                tx,
                api_client_id=api_client_id,
                name=asked.name,
                permissions=granted,
                grid=GRID,
                revision=revision_in(values["revision"]),
            )
    except InvalidInput as error:
        form = form.refused(error, _)
        return _client_page(
            request, actor, client=shown, form=form, granted=granted, status=error.status
        )
    except ApiClientNameTaken as error:
        form = form.with_error("name", _.detail(error))
        return _client_page(
            request, actor, client=shown, form=form, granted=granted, status=error.status
        )
    flash = Flash(text=_("API client saved."))
    return see_other(request, f"{CLIENTS_PATH}/{api_client_id}", flash=flash)


@post("/api-clients/{api_client_id:uuid}/rotate", guards=[MAY_EDIT])
async def rotate_api_client(
    request: ConsoleRequest, api_client_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[str]:
    """Replace the secret, and show the new one this once."""
    async with uow.begin(actor) as tx:
        client, credential = await service.rotate_api_client(tx, api_client_id=api_client_id)
        shown = ApiClientItem.from_row(client)
    return in_place(_secret_page(request, shown, credential.secret.reveal(), is_new=False))


@post("/api-clients/{api_client_id:uuid}/revoke", guards=[MAY_DELETE])
async def revoke_api_client(
    request: ConsoleRequest, api_client_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[None]:
    """End the client and its tokens for good."""
    _ = view_of(request).translate
    async with uow.begin(actor) as tx:
        client = await service.revoke_api_client(tx, api_client_id=api_client_id)
        name = client.name
    flash = Flash(text=_("{name} was revoked; nothing it holds works any more.", name=name))
    return see_other(request, CLIENTS_PATH, flash=flash)


def _new_page(
    request: ConsoleRequest, actor: Actor, form: Form, granted: AbstractSet[str], status: int = 200
) -> Response[str]:
    grid = grid_view(actor, granted)
    return rendering.page(request, "api_clients/new.html", status=status, form=form, grid=grid)


def _client_page(
    request: ConsoleRequest,
    actor: Actor,
    *,
    client: ApiClientItem,
    form: Form,
    granted: AbstractSet[str],
    status: int = 200,
) -> Response[str]:
    may_edit = actor.may("api_clients:edit") and client.revoked_at is None
    return rendering.page(
        request,
        "api_clients/detail.html",
        status=status,
        client=client,
        form=form,
        grid=grid_view(actor, granted),
        may_edit=may_edit,
    )


def _secret_page(
    request: ConsoleRequest, client: ApiClientItem, secret: str, *, is_new: bool
) -> Response[str]:
    return rendering.page(
        request,
        "api_clients/secret.html",
        client=client,
        secret=secret,
        is_new=is_new,
        token_url=f"{request.app.state.settings.public_url}/api/v1/auth/token",
    )
