"""Customers of the vendor with an ERP in memory."""

from sqlalchemy import select

from sindico_api.context import Context
from sindico_platform.database.tx import Actor
from sindico_platform.tenancy.models import Tenant
from tests.provisioning import factories
from tests.provisioning.loads.conftest import Site, make_site


async def make_customer(context: Context, kind: str, name: str = "Acme") -> Site:
    """One that is in the vendor's register, its package in force."""
    customer = await factories.make_tenant(context.uow, name=name)
    await factories.put_package_in_force(context.uow, customer.id, "advanced")
    async with context.uow.begin(Actor.system(customer.id)) as tx:
        found = await tx.session.scalars(select(Tenant).where(Tenant.tenant_id == customer.id))
        tenant = found.one()
    return await make_site(context, tenant, kind)
