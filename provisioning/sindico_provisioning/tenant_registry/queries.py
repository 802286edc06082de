"""Every SELECT on the register of tenants."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from sindico_platform.database.tx import Tx
from sindico_platform.tenancy.models import Tenant, TenantState
from sindico_provisioning.packages.models import Subscription
from sindico_provisioning.tenant_registry.errors import TenantNotFound


async def get_tenant(tx: Tx, *, lock: bool = False) -> tuple[Tenant, Subscription]:
    """The bound tenant and what it bought.

    Raises:
        TenantNotFound: there is none, or it is the master tenant, which nobody provisions.
    """
    query = (
        select(Tenant, Subscription)
        .join(Subscription, Subscription.tenant_id == Tenant.tenant_id)
        .where(Tenant.tenant_id == tx.tenant_id)
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    row = (await tx.session.execute(query)).one_or_none()
    if row is None:
        raise TenantNotFound
    return row[0], row[1]


async def list_due_to_close(fleet: AsyncSession, *, now: datetime, limit: int) -> list[UUID]:
    """Tenants whose grace period is over, longest first."""
    query = (
        select(Tenant.tenant_id)
        .where(Tenant.state == TenantState.CLOSING, Tenant.closes_at <= now)
        .order_by(Tenant.closes_at)
        .limit(limit)
    )
    return list(await fleet.scalars(query))
