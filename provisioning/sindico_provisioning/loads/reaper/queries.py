"""Which loads nobody carries on with, and why."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from sindico_platform.database.tx import Tx
from sindico_platform.jobs.models import Job, JobState
from sindico_platform.tenancy.models import Tenant, TenantState
from sindico_provisioning.loads.models import ACTIVE, Load, LoadStatus

NOT_STARTED_HOURS = 24
"""No worker took it up."""
STALLED_HOURS = 12
"""A worker has it, or had it, and it neither moved nor failed."""
TOO_LONG_DAYS = 7
"""It moves, but counted from its start or from when it was resumed it never ends."""


def _longer_ago(instant: Any, **limit: float) -> ColumnElement[bool]:
    return instant < func.now() - timedelta(**limit)  # type: ignore[no-any-return]  # a column


_IS_ABANDONED = Job.id.is_(None) | Job.state.not_in((JobState.PENDING, JobState.RUNNING))
_REASON = case(
    (_IS_ABANDONED, "load-abandoned"),
    (
        (Load.status == LoadStatus.PENDING) & _longer_ago(Load.touched_at, hours=NOT_STARTED_HOURS),
        "load-not-started",
    ),
    (
        (Load.status == LoadStatus.RUNNING)
        & _longer_ago(func.greatest(Load.touched_at, Load.next_try_at), hours=STALLED_HOURS),
        "load-stalled",
    ),
    (
        (Load.status == LoadStatus.RUNNING) & _longer_ago(Job.created_at, days=TOO_LONG_DAYS),
        "load-too-long",
    ),
)


def _dead() -> Select[Any]:
    return (
        select(Load.tenant_id, Load.id, _REASON)
        .outerjoin(Job, (Job.tenant_id == Load.tenant_id) & (Job.id == Load.job_id))
        .join(Tenant, Tenant.tenant_id == Load.tenant_id)
        .where(Load.status.in_(ACTIVE), Tenant.state == TenantState.ACTIVE, _REASON.is_not(None))
    )


async def list_dead(
    fleet: AsyncSession, *, limit: int, whatever_waited: bool = True
) -> list[tuple[UUID, UUID]]:
    """Tenant and id of loads that nobody carries on with; jobs of others wait.

    Args:
        limit: how many at most.
        whatever_waited: also those that only stood for too long.
    """
    query = _dead().order_by(Load.touched_at).limit(limit)
    found = await fleet.execute(query if whatever_waited else query.where(_IS_ABANDONED))
    return [(row[0], row[1]) for row in found]


async def find_reason(tx: Tx, load_id: UUID) -> str | None:
    """Why nobody carries on with the load; None if somebody does."""
    found = await tx.session.execute(
        _dead().where(Load.tenant_id == tx.tenant_id, Load.id == load_id)
    )
    row = found.one_or_none()
    return None if row is None else row[2]
