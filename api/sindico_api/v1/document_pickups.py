"""Files that the customer's own server fetches, with the credentials of its API client."""

from typing import Annotated
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.response import Stream
from litestar.status_codes import HTTP_204_NO_CONTENT

from sindico_api.dependencies import AppContext, AskedPage, CurrentActor, Uow
from sindico_api.documents import send_blob
from sindico_api.guards import requires
from sindico_platform.paging.schemas import Page
from sindico_tenants.documents.pickups import service
from sindico_tenants.documents.schemas import PickupConfirmIn, PickupOut

TAGS = ["document-pickups"]
ALL, ONE = "/document-pickups", "/document-pickups/{document_id:uuid}"
MAY_VIEW = requires("document_pickups:view")

Signature = Annotated[
    str,
    QueryParameter(
        required=False, max_length=300, description="From the `content_url` of the list."
    ),
]


@get(ALL, tags=TAGS, guards=[MAY_VIEW])
async def list_document_pickups(
    actor: CurrentActor, context: AppContext, page: AskedPage
) -> Page[PickupOut]:
    """List what waits for the customer's server, oldest first, each with a signed address."""
    base = f"{context.settings.public_url}/api/v1{ALL}"
    async with context.uow.begin(actor) as tx:
        return await service.list_pickups(tx, context.secrets, request=page, base=base)


@get(f"{ONE}/content", tags=TAGS, guards=[MAY_VIEW])
async def download_document_pickup(
    document_id: FromPath[UUID], actor: CurrentActor, context: AppContext, signature: Signature = ""
) -> Stream:
    """Fetch a file that waits; it keeps waiting until it is confirmed."""
    async with context.uow.begin(actor) as tx:
        blob = await service.begin_pickup(
            tx, context.secrets, document_id=document_id, signature=signature
        )
    return await send_blob(context, actor, blob)


@post(
    f"{ONE}/confirm",
    tags=TAGS,
    guards=[requires("document_pickups:edit")],
    status_code=HTTP_204_NO_CONTENT,
)
async def confirm_document_pickup(
    document_id: FromPath[UUID], data: JSONBody[PickupConfirmIn], actor: CurrentActor, uow: Uow
) -> None:
    """Confirm that a file has arrived, by its SHA-256; ours is then removed. Repeatable."""
    async with uow.begin(actor) as tx:
        await service.confirm_pickup(tx, document_id=document_id, sha256=data.sha256)
