"""A tenant from its creation to its end."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from sindico_api.context import Context
from sindico_platform.audit.models import AuditEvent
from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.errors import InvalidInput
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
from tests.support.jobs import run_jobs


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
