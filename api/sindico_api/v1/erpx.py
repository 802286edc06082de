"""The module screen of ERPX: setting CRM to active begins the deployment."""

from typing import Annotated
from uuid import UUID

from litestar import Response, get, put
from litestar.params import JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK, HTTP_202_ACCEPTED

from sindico_api.dependencies import CurrentActor, Uow
from sindico_api.guards import requires
from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.errors import InvalidInput, field_error
from sindico_provisioning.erpx import service
from sindico_provisioning.erpx.schemas import ModuleIn, ModuleOut
from sindico_provisioning.tenant_registry import queries as registry
from sindico_provisioning.tenant_registry.errors import TenantNotFound

TAGS = ["erpx"]
TenantDomain = Annotated[
    str | None,
    QueryParameter(description="Which tenant; needed by a platform-level client."),
]


@put("/erpx/modules/crm", tags=TAGS, guards=[requires("erpx_modules:edit")])
async def set_crm_module(
    data: JSONBody[ModuleIn], actor: CurrentActor, uow: Uow
) -> Response[ModuleOut]:
    """Set the module CRM to active: the deployment of the contracted package begins.

    A platform-level API client (one of the vendor's tenant) names the tenant by `tenant_domain`;
    a client of the tenant itself need not. Sending it again changes nothing. 202 while the CRM is
    being provisioned, 200 once it is active; read the module, or its notification, for the end.
    """
    tenant_id = await tenant_named(uow, actor, data.tenant_domain)
    async with uow.begin(actor, tenant=tenant_id) as tx:
        module = await service.set_crm_module(tx, data)
    return Response(
        module,
        status_code=HTTP_200_OK if module.active else HTTP_202_ACCEPTED,
        headers={"Location": f"/api/v1/erpx/modules/crm?tenant_domain={module.tenant_domain}"},
    )


@get("/erpx/modules/crm", tags=TAGS, guards=[requires("erpx_modules:view")])
async def read_crm_module(
    actor: CurrentActor, uow: Uow, tenant_domain: TenantDomain = None
) -> ModuleOut:
    """Read how far the module CRM of a tenant is."""
    tenant_id = await tenant_named(uow, actor, tenant_domain)
    async with uow.begin(actor, tenant=tenant_id) as tx:
        return await service.read_crm_module(tx)


async def tenant_named(uow: UnitOfWork, actor: Actor, domain: str | None) -> UUID:
    """The tenant a caller means: any for the vendor, its own for everybody else.

    Raises:
        InvalidInput: a platform-level client names none.
        TenantNotFound: no such tenant, or another one than the caller's own.
    """
    if domain is None:
        if actor.is_master:
            raise InvalidInput(field_error("tenant_domain", "required", "This field is required."))
        return actor.tenant_id
    async with uow.begin(actor) as tx:
        found = await registry.find_tenant_id(tx, domain)
    if found is None or not (actor.is_master or found == actor.tenant_id):
        raise TenantNotFound
    return found
