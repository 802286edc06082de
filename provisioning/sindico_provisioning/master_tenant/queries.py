"""Looks the master tenant up before any tenant is bound."""

from uuid import UUID

from sqlalchemy import func, select

from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.tenancy.models import Tenant

NOBODY = Actor.system(UUID(int=0), "bootstrap")


async def find_domain(uow: UnitOfWork) -> str | None:
    """The domain of the master tenant; None before there is one."""
    async with uow.begin_fleet(NOBODY, reason="bootstrap") as fleet:
        found: str | None = await fleet.scalar(select(Tenant.domain).where(Tenant.is_master))
    return found


async def find_tenant_id(uow: UnitOfWork, domain: str) -> UUID | None:
    async with uow.begin(NOBODY) as tx:
        found: UUID | None = await tx.session.scalar(select(func.control.tenant_by_domain(domain)))
    return found
