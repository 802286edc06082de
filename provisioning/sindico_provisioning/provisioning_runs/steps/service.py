"""The only writer of steps: claim, take, record.

Steps that are quick share one transaction, in which their success is recorded too; at first with
the claim itself. When one fails, they are taken again one by one, so that what went well stays.

A claim is the job's: whoever holds the job's lease may take a step over, and from then on the
earlier claim records nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from typing import Any
from uuid import UUID

from sqlalchemy import func, text, update

from sindico_platform.audit import service as audit
from sindico_platform.database.tx import Tx
from sindico_platform.telemetry import metrics
from sindico_provisioning.packages import service as packages
from sindico_provisioning.packages.models import CrmState
from sindico_provisioning.provisioning_runs import queries
from sindico_provisioning.provisioning_runs.errors import StepFailed, StepLost
from sindico_provisioning.provisioning_runs.models import (
    ProvisioningRun,
    ProvisioningStep,
    Status,
)
from sindico_provisioning.provisioning_runs.queries import wake_channel
from sindico_provisioning.provisioning_runs.schemas import Order
from sindico_provisioning.provisioning_runs.steps.catalogue import STEP_BY_CODE, StepInput

STRETCH_SECONDS = 0.25
"""Steps that take no longer together share a transaction; people see the progress then."""

CLAIM = text("""
    WITH walked AS (
        UPDATE control.provisioning_run
        SET status = 'running', started_at = coalesce(started_at, now())
        WHERE tenant_id = :tenant_id AND id = :run_id AND status = 'pending'
    )
    UPDATE control.provisioning_step AS s
    SET status = 'running', started_at = :started_at, finished_at = NULL,
        attempts = s.attempts + 1, lease_token = :lease_token
    WHERE s.tenant_id = :tenant_id AND s.run_id = :run_id AND s.position = (
        SELECT min(position) FROM control.provisioning_step
        WHERE tenant_id = :tenant_id AND run_id = :run_id AND status <> 'succeeded')
    RETURNING s.position, s.attempts, (
        SELECT array_agg(f.code ORDER BY f.position) FROM control.provisioning_step AS f
        WHERE f.tenant_id = s.tenant_id AND f.run_id = s.run_id AND f.position >= s.position
    ) AS codes
""")
RECORD = text("""
    WITH finished AS (
        UPDATE control.provisioning_run SET status = 'succeeded', finished_at = :ended_at
        WHERE tenant_id = :tenant_id AND id = :run_id AND :is_last
    )
    UPDATE control.provisioning_step AS s
    SET status = 'succeeded', lease_token = NULL, error = NULL,
        started_at = CASE s.status WHEN 'running' THEN s.started_at ELSE t.started_at END,
        finished_at = t.finished_at,
        attempts = s.attempts + (s.status <> 'running')::int
    FROM unnest(
        CAST(:positions AS bigint[]), CAST(:starts AS timestamptz[]), CAST(:ends AS timestamptz[])
    ) AS t (position, started_at, finished_at)
    WHERE s.tenant_id = :tenant_id AND s.run_id = :run_id AND s.position = t.position
