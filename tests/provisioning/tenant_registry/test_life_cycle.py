"""A tenant from its creation to its end."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from sindico_api.context import Context
from sindico_api.worker import job_services
from sindico_platform.audit.models import AuditEvent
from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.errors import InvalidInput, Terminal
from sindico_platform.jobs import service as jobs
from sindico_platform.jobs.errors import JobOfClosedTenant
from sindico_platform.jobs.models import Job
from sindico_platform.jobs.runner import run_job
from sindico_platform.revisions import ChangedMeanwhile
from sindico_platform.tenancy.models import Tenant
from sindico_provisioning.packages.errors import UnknownPackage
from sindico_provisioning.tenant_registry import queries, service
from sindico_provisioning.tenant_registry.errors import (
    DomainTaken,
    TenantClosed,
    TenantClosing,
    TenantNotFound,
)
from sindico_provisioning.tenant_registry.schemas import TenantOut, TenantPatch
from tests.provisioning.factories import make_tenant, operator, put_package_in_force
from tests.support.jobs import POINTS, job_state, run_jobs, run_through_kills
from tests.support.sample_jobs import add_note, take_note_anyway


async def trail(uow: UnitOfWork, tenant: TenantOut) -> list[str]:
    async with uow.begin(Actor.system(tenant.id)) as tx:
        return list(await tx.session.scalars(select(AuditEvent.tag).order_by(AuditEvent.id)))


async def test_a_new_tenant_is_active_without_a_crm(uow: UnitOfWork) -> None:
    tenant = await make_tenant(uow, cnpj="12.abc.345/01de-35", contracted_package="starter")

    assert (tenant.state, tenant.crm_state, tenant.package) == ("active", "absent", None)
    assert (tenant.cnpj, tenant.contracted_package) == ("12ABC34501DE35", "starter")
    assert await trail(uow, tenant) == ["tenant:create"]


async def test_a_taken_domain_is_refused_whatever_its_case(uow: UnitOfWork) -> None:
    first = await make_tenant(uow)

    with pytest.raises(DomainTaken) as refused:
        await make_tenant(uow, domain=first.domain.upper())

    assert refused.value.extra == {"field": "domain", "domain": first.domain}


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("cnpj", "12ABC34501DE36", "cnpj-check-digits"),
        ("cnpj", "", "cnpj-length"),
        ("domain", "acme..com", "domain-format"),
        ("domain", "-acme.com", "domain-format"),
        ("domain", "açaí.com.br", "domain-format"),
        ("domain", "user@acme.com", "domain-format"),
        ("domain", "a" * 254, "domain-format"),
        ("name", "   ", "required"),
    ],
)
async def test_a_wrong_field_is_named(uow: UnitOfWork, field: str, value: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await make_tenant(uow, **{field: value})

    assert [(fault.field, fault.code) for fault in refused.value.errors] == [(field, code)]


async def test_a_contract_for_an_unknown_package_is_refused(uow: UnitOfWork) -> None:
    with pytest.raises(UnknownPackage):
        await make_tenant(uow, contracted_package="gold")


async def test_every_command_may_be_repeated(uow: UnitOfWork) -> None:
    tenant = await make_tenant(uow)

    for _ in range(2):
        async with uow.begin(operator(), tenant=tenant.id) as tx:
            suspended = await service.suspend_tenant(tx, reason="unpaid")
    for _ in range(2):
        async with uow.begin(operator(), tenant=tenant.id) as tx:
            resumed = await service.resume_tenant(tx)

    assert (suspended.state, suspended.state_reason, resumed.state) == (
        "suspended",
        "unpaid",
        "active",
    )
    assert await trail(uow, tenant) == ["tenant:create", "tenant:suspend", "tenant:resume"]


async def test_a_closing_tenant_can_be_resumed_within_its_grace_period(uow: UnitOfWork) -> None:
    tenant = await make_tenant(uow)

    async with uow.begin(operator(), tenant=tenant.id) as tx:
        closing = await service.close_tenant(tx, reason="left", grace_days=30)
        with pytest.raises(TenantClosing):
            await service.suspend_tenant(tx, reason="unpaid")
        finished = await service.finish_closing(tx)
        resumed = await service.resume_tenant(tx)
        now = tx.now

    assert closing.closes_at == now + timedelta(days=30)
    assert finished is False
    assert (resumed.state, resumed.closes_at) == ("active", None)


async def test_after_the_grace_period_it_is_closed_for_good(uow: UnitOfWork) -> None:
    tenant = await make_tenant(uow)
    async with uow.begin(operator(), tenant=tenant.id) as tx:
        await service.close_tenant(tx, reason="left", grace_days=1)
    async with uow.begin(Actor.system(tenant.id)) as tx:
        await tx.session.execute(update(Tenant).values(closes_at=tx.now))

    async with uow.begin(Actor.system(tenant.id)) as tx:
        finished = [await service.finish_closing(tx), await service.finish_closing(tx)]
        with pytest.raises(TenantClosed):
            await service.resume_tenant(tx)

    assert finished == [True, False]
    assert (await trail(uow, tenant))[-1] == "tenant:finish-closing"


async def test_the_job_closes_it_when_the_grace_period_is_over(context: Context) -> None:
    tenant = await make_tenant(context.uow)
    async with context.uow.begin(operator(), tenant=tenant.id) as tx:
        await service.close_tenant(tx, reason="left", grace_days=0)

    drained = await run_jobs(context, tenant.id)

    async with context.uow.begin(operator(), tenant=tenant.id) as tx:
        closed, _ = await queries.get_tenant(tx)
    assert (drained.states, closed.state) == (["succeeded"], "closed")


async def test_jobs_wait_for_the_end_of_the_grace_period_and_are_cancelled_then(
    context: Context,
) -> None:
    tenant = await make_tenant(context.uow)
    waits = await add_note(context, tenant.id)
    dead = await add_note(context, tenant.id, Terminal("refused", "No."))
    gone = await add_note(context, tenant.id, gate=asyncio.Event())
    await run_job(job_services(context), tenant_id=tenant.id, job_id=dead.job_id)
    running = asyncio.create_task(
        run_job(job_services(context), tenant_id=tenant.id, job_id=gone.job_id)
    )
    await gone.entered.wait()
    await close_now(context, tenant)
    again = await add_note(context, tenant.id, function=take_note_anyway)

    refused = await run_job(job_services(context), tenant_id=tenant.id, job_id=waits.job_id)
    async with context.uow.begin(Actor.system(tenant.id)) as tx:
        await service.finish_closing(tx)
    assert gone.gate is not None
    gone.gate.set()

    assert (refused, await running) == (None, None)
    assert await told(context, tenant, waits.job_id) == ("cancelled", "tenant-closed")
    assert await told(context, tenant, gone.job_id) == ("cancelled", "tenant-closed")
    assert await told(context, tenant, dead.job_id) == ("cancelled", "refused")
    assert await told(context, tenant, again.job_id) == ("pending", None)


async def test_a_job_of_a_closed_tenant_is_not_tried_again(context: Context) -> None:
    tenant = await make_tenant(context.uow)
    note = await add_note(context, tenant.id)
    await close_now(context, tenant)
    async with context.uow.begin(operator(), tenant=tenant.id) as tx:
        await service.finish_closing(tx)

    async with context.uow.begin(operator(), tenant=tenant.id) as tx:
        with pytest.raises(JobOfClosedTenant):
            await jobs.retry_job(tx, job_id=note.job_id)


@pytest.mark.kills("tenant_registry.finish_closing")
@pytest.mark.parametrize("point", POINTS)
async def test_a_closing_that_is_killed_ends_all_the_same(context: Context, point: str) -> None:
    tenant = await make_tenant(context.uow)
    await close_now(context, tenant)

    await run_through_kills(context, tenant.id, point=point)

    async with context.uow.begin(operator(), tenant=tenant.id) as tx:
        closed, _ = await queries.get_tenant(tx)
        left = await tx.session.scalars(select(Job.state))
    assert (closed.state, left.all()) == ("closed", ["succeeded"])
    assert (await trail(context.uow, tenant)).count("tenant:finish-closing") == 1


async def close_now(context: Context, tenant: TenantOut) -> None:
    """Let the grace period be over at once."""
    async with context.uow.begin(operator(), tenant=tenant.id) as tx:
        await service.close_tenant(tx, reason="left", grace_days=0)


async def told(context: Context, tenant: TenantOut, job_id: UUID) -> tuple[str, str | None]:
    """State of a job, and the code of its reason."""
    row = await job_state(context, tenant.id, job_id)
    return row.state, row.last_error["code"] if row.last_error else None


async def test_somebody_elses_change_is_not_overwritten(uow: UnitOfWork) -> None:
    tenant = await make_tenant(uow)

    async with uow.begin(operator(), tenant=tenant.id) as tx:
        changed = await service.update_tenant(tx, TenantPatch(name="Nova"), revision=1)
        with pytest.raises(ChangedMeanwhile):
            await service.update_tenant(tx, TenantPatch(name="Velha"), revision=1)

    assert (changed.name, changed.revision) == ("Nova", 2)


async def test_package_and_limits_change_later(uow: UnitOfWork) -> None:
    tenant = await make_tenant(uow)
    await put_package_in_force(uow, tenant.id, "freemium")

    async with uow.begin(operator(), tenant=tenant.id) as tx:
        changed = await service.update_tenant(
            tx,
            TenantPatch(package="starter", overrides={"integrations": None}),
            revision=None,
        )
        same = await service.update_tenant(tx, TenantPatch(package="starter"), revision=None)

    assert (changed.package, changed.overrides) == ("starter", {"integrations": None})
    assert same.revision == changed.revision
    assert "subscription:change-package" in await trail(uow, tenant)


async def test_an_unknown_tenant_is_not_found(uow: UnitOfWork) -> None:
    async with uow.begin(operator(), tenant=operator().tenant_id) as tx:
        with pytest.raises(TenantNotFound):
            await service.suspend_tenant(tx, reason="unpaid")
