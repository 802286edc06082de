"""The smallest valid things of this package."""

import secrets
from uuid import UUID

from uuid_utils.compat import uuid7

from sindico_platform.database.tx import Actor, ActorKind
from sindico_platform.database.uow import UnitOfWork
from sindico_provisioning.packages import queries as packages
from sindico_provisioning.packages.models import CrmState
from sindico_provisioning.tenant_registry import service
from sindico_provisioning.tenant_registry.schemas import TenantIn, TenantOut

CNPJ = "12ABC34501DE35"


def operator() -> Actor:
    """Somebody of the vendor, from a master tenant that need not exist."""
    return Actor(tenant_id=uuid7(), kind=ActorKind.USER, name="op@vendor.test", is_master=True)


def a_tenant(
    name: str = "Acme",
    domain: str | None = None,
    cnpj: str = CNPJ,
    contracted_package: str | None = None,
) -> TenantIn:
    return TenantIn(
        name=name,
        domain=f"{secrets.token_hex(6)}.test" if domain is None else domain,
        cnpj=cnpj,
        contracted_package=contracted_package,
    )


async def make_tenant(uow: UnitOfWork, **changed: str) -> TenantOut:
    """A tenant on the platform, without a CRM."""
    async with uow.begin(operator(), tenant=uuid7()) as tx:
        return await service.create_tenant(tx, a_tenant(**changed))


async def put_package_in_force(uow: UnitOfWork, tenant: UUID, package: str) -> None:
    """Make the CRM active without a provisioning."""
    async with uow.begin(Actor.system(tenant)) as tx:
        subscription = await packages.find_subscription(tx)
        assert subscription is not None
        subscription.package, subscription.crm_state = package, CrmState.ACTIVE
