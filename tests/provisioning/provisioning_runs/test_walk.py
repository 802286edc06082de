"""A provisioning from its start to an active CRM, and through everything that can go wrong."""

import asyncio
from dataclasses import replace
from types import MappingProxyType
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from sindico_api.context import Context
from sindico_api.worker import job_services
from sindico_platform.audit.models import AuditEvent
from sindico_platform.database.tx import Actor, Tx
from sindico_platform.errors import Terminal, Transient
from sindico_platform.identity.models import Role, TenantUser, UserRole
from sindico_platform.jobs.models import Job
from sindico_platform.jobs.runner import run_job
from sindico_provisioning.default_records import service as defaults
from sindico_provisioning.integrations.models import Integration
from sindico_provisioning.packages import queries as packages
from sindico_provisioning.provisioning_runs import queries, service
from sindico_provisioning.provisioning_runs.errors import (
    CrmAlreadyActive,
    ProvisioningNotFailed,
    ProvisioningUnderWay,
    StepLost,
)
from sindico_provisioning.provisioning_runs.schemas import (
    AdministratorIn,
    DefaultIntegration,
    ProvisioningRunIn,
    ProvisioningRunOut,
)
from sindico_provisioning.provisioning_runs.steps import service as steps
from sindico_provisioning.provisioning_runs.steps.catalogue import STEP_BY_CODE, StepInput
from sindico_provisioning.service_properties.models import ServiceProperty
from sindico_provisioning.tenant_registry import service as registry
from sindico_tenants.crm_settings.models import FunnelStage
from tests.provisioning.factories import make_tenant, operator
from tests.support.jobs import kill_after, run_jobs
from tests.support.metrics import growth

STEPS = [
    "package",
    "roles",
    "support_user",
    "administrator",
    "crm_settings",
    "integration",
    "verification",
    "activation",
]


def wanted(
    *,
    package: str = "freemium",
    integration: DefaultIntegration | None = "mega",
    login: str = "ana",
) -> ProvisioningRunIn:
    return ProvisioningRunIn(
        package=package,
        default_integration=integration,
        admin=AdministratorIn(name="Ana", email="ana@acme.test", login=login),
    )


async def start(context: Context, request: ProvisioningRunIn | None = None) -> ProvisioningRunOut:
    tenant = await make_tenant(context.uow)
    return await start_in(context, tenant.id, request or wanted())


async def start_in(
    context: Context, tenant: UUID, request: ProvisioningRunIn
) -> ProvisioningRunOut:
    async with context.uow.begin(operator(), tenant=tenant) as tx:
        return await service.start_run(tx, request)


async def read(context: Context, run: ProvisioningRunOut) -> ProvisioningRunOut:
    async with context.uow.begin(Actor.system(run.tenant_id)) as tx:
        return await queries.read_run(tx, run.id)


async def crm_state(context: Context, run: ProvisioningRunOut) -> str:
    async with context.uow.begin(Actor.system(run.tenant_id)) as tx:
        return (await packages.get_subscription(tx)).crm_state


async def counts(tx: Tx) -> dict[str, int]:
    """How many rows there are of everything that must be there exactly once."""
    tables = (Role, TenantUser, UserRole, FunnelStage, Integration, ServiceProperty)
    return {
        table.__tablename__: await tx.session.scalar(select(func.count()).select_from(table)) or 0
        for table in tables
    }


EXACTLY_ONCE = {
    "role": 4,
    "tenant_user": 2,
    "user_role": 2,
    "funnel_stage": 6,
    "integration": 1,
    "service_property": 2,
}


