"""Integrations with a past: what the fleet is judged by."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from uuid_utils.compat import uuid7

from sindico_platform.database.tx import Actor, Tx
from sindico_platform.database.uow import UnitOfWork
from sindico_provisioning.freshness.models import Freshness
from sindico_provisioning.integrations.models import Integration
from sindico_provisioning.loads.models import Load
from sindico_provisioning.schedules.models import Schedule
from sindico_provisioning.staging.sizes.models import StagingSize
from tests.provisioning import factories

Run = tuple[str, float, float]
"""Status, how many hours ago it ended, how many seconds it took."""


@dataclass(frozen=True, kw_only=True)
class Past:
    """What happened to an integration so far."""

    runs: tuple[Run, ...] = ()
    """Oldest first."""
    tables: list[str] | None = None
    """Of the runs; all of them otherwise."""
    under_way: bool = False
    pushed_hours: float | None = None
    """How many hours ago data came by a push."""
    max_hours: int | None = None
    """The limit that somebody chose; the default otherwise."""
    schedule: dict[str, Any] | None = None
    """``{"due_hours": …}`` and columns of the schedule; hours from now."""
    state: str = "active"
    size_bytes: int | None = None
    name: str = "ERP Mega XT"
    kind: str = "mega"


async def make_member(uow: UnitOfWork, past: Past, *, tenant: str = "Acme") -> UUID:
    """A customer with one integration, whose id is given."""
    made = await factories.make_tenant(uow, name=tenant)
    return await add_integration(uow, made.id, past)


async def add_integration(uow: UnitOfWork, tenant_id: UUID, past: Past) -> UUID:
    async with uow.begin(Actor.system(tenant_id)) as tx:
        integration_id = await _add_integration(tx, past)
        for status, hours, seconds in past.runs:
            ended = tx.now - timedelta(hours=hours)
            begun = ended - timedelta(seconds=seconds)
            await _add_load(tx, integration_id, status, begun, ended, tables=past.tables)
        if past.under_way:
            await _add_load(tx, integration_id, "running", tx.now, None)
        if past.schedule is not None:
            await _add_schedule(tx, integration_id, **past.schedule)
        if past.pushed_hours is not None or past.max_hours is not None:
            await _add_freshness(tx, integration_id, past)
        if past.size_bytes is not None:
            figures = {"rows": 10, "size_bytes": past.size_bytes, "measured_at": tx.now}
            row = {"tenant_id": tx.tenant_id, "integration_id": integration_id, **figures}
            await tx.session.execute(insert(StagingSize).values(row))
    return integration_id


async def _add_integration(tx: Tx, past: Past) -> UUID:
    integration_id = uuid7()
    row = {
        "tenant_id": tx.tenant_id,
        "id": integration_id,
        "kind": past.kind,
        "name": past.name,
        "state": past.state,
        "state_at": tx.now,
        "is_default": False,
        "created_at": tx.now,
    }
    await tx.session.execute(insert(Integration).values(row))
    return integration_id


async def _add_load(
    tx: Tx,
    integration_id: UUID,
    status: str,
    begun: datetime,
    ended: datetime | None,
    *,
    tables: list[str] | None = None,
) -> None:
    row = {
        "tenant_id": tx.tenant_id,
        "id": tx.new_id(),
        "integration_id": integration_id,
        "kind": "scheduled",
        "tables": tables,
        "status": status,
        "touched_at": ended or begun,
        "requested_by": "schedules",
        "job_id": tx.new_id(),
        "tries": 0,
        "tries_without_progress": 0,
        "revision": 1,
        "created_at": begun,
        "started_at": begun,
        "finished_at": ended,
    }
    if status == "failed":
        row["error"] = {
            "code": "erp-login-refused",
            "detail": "The ERP did not accept the user {user} with this password.",
            "facts": {"user": "somebody"},
            "final": True,
        }
    await tx.session.execute(insert(Load).values(row))


async def _add_freshness(tx: Tx, integration_id: UUID, past: Past) -> None:
    pushed = None if past.pushed_hours is None else tx.now - timedelta(hours=past.pushed_hours)
    row = {
        "tenant_id": tx.tenant_id,
        "integration_id": integration_id,
        "is_explicit": past.max_hours is not None,
        "max_hours": past.max_hours,
        "contacts": [],
        "last_push_at": pushed,
        "revision": 1,
        "created_at": tx.now,
        "updated_at": tx.now,
    }
    await tx.session.execute(insert(Freshness).values(row))


async def _add_schedule(
    tx: Tx, integration_id: UUID, *, due_hours: float | None, **columns: Any
) -> None:
    due = None if due_hours is None else tx.now + timedelta(hours=due_hours)
    row = {
        "tenant_id": tx.tenant_id,
        "integration_id": integration_id,
        "kind": "daily",
        "times": ["00:00"],
        "timezone": "America/Sao_Paulo",
        "slot_at": due,
        "due_at": due,
        "revision": 1,
        "created_at": tx.now,
        "updated_at": tx.now,
    }
    await tx.session.execute(insert(Schedule).values(row | columns))
