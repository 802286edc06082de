"""Every SELECT on provisioning runs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select

from sindico_platform.database.tx import Tx
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.jobs.models import Job, JobState
from sindico_platform.paging.keyset import Keyset
from sindico_platform.paging.schemas import Page, PageRequest
from sindico_platform.words import Translate, in_english
from sindico_provisioning.provisioning_runs.errors import ProvisioningRunNotFound, advice_for
from sindico_provisioning.provisioning_runs.models import (
    ProvisioningRun,
    ProvisioningStep,
    Status,
)
from sindico_provisioning.provisioning_runs.schemas import (
    Order,
    ProvisioningRunItem,
    ProvisioningRunOut,
    StepErrorOut,
    StepOut,
)
from sindico_provisioning.provisioning_runs.steps.catalogue import STEP_BY_CODE

ORDERS = Keyset(
    ProvisioningRun.id, default="-requested_at", requested_at=ProvisioningRun.requested_at
)
TENANT_OF_RUN = "SELECT control.tenant_of_provisioning_run($1) AS tenant_id"
READ_RUN = (
    select(ProvisioningRun, ProvisioningStep, Job.state)
    .join(
        ProvisioningStep,
        (ProvisioningStep.tenant_id == ProvisioningRun.tenant_id)
        & (ProvisioningStep.run_id == ProvisioningRun.id),
    )
    .outerjoin(
        Job, (Job.tenant_id == ProvisioningRun.tenant_id) & (Job.id == ProvisioningRun.job_id)
    )
    .where(ProvisioningRun.tenant_id == bindparam("tenant"), ProvisioningRun.id == bindparam("run"))
    .order_by(ProvisioningStep.position)
    .execution_options(populate_existing=True)
)
DEAD = frozenset({JobState.FAILED, JobState.CANCELLED})
UNDER_WAY = frozenset({Status.PENDING, Status.RUNNING})
MILLISECONDS = 1000


def wake_channel(run_id: UUID) -> str:
    """Where those who watch a run listen."""
    return f"provisioning:{run_id}"


async def find_tenant_of_run(uow: UnitOfWork, run_id: UUID) -> UUID | None:
    """The tenant a run belongs to, whichever that is."""
    row = await uow.ask(TENANT_OF_RUN, run_id)
    return row["tenant_id"] if row else None


async def find_run(tx: Tx, run_id: UUID, *, lock: bool = False) -> ProvisioningRun | None:
    query = select(ProvisioningRun).where(
        ProvisioningRun.tenant_id == tx.tenant_id, ProvisioningRun.id == run_id
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    run: ProvisioningRun | None = await tx.session.scalar(query)
    return run


async def lock_order(tx: Tx, run_id: UUID) -> Order | None:
    """What a run that is under way shall give, the run locked; None when it is over."""
    run = ProvisioningRun
    row = (
        await tx.session.execute(
            select(
                run.package,
                run.default_integration,
                run.admin_login,
                run.admin_name,
                run.admin_email,
                run.requested_at,
            )
            .where(run.tenant_id == tx.tenant_id, run.id == run_id, run.status.in_(UNDER_WAY))
            .with_for_update()
        )
    ).one_or_none()
    return None if row is None else Order(*row)


async def lock_claimed_step(tx: Tx, *, run_id: UUID, position: int, lease_token: UUID) -> bool:
    """Lock a step to the end of the transaction; False when it is claimed under another token."""
    step = ProvisioningStep
    query = (
        select(step.position)
        .where(
            step.tenant_id == tx.tenant_id,
            step.run_id == run_id,
            step.position == position,
            step.lease_token == lease_token,
        )
        .with_for_update()
    )
    return await tx.session.scalar(query) is not None


async def find_job_state(tx: Tx, run: ProvisioningRun) -> str | None:
    """Where the job stands that walks the run; None after the job's retention."""
    state: str | None = await tx.session.scalar(
        select(Job.state).where(Job.tenant_id == tx.tenant_id, Job.id == run.job_id)
    )
    return state


async def find_latest_run(tx: Tx) -> ProvisioningRun | None:
    """The newest run of the bound tenant."""
    run: ProvisioningRun | None = await tx.session.scalar(
        select(ProvisioningRun)
        .where(ProvisioningRun.tenant_id == tx.tenant_id)
        .order_by(ProvisioningRun.requested_at.desc(), ProvisioningRun.id.desc())
        .limit(1)
    )
    return run


