"""Who comes for a tenant's mails, and when.

The lane names one job, and only that one carries mails. Whoever queues a mail makes sure that it
runs early enough; at its end it appoints the next for what is still to come. The clock looks for
mails that nobody came for, so a race between the two costs seconds, never a mail.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from sindico_platform.database.base import table_of
from sindico_platform.database.tx import Actor, Tx
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.jobs import service as jobs
from sindico_platform.jobs.models import JobState
from sindico_platform.jobs.queries import find_state
from sindico_tenants.outgoing_mails import jobs as mail_jobs
from sindico_tenants.outgoing_mails import queries
from sindico_tenants.outgoing_mails.models import MailLane

BUSY_SECONDS = 600
"""While a run is under way nobody appoints another; it renews this."""
ENSURE_LANE = insert(table_of(MailLane)).on_conflict_do_nothing()


async def ensure_run(tx: Tx, *, due_at: datetime) -> None:
    """See that a run begins no later than `due_at`; one look is all it costs while one will."""
    lane = await queries.find_lane(tx)
    if lane is None:
        await tx.session.execute(ENSURE_LANE, {"tenant_id": tx.tenant_id})
    elif _is_covered(lane, due_at, tx.now):
        return
    lane = await queries.lock_lane(tx, wait=False)
    # Where somebody has it, somebody else appoints a run just now; the clock sees to the rest.
    if lane is not None and not _is_covered(lane, due_at, tx.now):
        await _appoint(tx, lane, due_at)


async def enter(tx: Tx, *, job_id: UUID) -> bool:
    """Begin a run or go on with it, if it is this job's turn."""
    lane = await queries.lock_lane(tx)
    if lane is None or lane.job_id != job_id:
        return False
    lane.due_at, lane.busy_until = None, tx.now + timedelta(seconds=BUSY_SECONDS)
    await tx.session.flush()
    return True


async def leave(tx: Tx, *, job_id: UUID) -> None:
    """End a run, and appoint the next for what is still to come."""
    lane = await queries.lock_lane(tx)
    if lane is None or lane.job_id != job_id:
        return
    lane.busy_until = None
    due_at = await queries.find_next_due(tx)
    if due_at is None:
        lane.job_id = None
        await tx.session.flush()
    else:
        await _appoint(tx, lane, max(due_at, tx.now))


async def send_somebody(uow: UnitOfWork, tenant_id: UUID) -> bool:
    """Appoint a run for mails that nobody came for. For the clock.

    Returns:
        False when somebody is on the way after all.
    """
    async with uow.begin(Actor.system(tenant_id, "mail-lanes")) as tx:
        await tx.session.execute(ENSURE_LANE, {"tenant_id": tenant_id})
        lane = await queries.lock_lane(tx, wait=False)
        if lane is None or not await _is_forsaken(tx, lane):
            return False
        await _appoint(tx, lane, tx.now)
        return True


def _is_covered(lane: MailLane, due_at: datetime, now: datetime) -> bool:
    """Whether a run will come in time, or is under way and looks again before it ends."""
    if lane.busy_until is not None and lane.busy_until > now:
        return True
    return lane.due_at is not None and lane.due_at <= due_at


async def _is_forsaken(tx: Tx, lane: MailLane) -> bool:
    state = await find_state(tx, lane.job_id) if lane.job_id else None
    if state is JobState.PENDING:  # in time, or on its way back after a failure of its own
        return lane.due_at is not None and lane.due_at > tx.now
    return state is not JobState.RUNNING


async def _appoint(tx: Tx, lane: MailLane, due_at: datetime) -> None:
    lane.job_id = await jobs.add(tx, mail_jobs.deliver_mails, run_at=due_at)
    lane.due_at, lane.busy_until = due_at, None
    await tx.session.flush()
