"""Every SELECT on what is taken out of the staging, and when."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import case, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from sindico_platform.database.tx import Tx
from sindico_platform.tenancy.models import Tenant, TenantState
from sindico_provisioning.integrations.models import Integration, IntegrationKind
from sindico_provisioning.loads.models import ACTIVE, Load, LoadPhase, LoadStatus, PhaseStep
from sindico_provisioning.staging.retention.models import Retirement

EVERY = timedelta(hours=24)
PUSH_TAKES = timedelta(minutes=2)
"""At most: a push that began before a reading may be seen only after it."""


async def list_due(fleet: AsyncSession, *, limit: int) -> list[tuple[UUID, UUID]]:
    """Tenant and integration that were not cleared for a day, those that waited longest first.

    A load clears what it has read, so one that is under way is let end.
    """
    loads = exists().where(
        Load.tenant_id == Integration.tenant_id,
        Load.integration_id == Integration.id,
        Load.status.in_(ACTIVE),
    )
    due = (
        select(Integration.tenant_id, Integration.id)
        .join(Tenant, Tenant.tenant_id == Integration.tenant_id)
        .outerjoin(
            Retirement,
            (Retirement.tenant_id == Integration.tenant_id)
            & (Retirement.integration_id == Integration.id),
        )
        .where(
            Tenant.state == TenantState.ACTIVE,
            func.coalesce(Retirement.begun_at, Integration.created_at) <= func.now() - EVERY,
            ~loads,
        )
        .order_by(func.coalesce(Retirement.begun_at, Integration.created_at))
        .limit(limit)
    )
    return [(row[0], row[1]) for row in await fleet.execute(due)]


async def lock_retirement(tx: Tx, integration_id: UUID) -> Retirement | None:
    """The integration's last clearing, kept from others."""
    found: Retirement | None = await tx.session.scalar(
        select(Retirement)
        .where(Retirement.tenant_id == tx.tenant_id, Retirement.integration_id == integration_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return found


async def find_brought_until(tx: Tx, integration_id: UUID, *, resource: str) -> datetime | None:
    """Up to when every change in the staging has come to what the CRM makes of it; None if never.

    Args:
        resource: what the CRM makes of it, such as ``trade_bills``.
    """
    margin = case((Integration.kind == IntegrationKind.API, PUSH_TAKES), else_=timedelta())
    found: datetime | None = await tx.session.scalar(
        select(func.max(LoadPhase.started_at - margin))
        .join(Load, (Load.tenant_id == LoadPhase.tenant_id) & (Load.id == LoadPhase.load_id))
        .join(
            Integration,
            (Integration.tenant_id == Load.tenant_id) & (Integration.id == Load.integration_id),
        )
        .where(
            Load.tenant_id == tx.tenant_id,
            Load.integration_id == integration_id,
            LoadPhase.step == PhaseStep.SYNCHRONISE,
            LoadPhase.resource == resource,
            LoadPhase.status == LoadStatus.SUCCEEDED,
        )
    )
    return found
