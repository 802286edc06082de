"""Support sessions: opened by the vendor, seen and ended by the vendor and by the tenant."""

from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED

from sindico_api.dependencies import AskedPage, CurrentActor, Uow
from sindico_api.guards import requires
from sindico_api.once import OnlyOnce
from sindico_platform.database.tx import Tx
from sindico_platform.identity.support_sessions import queries, service
from sindico_platform.identity.support_sessions.schemas import (
    OpenedSupportSessionOut,
    SupportSessionIn,
    SupportSessionOut,
)
from sindico_platform.paging.schemas import Page
from sindico_provisioning.support import service as support
from sindico_provisioning.tenant_registry.queries import get_tenant

TAGS = ["support sessions"]


@post("/tenants/{tenant_id:uuid}/support-sessions", tags=TAGS, guards=[requires("support:include")])
async def open_support_session(
    tenant_id: FromPath[UUID], data: JSONBody[SupportSessionIn], once: OnlyOnce
) -> Response[OpenedSupportSessionOut]:
    """Act as the tenant's support user for a while; the tenant is told. The token is shown once."""

    async def open_it(tx: Tx) -> Response[OpenedSupportSessionOut]:
        session, token = await support.open_support_session(
            tx, reason=data.reason, minutes=data.minutes
        )
        opened = OpenedSupportSessionOut(
            session=SupportSessionOut.from_row(session),
            access_token=token.reveal(),
            token_type="Bearer",  # noqa: S106  (the name of a scheme)
            expires_in=data.minutes * 60,
        )
        return Response(opened, status_code=HTTP_201_CREATED)

    return await once.run(open_it, tenant=tenant_id)


@get("/tenants/{tenant_id:uuid}/support-sessions", tags=TAGS, guards=[requires("support:view")])
async def list_support_sessions_of_tenant(
    tenant_id: FromPath[UUID], actor: CurrentActor, uow: Uow, page: AskedPage
) -> Page[SupportSessionOut]:
    """List the support sessions in a customer's tenant, newest first."""
    async with uow.begin(actor, tenant=tenant_id) as tx:
        await get_tenant(tx)
        return await queries.list_support_sessions(tx, page)


@post(
    "/tenants/{tenant_id:uuid}/support-sessions/{session_id:uuid}/revoke",
    tags=TAGS,
    guards=[requires("support:edit")],
    status_code=HTTP_200_OK,
)
async def revoke_support_session_of_tenant(
    tenant_id: FromPath[UUID], session_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> SupportSessionOut:
    """End a support session now."""
    async with uow.begin(actor, tenant=tenant_id) as tx:
        ended = await service.revoke_support_session(tx, session_id=session_id)
        return SupportSessionOut.from_row(ended)


@get("/support-sessions", tags=TAGS, guards=[requires("support_sessions:view")])
async def list_support_sessions(
    actor: CurrentActor, uow: Uow, page: AskedPage
) -> Page[SupportSessionOut]:
    """List when the vendor's support worked in the caller's tenant, newest first."""
    async with uow.begin(actor) as tx:
        return await queries.list_support_sessions(tx, page)


@post(
    "/support-sessions/{support_session_id:uuid}/revoke",
    tags=TAGS,
    guards=[requires("support_sessions:edit")],
    status_code=HTTP_200_OK,
)
async def revoke_support_session(
    support_session_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> SupportSessionOut:
    """Shut the vendor's support out of the caller's tenant now."""
    async with uow.begin(actor) as tx:
        ended = await service.revoke_support_session(tx, session_id=support_session_id)
        return SupportSessionOut.from_row(ended)
