"""Loads that nobody carries on with are ended, and only those."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, update
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from sindico_api.context import Context
from sindico_platform.jobs.models import Job
from sindico_platform.tenancy.models import Tenant
from sindico_provisioning.loads import service
from sindico_provisioning.loads.models import Load
from sindico_provisioning.loads.reaper import queries
from sindico_provisioning.loads.reaper.service import Reaper, reap_load
from sindico_provisioning.loads.schemas import LoadOut
from tests.provisioning.loads.conftest import Site, make_site
from tests.support.identity import tenant_factory
from tests.support.jobs import kill_after


@pytest.fixture
async def site(fleet_context: Context, erp_kind: str) -> Site:
    tenant = await tenant_factory(fleet_context.uow)()
    site = await make_site(fleet_context, tenant, erp_kind)
    site.erp.put("empresa_propria", "1")
    site.erp.put("empresa", "c1", "c2", "c3", "c4")
    return site


async def age(site: Site, table: Any, **hours: float) -> None:
    """Let instants of a row lie so many hours back."""
    at = {name: func.now() - timedelta(hours=many) for name, many in hours.items()}
    async with site.context.uow.begin(site.actor) as tx:
        await tx.session.execute(update(table).values(at))


async def half_way(site: Site) -> UUID:
    """A load whose worker was killed in the middle."""
    load_id = await site.start()
    await site.run(kill_after("committed", 5))
    return load_id


async def reap(site: Site, load_id: UUID) -> LoadOut:
    await Reaper(site.context.uow, patience_seconds=0).reap()
    return await site.read(load_id)


async def test_whatever_moves_or_waits_its_turn_is_left_alone(site: Site) -> None:
    pending = await reap(site, await site.start())
    await site.run(kill_after("committed", 5))
    running = await reap(site, pending.id)
    await site.run()

    assert (pending.status, running.status) == ("pending", "running")
    assert (await site.read(pending.id)).status == "succeeded"


async def test_a_load_whose_job_was_given_up_has_failed(site: Site) -> None:
    load_id = await half_way(site)
    async with site.context.uow.begin(site.actor) as tx:
        await tx.session.execute(
            update(Job).values(state="failed", lease_token=None, finished_at=tx.now)
        )

    load = await reap(site, load_id)

    assert load.status == "failed"
    assert load.error is not None
    assert load.error.code == "load-abandoned"
    assert (await site.codes(load_id))[-2:] == ["load-abandoned", "load-failed"]


async def test_a_load_nobody_took_up_has_failed_after_a_day(site: Site) -> None:
    load_id = await site.start()
    await age(site, Load, touched_at=23)
    patient = await reap(site, load_id)
    await age(site, Load, touched_at=25)

    load = await reap(site, load_id)

    assert patient.status == "pending"
    assert (load.status, load.error and load.error.code) == ("failed", "load-not-started")


async def test_a_load_that_does_not_move_has_failed_and_its_worker_comes_too_late(
    site: Site,
) -> None:
    load_id = await half_way(site)
    await age(site, Load, touched_at=13)

    load = await reap(site, load_id)
    stored = await site.rows(func.count(Load.id))
    await site.run()

    assert (load.status, load.error and load.error.code) == ("failed", "load-stalled")
    assert (await site.read(load_id)).status == "failed"
    assert await site.rows(func.count(Load.id)) == stored


async def test_a_load_without_end_has_failed_after_a_week(site: Site) -> None:
    load_id = await half_way(site)
    await age(site, Job, created_at=24 * 7 + 1)

    load = await reap(site, load_id)

    assert (load.status, load.error and load.error.code) == ("failed", "load-too-long")


async def test_what_was_ended_goes_on_where_it_stopped_once_resumed(site: Site) -> None:
    load_id = await half_way(site)
    await age(site, Load, touched_at=13)
    await reap(site, load_id)

    async with site.context.uow.begin(site.actor) as tx:
        await service.resume_load(tx, load_id=load_id)
    await reap(site, load_id)
    await site.run()

    assert (await site.read(load_id)).status == "succeeded"


async def test_after_an_outage_of_hours_a_load_has_time_to_go_on(site: Site) -> None:
    load_id = await half_way(site)
    await age(site, Load, touched_at=13)
    now = [50_000.0]
    reaper = Reaper(site.context.uow, clock=lambda: now[0])

    async def look(seconds_later: float) -> int:
        now[0] += seconds_later
        return await reaper.reap()

    looks = [await look(150) for _ in range(24)]
    looks += [await look(13 * 3600)]
    looks += [await look(150) for _ in range(23)]

    assert looks == [0] * 48
    assert (await site.read(load_id)).status == "running"
    assert await look(150) == 1


async def test_a_fault_with_one_keeps_no_other_waiting(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with one that went away after it was found."""
    load_id = await half_way(site)
    await age(site, Load, touched_at=13)
    list_dead = queries.list_dead

    async def list_one_gone(fleet: AsyncSession, **asked: Any) -> list[tuple[UUID, UUID]]:
        return [(site.tenant.tenant_id, uuid7()), *await list_dead(fleet, **asked)]

    monkeypatch.setattr(queries, "list_dead", list_one_gone)

    assert (await reap(site, load_id)).status == "failed"


async def test_loads_of_suspended_tenants_wait(site: Site) -> None:
    load_id = await half_way(site)
    await age(site, Load, touched_at=1000)
    async with site.context.uow.begin(site.actor) as tx:
        await tx.session.execute(update(Tenant).values(state="suspended"))

    assert (await reap(site, load_id)).status == "running"


async def test_a_second_look_inside_the_tenant_decides(site: Site) -> None:
    load_id = await site.start()

    async with site.context.uow.begin(site.actor) as tx:
        assert await reap_load(tx, load_id=load_id) is None

    assert (await site.read(load_id)).status == "pending"
