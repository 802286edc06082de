"""The tenant's programs, which come in with client credentials."""

from uuid import UUID

from litestar import Response, get, post, put
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED

from sindico_api.dependencies import AskedPage, CurrentActor, Uow
from sindico_api.grid import GRID
from sindico_api.guards import requires
from sindico_api.once import OnlyOnce
from sindico_api.revisions import IfMatch, expected_revision, with_etag
from sindico_platform.database.tx import Tx
from sindico_platform.identity import queries
from sindico_platform.identity.api_clients import service
from sindico_platform.identity.schemas import ApiClientIn, ApiClientItem, ApiClientSecretOut
from sindico_platform.paging.schemas import Page


@get("/api-clients", tags=["api-clients"], guards=[requires("api_clients:view")])
async def list_api_clients(
    *, actor: CurrentActor, uow: Uow, page: AskedPage
) -> Page[ApiClientItem]:
    """List API clients by name, the revoked ones too."""
    async with uow.begin(actor) as tx:
        return await queries.list_api_clients(tx, request=page)


@post("/api-clients", tags=["api-clients"], guards=[requires("api_clients:include")])
async def create_api_client(
    data: JSONBody[ApiClientIn], once: OnlyOnce
) -> Response[ApiClientSecretOut]:
    """Add an API client. Its secret is shown in this answer and never again."""

    async def create(tx: Tx) -> Response[ApiClientSecretOut]:
        client, credential = await service.create_api_client(
            tx, name=data.name, permissions=frozenset(data.permissions), grid=GRID
        )
        shown = ApiClientItem.from_row(client)
        answer = with_etag(
            ApiClientSecretOut(client=shown, client_secret=credential.secret.reveal()),
            shown.revision,
            status_code=HTTP_201_CREATED,
        )
        answer.headers["Location"] = f"/api/v1/api-clients/{shown.id}"
        return answer

    return await once.run(create)


@get(
    "/api-clients/{api_client_id:uuid}",
    tags=["api-clients"],
    guards=[requires("api_clients:view")],
)
async def read_api_client(
    api_client_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[ApiClientItem]:
    """Show one API client."""
    async with uow.begin(actor) as tx:
        shown = ApiClientItem.from_row(await queries.get_api_client(tx, api_client_id))
    return with_etag(shown, shown.revision)


@put(
    "/api-clients/{api_client_id:uuid}",
    tags=["api-clients"],
    guards=[requires("api_clients:edit")],
)
async def edit_api_client(
    api_client_id: FromPath[UUID],
    data: JSONBody[ApiClientIn],
    actor: CurrentActor,
    uow: Uow,
    if_match: IfMatch = None,
) -> Response[ApiClientItem]:
    """Replace an API client's name and permissions; its tokens have them at once."""
    async with uow.begin(actor) as tx:
        client = await service.edit_api_client(
            tx,
            api_client_id=api_client_id,
            name=data.name,
            permissions=frozenset(data.permissions),
            grid=GRID,
            revision=expected_revision(if_match),
        )
        shown = ApiClientItem.from_row(client)
    return with_etag(shown, shown.revision)


@post(
    "/api-clients/{api_client_id:uuid}/rotate",
    tags=["api-clients"],
    guards=[requires("api_clients:edit")],
    status_code=HTTP_200_OK,
)
async def rotate_api_client(
    api_client_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[ApiClientSecretOut]:
    """Replace the secret; the old one and its tokens end at once."""
    async with uow.begin(actor) as tx:
        client, credential = await service.rotate_api_client(tx, api_client_id=api_client_id)
        shown = ApiClientItem.from_row(client)
    answer = ApiClientSecretOut(client=shown, client_secret=credential.secret.reveal())
    return with_etag(answer, shown.revision)


@post(
    "/api-clients/{api_client_id:uuid}/revoke",
    tags=["api-clients"],
    guards=[requires("api_clients:delete")],
    status_code=HTTP_200_OK,
)
async def revoke_api_client(
    api_client_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[ApiClientItem]:
    """End an API client and its tokens for good."""
    async with uow.begin(actor) as tx:
        client = await service.revoke_api_client(tx, api_client_id=api_client_id)
        shown = ApiClientItem.from_row(client)
    return with_etag(shown, shown.revision)
