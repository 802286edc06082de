"""The packages the vendor sells, and what a tenant uses of its own."""

from uuid import UUID

from litestar import get
from litestar.params import FromPath

from sindico_api.dependencies import CurrentActor, Uow
from sindico_api.guards import requires
from sindico_provisioning.packages import service
from sindico_provisioning.packages.catalogue import PACKAGES
from sindico_provisioning.packages.schemas import PackageOut, UsageOut
from sindico_provisioning.tenant_registry import queries as registry


@get("/packages", tags=["packages"])
async def list_packages() -> list[PackageOut]:
    """List the packages with their features and limits."""
    return [PackageOut.of(package) for package in PACKAGES.values()]


@get("/usage", tags=["packages"])
async def read_usage(actor: CurrentActor, uow: Uow) -> list[UsageOut]:
    """Show what the caller's tenant uses of each limit of its package."""
    async with uow.begin(actor) as tx:
        return await service.list_usage(tx)


@get("/tenants/{tenant_id:uuid}/usage", tags=["tenants"], guards=[requires("tenants:view")])
async def read_usage_of_tenant(
    tenant_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> list[UsageOut]:
    """Show what a customer uses of each limit of its package."""
    async with uow.begin(actor, tenant=tenant_id) as tx:
        await registry.get_tenant(tx)
        return await service.list_usage(tx)