async def list_earlier_administrators(tx: Tx, run: ProvisioningRun) -> list[str]:
    """Logins of administrators that earlier runs of the tenant made and this one does not."""
    return list(
        await tx.session.scalars(
            select(ProvisioningRun.admin_login)
            .where(
                ProvisioningRun.tenant_id == tx.tenant_id,
                ProvisioningRun.admin_login != run.admin_login,
            )
            .distinct()
        )
    )


async def read_run(
    tx: Tx, run_id: UUID, *, translate: Translate = in_english
) -> ProvisioningRunOut:
    """A run of the bound tenant with all its steps, in one statement.

    Raises:
        ProvisioningRunNotFound: no such run.
    """
    rows = (await tx.session.execute(READ_RUN, {"tenant": tx.tenant_id, "run": run_id})).all()
    if not rows:
        raise ProvisioningRunNotFound
    return describe(rows[0][0], [row[1] for row in rows], rows[0][2], translate)


async def list_runs(tx: Tx, request: PageRequest) -> Page[ProvisioningRunItem]:
    """One page of the bound tenant's runs, newest first."""
    columns: list[Any] = [
        ProvisioningRun,
        ProvisioningRun.id,
        ORDERS.column_of(request).label("order_value"),
    ]
    query = select(*columns).where(ProvisioningRun.tenant_id == tx.tenant_id)
    rows = (await tx.session.execute(ORDERS.apply(query, request))).all()
    return ORDERS.page(rows, request, lambda row: ProvisioningRunItem.from_row(row[0]))


async def list_steps(tx: Tx, run_id: UUID) -> list[ProvisioningStep]:
    """The steps of a run in order; as many as are declared at most."""
    return list(
        await tx.session.scalars(
            select(ProvisioningStep)
            .where(ProvisioningStep.tenant_id == tx.tenant_id, ProvisioningStep.run_id == run_id)
            .order_by(ProvisioningStep.position)
        )
    )


def describe(
    run: ProvisioningRun,
    steps: Sequence[ProvisioningStep],
    job_state: str | None,
    translate: Translate = in_english,
) -> ProvisioningRunOut:
    """Status and percent follow from the steps; a job that died makes a run fail that was alive."""
    status = derive_status([Status(step.status) for step in steps])
    if status in UNDER_WAY and job_state in DEAD:
        status = Status.FAILED
    taken = sum(step.status == Status.SUCCEEDED for step in steps)
    return ProvisioningRunOut(
        id=run.id,
        tenant_id=run.tenant_id,
        status=status,
        percent=100 * taken // len(steps),
        package=run.package,
        default_integration=run.default_integration,
        admin_login=run.admin_login,
        requested_by=run.requested_by,
        requested_at=run.requested_at,
        started_at=run.started_at,
        finished_at=run.finished_at,
        steps=[describe_step(step, translate) for step in steps],
    )


def derive_status(statuses: Sequence[Status]) -> Status:
    """What a run's steps amount to."""
    if Status.FAILED in statuses:
        return Status.FAILED
    if all(status is Status.SUCCEEDED for status in statuses):
        return Status.SUCCEEDED
    if all(status is Status.PENDING for status in statuses):
        return Status.PENDING
    return Status.RUNNING


def is_finished(run: ProvisioningRunOut) -> bool:
    """Whether nothing happens any more by itself."""
    return run.status in {Status.SUCCEEDED, Status.FAILED}


def describe_step(step: ProvisioningStep, translate: Translate) -> StepOut:
    declared = STEP_BY_CODE.get(step.code)
    return StepOut(
        code=step.code,
        title=translate(declared.title) if declared else step.code,
        status=step.status,
        started_at=step.started_at,
        finished_at=step.finished_at,
        duration_ms=_duration_ms(step.started_at, step.finished_at),
        attempts=step.attempts,
        error=_describe_error(step.error, translate) if step.error else None,
    )


def _duration_ms(started_at: datetime | None, finished_at: datetime | None) -> int | None:
    if started_at is None or finished_at is None:
        return None
    return round((finished_at - started_at).total_seconds() * MILLISECONDS)


def _describe_error(error: dict[str, Any], translate: Translate) -> StepErrorOut:
    return StepErrorOut(
        code=error["code"],
        detail=translate(error["detail"], **error["facts"]),
        advice=translate(advice_for(error["code"])),
        facts=error["facts"],
    )
