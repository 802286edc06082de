"""Mail and file servers that no customer may use; the vendor's operators keep the list."""

from uuid import UUID

from litestar import Response, delete, get, post
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_201_CREATED, HTTP_204_NO_CONTENT

from sindico_api.dependencies import AskedPage, CurrentActor, Uow
from sindico_api.guards import requires
from sindico_api.once import OnlyOnce
from sindico_platform.database.tx import Tx
from sindico_platform.denied_hosts import queries, service
from sindico_platform.denied_hosts.schemas import DeniedHostIn, DeniedHostOut
from sindico_platform.paging.schemas import Page

TAGS = ["denied hosts"]


@get("/denied-hosts", guards=[requires("denied_hosts:view")], tags=TAGS)
async def list_denied_hosts(actor: CurrentActor, uow: Uow, page: AskedPage) -> Page[DeniedHostOut]:
    """List what no customer may use; orders are `entry` and `created_at`."""
    async with uow.begin(actor) as tx:
        return await queries.list_denied_hosts(tx, request=page)


@post("/denied-hosts", guards=[requires("denied_hosts:include")], tags=TAGS)
async def deny_host(data: JSONBody[DeniedHostIn], once: OnlyOnce) -> Response[DeniedHostOut]:
    """Refuse a host, domain, address or range to every customer; effective within seconds."""

    async def deny(tx: Tx) -> Response[DeniedHostOut]:
        denied = await service.deny_host(tx, entry=data.entry, reason=data.reason)
        return Response(denied, status_code=HTTP_201_CREATED)

    return await once.run(deny)


@delete(
    "/denied-hosts/{denied_host_id:uuid}",
    guards=[requires("denied_hosts:delete")],
    tags=TAGS,
    status_code=HTTP_204_NO_CONTENT,
)
async def allow_host(denied_host_id: FromPath[UUID], actor: CurrentActor, uow: Uow) -> None:
    """Take a line off the list."""
    async with uow.begin(actor) as tx:
        await service.allow_host(tx, denied_host_id=denied_host_id)
