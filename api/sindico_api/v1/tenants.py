"""The vendor's register of tenants. To anybody but the vendor these routes do not exist."""

from typing import Annotated, Literal
from uuid import UUID

from litestar import Response, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED
from uuid_utils.compat import uuid7

from sindico_api.dependencies import AskedPage, CurrentActor, Uow
from sindico_api.guards import requires
from sindico_api.once import OnlyOnce
from sindico_api.revisions import IfMatch, expected_revision, with_etag
from sindico_platform.database.tx import Tx
from sindico_platform.paging.schemas import Page
from sindico_provisioning.tenant_registry import queries, service
from sindico_provisioning.tenant_registry.queries import TenantFilter
from sindico_provisioning.tenant_registry.schemas import (
    CloseIn,
    ResumeIn,
    SuspendIn,
    TenantIn,
    TenantOut,
    TenantPatch,
)

# Litestar keeps the name `state` for itself.
TenantStateFilter = Annotated[
    Literal["active", "suspended", "closing", "closed"] | None, QueryParameter(name="state")
]
CrmState = Literal["absent", "provisioning", "active", "failed"]
Search = Annotated[
    str | None,
    QueryParameter(
        name="q", max_length=200, description="Part of name or domain, or the start of the CNPJ."
    ),
]


@post("/tenants", tags=["tenants"], guards=[requires("tenants:include")])
async def create_tenant(data: JSONBody[TenantIn], once: OnlyOnce) -> Response[TenantOut]:
    """Create a tenant on the platform; provision its CRM afterwards."""

    async def create(tx: Tx) -> Response[TenantOut]:
        tenant = await service.create_tenant(tx, data)
        answer = with_etag(tenant, tenant.revision, status_code=HTTP_201_CREATED)
        answer.headers["Location"] = f"/api/v1/tenants/{tenant.id}"
        return answer

    return await once.run(create, tenant=uuid7())


@get("/tenants", tags=["tenants"], guards=[requires("tenants:view")])
async def list_tenants(
    *,
    actor: CurrentActor,
    uow: Uow,
    page: AskedPage,
    search: Search = None,
    tenant_state: TenantStateFilter = None,
    crm_state: FromQuery[CrmState | None] = None,
    package: FromQuery[str | None] = None,
) -> Page[TenantOut]:
    """List the vendor's customers, by name unless another order is asked for."""
    wanted = TenantFilter(search=search, state=tenant_state, crm_state=crm_state, package=package)
    async with uow.begin_fleet(actor, reason="tenants:view") as fleet:
        return await queries.list_tenants(fleet, wanted, page)


@get("/tenants/{tenant_id:uuid}", tags=["tenants"], guards=[requires("tenants:view")])
async def read_tenant(
    tenant_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[TenantOut]:
    """Show one customer."""
    async with uow.begin(actor, tenant=tenant_id) as tx:
        tenant = TenantOut.from_rows(*await queries.get_tenant(tx))
    return with_etag(tenant, tenant.revision)


@patch("/tenants/{tenant_id:uuid}", tags=["tenants"], guards=[requires("tenants:edit")])
async def update_tenant(
    tenant_id: FromPath[UUID],
    data: JSONBody[TenantPatch],
    actor: CurrentActor,
    uow: Uow,
    if_match: IfMatch = None,
) -> Response[TenantOut]:
    """Change a customer's name, contract, package in force or limits."""
    async with uow.begin(actor, tenant=tenant_id) as tx:
        tenant = await service.update_tenant(tx, data, revision=expected_revision(if_match))
    return with_etag(tenant, tenant.revision)


@post(
    "/tenants/{tenant_id:uuid}/suspend",
    tags=["tenants"],
    guards=[requires("tenants:edit")],
    status_code=HTTP_200_OK,
)
async def suspend_tenant(
    tenant_id: FromPath[UUID], data: JSONBody[SuspendIn], actor: CurrentActor, uow: Uow
) -> Response[TenantOut]:
    """Lock a customer's people and programs out; its jobs wait, its data stay."""
    async with uow.begin(actor, tenant=tenant_id) as tx:
        tenant = await service.suspend_tenant(tx, reason=data.reason)
    return with_etag(tenant, tenant.revision)


@post(
    "/tenants/{tenant_id:uuid}/resume",
    tags=["tenants"],
    guards=[requires("tenants:edit")],
    status_code=HTTP_200_OK,
)
async def resume_tenant(
    tenant_id: FromPath[UUID], actor: CurrentActor, uow: Uow, data: JSONBody[ResumeIn | None] = None
) -> Response[TenantOut]:
    """Let a suspended customer in again, or take back a closing within its grace period."""
    async with uow.begin(actor, tenant=tenant_id) as tx:
        tenant = await service.resume_tenant(tx, reason=data.reason if data else None)
    return with_etag(tenant, tenant.revision)


@post(
    "/tenants/{tenant_id:uuid}/close",
    tags=["tenants"],
    guards=[requires("tenants:delete")],
    status_code=HTTP_200_OK,
)
async def close_tenant(
    tenant_id: FromPath[UUID], data: JSONBody[CloseIn], actor: CurrentActor, uow: Uow
) -> Response[TenantOut]:
    """Lock a customer out now, and close it for good after the grace period."""
    async with uow.begin(actor, tenant=tenant_id) as tx:
        tenant = await service.close_tenant(tx, reason=data.reason, grace_days=data.grace_days)
    return with_etag(tenant, tenant.revision)