""")


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """A step that is ours while the token matches, and those that follow it."""

    run_id: UUID
    order: Order
    position: int
    codes: tuple[str, ...]
    """Of this step and of every later one."""
    attempt: int
    lease_token: UUID

    @property
    def code(self) -> str:
        return self.codes[0]


async def claim_step(tx: Tx, *, run_id: UUID, lease_token: UUID) -> Claim | None:
    """Claim the first step that has not succeeded; None when the run is over."""
    order = await queries.lock_order(tx, run_id)
    if order is None:
        return None
    tx.wake(wake_channel(run_id))
    return await _claim_next(
        tx, run_id=run_id, order=order, lease_token=lease_token, started_at=tx.now
    )


async def hold_claim(tx: Tx, claim: Claim) -> None:
    """Keep a claim of an earlier transaction to the end of this one.

    Raises:
        StepLost: another worker claimed the step since.
    """
    if not await queries.lock_claimed_step(
        tx, run_id=claim.run_id, position=claim.position, lease_token=claim.lease_token
    ):
        raise StepLost


async def take_steps(
    tx: Tx, claim: Claim, *, sends_mail: bool, one_by_one: bool = False
) -> Claim | None:
    """Take the claimed step and what follows it for a moment, record it, and claim the next.

    The claim was made, or is held, in this transaction.

    Args:
        sends_mail: whether the product has a mail server.
        one_by_one: take the claimed step alone.

    Returns:
        The next step, or None when the last one was taken and the run has succeeded.

    Raises:
        StepFailed: with the step's own error; nothing of these steps may be kept.
    """
    given, times = StepInput(claim.order, sends_mail), [tx.now]
    begun = monotonic()
    async with audit.gathered(tx):
        for code in claim.codes:
            await _take(tx, code, given)
            times.append(tx.now + timedelta(seconds=monotonic() - begun))
            if one_by_one or monotonic() - begun >= STRETCH_SECONDS:
                break
    is_last = len(times) > len(claim.codes)
    await _record_success(tx, claim, times, is_last=is_last)
    tx.wake(wake_channel(claim.run_id))
    if is_last:
        _count_end(tx, claim, Status.SUCCEEDED, at=times[-1])
        return None
    return await _claim_next(
        tx,
        run_id=claim.run_id,
        order=claim.order,
        lease_token=claim.lease_token,
        started_at=times[-1],
    )


async def _take(tx: Tx, code: str, given: StepInput) -> None:
    try:
        await STEP_BY_CODE[code].apply(tx, given)
    except Exception as error:
        raise StepFailed(code, error) from error


async def _record_success(tx: Tx, claim: Claim, times: list[datetime], *, is_last: bool) -> None:
    """Note the steps that lie between the times, from the claimed one on."""
    taken = len(times) - 1
    await tx.session.execute(
        RECORD,
        {
            "tenant_id": tx.tenant_id,
            "run_id": claim.run_id,
            "positions": list(range(claim.position, claim.position + taken)),
            "starts": times[:-1],
            "ends": times[1:],
            "ended_at": times[-1],
            "is_last": is_last,
        },
    )


async def postpone_step(tx: Tx, claim: Claim, error: dict[str, Any]) -> None:
    """Record that an attempt failed and another one will be made.

    Raises:
        StepLost: another worker claimed the step since.
    """
    await _record_failure(tx, claim, error, Status.PENDING)


async def fail_step(tx: Tx, claim: Claim, error: dict[str, Any]) -> None:
    """Record that a step failed and with it the run, until somebody retries it.

    Raises:
        StepLost: another worker claimed the step since.
    """
    await _record_failure(tx, claim, error, Status.FAILED)
    await tx.session.execute(
        update(ProvisioningRun)
        .where(ProvisioningRun.tenant_id == tx.tenant_id, ProvisioningRun.id == claim.run_id)
        .values(status=Status.FAILED, finished_at=tx.now)
    )
    _count_end(tx, claim, Status.FAILED, at=tx.now)
    await packages.set_crm_state(tx, CrmState.FAILED)
    await audit.record(
        tx,
        "provisioning:fail",
        target_type="provisioning_run",
        target_id=claim.run_id,
        step=claim.code,
        error=error["code"],
    )


def _count_end(tx: Tx, claim: Claim, status: Status, *, at: datetime) -> None:
    seconds = (at - claim.order.requested_at).total_seconds()
    tx.after_commit(
        partial(metrics.provisioning_run_duration_seconds.labels(status).observe, seconds)
    )


async def _record_failure(tx: Tx, claim: Claim, error: dict[str, Any], status: Status) -> None:
    await hold_claim(tx, claim)
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


async def _claim_next(
    tx: Tx, *, run_id: UUID, order: Order, lease_token: UUID, started_at: datetime
) -> Claim | None:
    wanted = {
        "tenant_id": tx.tenant_id,
        "run_id": run_id,
        "lease_token": lease_token,
        "started_at": started_at,
    }
    row = (await tx.session.execute(CLAIM, wanted)).one_or_none()
    if row is None:
        return None
    return Claim(
        run_id=run_id,
        order=order,
        position=row.position,
        codes=tuple(row.codes),
        attempt=row.attempts,
        lease_token=lease_token,
    )