@pytest.fixture
def slow_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every step takes so long that it has a transaction of its own."""
    monkeypatch.setattr(steps, "STRETCH_SECONDS", 0.0)


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Exception]]:
    """Steps that fail: `broken["roles"] = [Transient(…)]` fails the first attempt."""
    script: dict[str, list[Exception]] = {}
    replaced = {}
    for code, step in STEP_BY_CODE.items():

        async def apply(
            tx: Tx, given: StepInput, code: str = code, inner: object = step.apply
        ) -> None:
            await inner(tx, given)  # type: ignore[operator]  # the step's own function
            if script.get(code):
                raise script[code].pop(0)

        replaced[code] = replace(step, apply=apply)
    monkeypatch.setattr(steps, "STEP_BY_CODE", MappingProxyType(replaced))
    return script


async def test_a_run_lists_its_expected_steps_before_any_is_taken(context: Context) -> None:
    run = await start(context)

    assert [step.code for step in run.steps] == STEPS
    assert (run.status, run.percent) == ("pending", 0)
    assert await crm_state(context, run) == "provisioning"


async def test_a_tenant_without_an_erp_has_one_step_less(context: Context) -> None:
    run = await start(context, wanted(package="starter", integration=None))
    await run_jobs(context, run.tenant_id)

    done = await read(context, run)
    assert [step.code for step in done.steps] == [code for code in STEPS if code != "integration"]
    assert (done.status, done.percent) == ("succeeded", 100)


async def test_the_job_takes_every_step_and_the_crm_is_active(context: Context) -> None:
    run = await start(context)

    drained = await run_jobs(context, run.tenant_id)

    done = await read(context, run)
    assert drained.states[0] == "succeeded"
    assert (done.status, done.percent, await crm_state(context, run)) == (
        "succeeded",
        100,
        "active",
    )
    for step in done.steps:
        assert (step.status, step.attempts, step.error) == ("succeeded", 1, None)
        assert step.duration_ms is not None
    times = [time for step in done.steps for time in (step.started_at, step.finished_at) if time]
    assert times == sorted(times)
    assert (done.started_at, done.finished_at) == (times[0], times[-1])
    async with context.uow.begin(Actor.system(run.tenant_id)) as tx:
        assert await counts(tx) == EXACTLY_ONCE
        assert (await defaults.check(tx, await packages.get_subscription(tx))).ok


async def test_runs_are_measured_by_outcome(
    context: Context, broken: dict[str, list[Exception]]
) -> None:
    runs = "provisioning_run_duration_seconds_count"
    with growth(runs, outcome="succeeded") as succeeded, growth(runs, outcome="failed") as failed:
        await run_jobs(context, (await start(context)).tenant_id)
        broken["roles"] = [Terminal("no-room", "There is no room.")] * 2
        await run_jobs(context, (await start(context)).tenant_id)

        assert (succeeded(), failed()) == (1, 1)


@pytest.mark.kills("provisioning_runs.walk_run")
@pytest.mark.parametrize("point", ["claimed", "acted", "recorded"])
async def test_killed_around_the_job_it_ends_the_same(context: Context, point: str) -> None:
    run = await start(context)

    killed = await run_jobs(context, run.tenant_id, kill=kill_after(point))
    await run_jobs(context, run.tenant_id, at_once=True)

    assert killed.killed
    await assert_exactly_once(context, run)


async def test_killed_after_quick_steps_it_ends_the_same(context: Context) -> None:
    run = await start(context)

    killed = await run_jobs(context, run.tenant_id, kill=kill_after("committed"))
    between = await read(context, run)
    await run_jobs(context, run.tenant_id, at_once=True)

    assert killed.killed
    assert between.percent == 100
    await assert_exactly_once(context, run)


@pytest.mark.kills("provisioning_runs.walk_run")
@pytest.mark.usefixtures("slow_steps")
@pytest.mark.parametrize("commits", range(1, len(STEPS) + 1))
async def test_killed_after_any_step_it_ends_the_same(context: Context, commits: int) -> None:
    run = await start(context)

    killed = await run_jobs(context, run.tenant_id, kill=kill_after("committed", commits))
    between = await read(context, run)
    state = await crm_state(context, run)
    await run_jobs(context, run.tenant_id, at_once=True)

    assert killed.killed
    assert sum(step.status == "succeeded" for step in between.steps) == commits
    assert state == ("active" if commits == len(STEPS) else "provisioning")
    await assert_exactly_once(context, run)


async def assert_exactly_once(context: Context, run: ProvisioningRunOut) -> None:
    done = await read(context, run)
    assert (done.status, await crm_state(context, run)) == ("succeeded", "active")
    async with context.uow.begin(Actor.system(run.tenant_id)) as tx:
        assert await counts(tx) == EXACTLY_ONCE
        tags = list(await tx.session.scalars(select(AuditEvent.tag)))
    for tag in ("provisioning:start", "role:create-defaults", "integration:create"):
        assert tags.count(tag) == 1


@pytest.mark.usefixtures("slow_steps")
async def test_a_passing_fault_is_repeated_with_back_off(
    context: Context, broken: dict[str, list[Exception]]
) -> None:
    broken["crm_settings"] = [Transient("busy", "{what} is busy.", what="It")]
    run = await start(context)

    await run_jobs(context, run.tenant_id)
    waiting = await read(context, run)
    await run_jobs(context, run.tenant_id, at_once=True)

    step = waiting.steps[4]
    assert (waiting.status, step.status, step.attempts) == ("running", "pending", 1)
    assert step.error is not None
    assert (step.error.code, step.error.detail) == ("busy", "It is busy.")
    assert (await read(context, run)).steps[4].attempts == 2
    await assert_exactly_once(context, run)


async def test_killed_between_the_failure_of_quick_steps_and_their_repetition_it_ends_the_same(
    context: Context, broken: dict[str, list[Exception]]
) -> None:
    run = await start(context)

    for commits in range(1, 4):
        broken["crm_settings"] = [Transient("busy", "It is busy.")]
        await run_jobs(context, run.tenant_id, kill=kill_after("committed", commits))
    broken.clear()
    await run_jobs(context, run.tenant_id, at_once=True)

    await assert_exactly_once(context, run)


@pytest.mark.usefixtures("slow_steps")
async def test_a_fault_that_does_not_pass_fails_the_run_after_some_attempts(
    context: Context, broken: dict[str, list[Exception]]
) -> None:
    broken["roles"] = [RuntimeError("secret=1234")] * 5
    run = await start(context)

    await run_jobs(context, run.tenant_id, at_once=True)

    failed = await read(context, run)
    step = failed.steps[1]
    assert (failed.status, step.status, step.attempts) == ("failed", "failed", 5)
    assert step.error is not None
    assert step.error.code == "internal-fault"
    assert "1234" not in str(step.error)
    assert await crm_state(context, run) == "failed"


@pytest.mark.usefixtures("slow_steps")
async def test_a_failed_run_says_why_and_goes_on_from_there(
    context: Context, broken: dict[str, list[Exception]]
) -> None:
    broken["crm_settings"] = [Terminal("no-room", "There is no room.")]
    run = await start(context)
    await run_jobs(context, run.tenant_id)
    failed = await read(context, run)

    async with context.uow.begin(operator(), tenant=run.tenant_id) as tx:
        again = await service.retry_run(tx, run_id=run.id)
    await run_jobs(context, run.tenant_id)

    assert [step.status for step in failed.steps] == ["succeeded"] * 4 + ["failed"] + [
        "pending"
    ] * 3
    assert failed.steps[4].error is not None
    assert failed.steps[4].error.advice
    assert (again.status, again.percent) == ("running", 50)
    done = await read(context, run)
    assert [step.attempts for step in done.steps] == [1] * 8
    await assert_exactly_once(context, run)


@pytest.mark.usefixtures("slow_steps")
async def test_nothing_of_a_failed_step_stays(
    context: Context, broken: dict[str, list[Exception]]
) -> None:
    broken["roles"] = [Terminal("no-room", "There is no room.")]
    run = await start(context)

    await run_jobs(context, run.tenant_id)

    async with context.uow.begin(Actor.system(run.tenant_id)) as tx:
        assert (await counts(tx))["role"] == 0


async def test_a_quick_step_that_fails_leaves_what_went_well_before_it(
    context: Context, broken: dict[str, list[Exception]]
) -> None:
    broken["crm_settings"] = [Terminal("no-room", "There is no room.")] * 2
    run = await start(context)

    await run_jobs(context, run.tenant_id)

    failed = await read(context, run)
    assert [step.status for step in failed.steps][:5] == ["succeeded"] * 4 + ["failed"]
    async with context.uow.begin(Actor.system(run.tenant_id)) as tx:
        assert (await counts(tx))["role"] == 4


async def test_a_tenant_is_provisioned_once_at_a_time(context: Context) -> None:
    run = await start(context)

    with pytest.raises(ProvisioningUnderWay):
        await start_in(context, run.tenant_id, wanted())


async def test_two_who_start_at_once_start_one_run(context: Context) -> None:
    tenant = await make_tenant(context.uow)

    ends = await asyncio.gather(
        *(start_in(context, tenant.id, wanted()) for _ in range(4)), return_exceptions=True
    )

    refused = [end for end in ends if isinstance(end, BaseException)]
    assert [type(error) for error in refused] == [ProvisioningUnderWay] * 3


async def test_a_suspended_tenants_provisioning_waits(context: Context) -> None:
    run = await start(context)
    async with context.uow.begin(operator(), tenant=run.tenant_id) as tx:
        await registry.suspend_tenant(tx, reason="unpaid")
        job_id = (await tx.session.scalars(select(Job.id))).one()

    outcome = await run_job(job_services(context), tenant_id=run.tenant_id, job_id=job_id)
    waiting = await read(context, run)
    async with context.uow.begin(operator(), tenant=run.tenant_id) as tx:
        await registry.resume_tenant(tx)
    await run_jobs(context, run.tenant_id)

    assert (outcome, waiting.status) == (None, "pending")
    assert (await read(context, run)).status == "succeeded"


async def test_a_run_whose_job_died_counts_as_failed_and_can_be_retried(context: Context) -> None:
    run = await start(context)
    async with context.uow.begin(Actor.system(run.tenant_id)) as tx:
        await tx.session.execute(update(Job).values(state="failed", finished_at=tx.now))

    dead = await read(context, run)
    async with context.uow.begin(operator(), tenant=run.tenant_id) as tx:
        await service.retry_run(tx, run_id=run.id)
    await run_jobs(context, run.tenant_id)

    assert dead.status == "failed"
    await assert_exactly_once(context, run)


async def test_an_active_crm_is_not_provisioned_again(context: Context) -> None:
    run = await start(context)
    await run_jobs(context, run.tenant_id)

    with pytest.raises(CrmAlreadyActive):
        await start_in(context, run.tenant_id, wanted())
    with pytest.raises(ProvisioningNotFailed):
        async with context.uow.begin(operator(), tenant=run.tenant_id) as tx:
            await service.retry_run(tx, run_id=run.id)


@pytest.mark.usefixtures("slow_steps")
async def test_another_try_with_other_wishes_leaves_nothing_of_the_first(
    context: Context, broken: dict[str, list[Exception]]
) -> None:
    broken["verification"] = [Terminal("no-room", "There is no room.")]
    first = await start(context)
    await run_jobs(context, first.tenant_id)

    second = await start_in(
        context, first.tenant_id, wanted(package="starter", integration="erpx", login="bia")
    )
    await run_jobs(context, second.tenant_id)

    assert (await read(context, second)).status == "succeeded"
    async with context.uow.begin(Actor.system(first.tenant_id)) as tx:
        kinds = list(await tx.session.scalars(select(Integration.kind)))
        rows = await tx.session.execute(select(TenantUser.login, TenantUser.state))
        users = {row.login: row.state for row in rows}
    assert kinds == ["erpx"]
    assert users == {"suportecrm": "active", "ana": "disabled", "bia": "invited"}


async def test_a_late_worker_changes_nothing(context: Context) -> None:
    run = await start(context)
    actor = Actor.system(run.tenant_id)
    async with context.uow.begin(actor) as tx:
        early = await steps.claim_step(tx, run_id=run.id, lease_token=tx.new_id())
        late = await steps.claim_step(tx, run_id=run.id, lease_token=tx.new_id())
    assert early is not None
    assert late is not None

    with pytest.raises(StepLost):
        async with context.uow.begin(actor) as tx:
            await steps.hold_claim(tx, early)
    async with context.uow.begin(actor) as tx:
        await steps.hold_claim(tx, late)
        following = await steps.take_steps(tx, late, sends_mail=False, one_by_one=True)

    assert following is not None
    assert following.code == "roles"


async def test_the_support_user_never_has_a_credential(context: Context) -> None:
    run = await start(context)
    await run_jobs(context, run.tenant_id)

    async with context.uow.begin(Actor.system(run.tenant_id)) as tx:
        user = await tx.session.scalar(select(TenantUser).where(TenantUser.login == "suportecrm"))

    assert user is not None
    assert (user.can_sign_in, user.password_digest, user.state) == (False, None, "active")
