"""The only writer of steps: claim, take, record, one transaction each.

A claim is the job's: whoever holds the job's lease may take a step over, and from then on the
earlier claim records nothing.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, text, update
from sqlalchemy.sql.elements import TextClause

from sindico_platform.audit import service as audit
from sindico_platform.database.tx import Tx
from sindico_provisioning.packages import service as packages
from sindico_provisioning.packages.models import CrmState
from sindico_provisioning.provisioning_runs import queries
from sindico_provisioning.provisioning_runs.errors import StepLost
from sindico_provisioning.provisioning_runs.models import (
    ProvisioningRun,
    ProvisioningStep,
    Status,
)
from sindico_provisioning.provisioning_runs.queries import wake_channel
from sindico_provisioning.provisioning_runs.steps.catalogue import STEP_BY_CODE, StepInput

CLAIM = text("""
    UPDATE control.provisioning_step AS s
    SET status = 'running', started_at = clock_timestamp(), finished_at = NULL,
        attempts = s.attempts + 1, lease_token = :lease_token
    WHERE s.tenant_id = :tenant_id AND s.run_id = :run_id AND s.position = (
        SELECT min(position) FROM control.provisioning_step
        WHERE tenant_id = :tenant_id AND run_id = :run_id AND status <> 'succeeded')
    RETURNING s.position, s.code, s.attempts
""")
# Records one step and claims the one after it, so that screens always show what is being done.
RECORD_AND_CLAIM = text("""
    WITH done AS (
        UPDATE control.provisioning_step AS s
        SET status = 'succeeded', finished_at = clock_timestamp(), lease_token = NULL, error = NULL
        WHERE s.tenant_id = :tenant_id AND s.run_id = :run_id AND s.position = :position
            AND s.lease_token = :lease_token
        RETURNING s.position)
    UPDATE control.provisioning_step AS s
    SET status = 'running', started_at = clock_timestamp(), finished_at = NULL,
        attempts = s.attempts + 1, lease_token = :lease_token
    FROM done
    WHERE s.tenant_id = :tenant_id AND s.run_id = :run_id AND s.position = done.position + 1
    RETURNING s.position, s.code, s.attempts
""")


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """A step that is ours while the token matches."""

    run_id: UUID
    position: int
    code: str
    attempt: int
    lease_token: UUID


async def claim_step(tx: Tx, *, run_id: UUID, lease_token: UUID) -> Claim | None:
    """Claim the first step that has not succeeded; None when the run is over."""
    run = await queries.find_run(tx, run_id, lock=True)
    if run is None or run.status not in {Status.PENDING, Status.RUNNING}:
        return None
    if run.status == Status.PENDING:
        run.status, run.started_at = Status.RUNNING, run.started_at or tx.now
        await tx.session.flush()
    tx.wake(wake_channel(run_id))
    return await _claimed(tx, CLAIM, run_id=run_id, lease_token=lease_token)


async def take_step(tx: Tx, claim: Claim, *, sends_mail: bool) -> Claim | None:
    """Take the claimed step, record its success, and claim the next one.

    Args:
        sends_mail: whether the product has a mail server.

    Returns:
        The next step, or None when this was the last one and the run has succeeded.

    Raises:
        StepLost: another worker claimed it; nothing may be kept.
        Whatever the step itself raises: nothing of it may be kept.
    """
    run = await queries.lock_claimed_run(
        tx, run_id=claim.run_id, position=claim.position, lease_token=claim.lease_token
    )
    if run is None:
        raise StepLost
    await STEP_BY_CODE[claim.code].apply(tx, StepInput(run, sends_mail))
    following = await _claimed(
        tx,
        RECORD_AND_CLAIM,
        run_id=claim.run_id,
        position=claim.position,
        lease_token=claim.lease_token,
    )
    if following is None:
        await _finish_run(tx, run, Status.SUCCEEDED)
    tx.wake(wake_channel(claim.run_id))
    return following


async def postpone_step(tx: Tx, claim: Claim, error: dict[str, Any]) -> None:
    """Record that an attempt failed and another one will be made."""
    await _record_failure(tx, claim, error, Status.PENDING)


async def fail_step(tx: Tx, claim: Claim, error: dict[str, Any]) -> None:
    """Record that a step failed and with it the run, until somebody retries it."""
    run = await _record_failure(tx, claim, error, Status.FAILED)
    await _finish_run(tx, run, Status.FAILED)
    await packages.set_crm_state(tx, CrmState.FAILED)
    await audit.record(
        tx,
        "provisioning:fail",
        target_type="provisioning_run",
        target_id=claim.run_id,
        step=claim.code,
        error=error["code"],
    )


async def _record_failure(
    tx: Tx, claim: Claim, error: dict[str, Any], status: Status
) -> ProvisioningRun:
    run = await queries.lock_claimed_run(
        tx, run_id=claim.run_id, position=claim.position, lease_token=claim.lease_token
    )
    if run is None:
        raise StepLost
    await tx.session.execute(
        update(ProvisioningStep)
        .where(
            ProvisioningStep.tenant_id == tx.tenant_id,
            ProvisioningStep.run_id == claim.run_id,
            ProvisioningStep.position == claim.position,
        )
        .values(status=status, finished_at=func.clock_timestamp(), lease_token=None, error=error)
    )
    tx.wake(wake_channel(claim.run_id))
    return run


async def _finish_run(tx: Tx, run: ProvisioningRun, status: Status) -> None:
    await tx.session.execute(
        update(ProvisioningRun)
        .where(ProvisioningRun.tenant_id == tx.tenant_id, ProvisioningRun.id == run.id)
        .values(status=status, finished_at=tx.now)
    )


async def _claimed(tx: Tx, statement: TextClause, **facts: Any) -> Claim | None:
    row = (await tx.session.execute(statement, {"tenant_id": tx.tenant_id, **facts})).one_or_none()
    if row is None:
        return None
    return Claim(
        run_id=facts["run_id"],
        position=row.position,
        code=row.code,
        attempt=row.attempts,
        lease_token=facts["lease_token"],
    )
