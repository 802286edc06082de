"""Killed anywhere, run again: one final state. Two at once: one load. Too late: nothing written."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import func, select, update
from uuid_utils.compat import uuid4

from sindico_platform.jobs.models import Job
from sindico_provisioning.alerts.models import AlertDelivery
from sindico_provisioning.loads import service
from sindico_provisioning.loads.errors import LoadAlreadyRunning, LoadEnded, LoadNotResumable
from sindico_provisioning.loads.models import Load, LoadPhase, LoadStatus
from sindico_provisioning.staging.models import STAGING
from sindico_provisioning.webhooks import service as webhooks
from sindico_provisioning.webhooks.models import WebhookEvent
from sindico_provisioning.webhooks.schemas import WebhookIn
from sindico_tenants.abc_curve.models import AbcChange, AbcRun, AccountAbc
from sindico_tenants.accounts.models import Account, Contact
from sindico_tenants.companies.models import Branch, Company
from sindico_tenants.erp_links.models import ExternalRef
from sindico_tenants.portfolios.models import (
    AccountPlacement,
    Category,
    PlacementChange,
    Portfolio,
)
from sindico_tenants.sales.models import SalesOrder
from tests.provisioning.loads.conftest import Site
from tests.support.jobs import Killed, kill_after

OURS: tuple[Any, ...] = (
    Company,
    Branch,
    Account,
    Contact,
    SalesOrder,
    AbcRun,
    AbcChange,
    AccountAbc,
    AccountPlacement,
    Category,
    Portfolio,
    PlacementChange,
    AlertDelivery,
)


def fill(site: Site) -> None:
    site.erp.put("empresa_propria", "1")
    site.erp.put("filial", "1-1", "1-2", "1-3", cod_empresa="1")
    site.erp.put("empresa", "c1", "c2", "c3", "c4", "c5", cod_empresa="1")
    site.erp.put("contato", "p1", "p2", "p3", empresa_id="c1")
    site.erp.put("pedido", "o1", "o2", "o3")


async def final_state(site: Site) -> dict[str, int]:
    """How many rows of each kind there are, and how many things they are about."""
    async with site.context.uow.begin(site.actor) as tx:
        count = select(func.count())
        staged = {
            name: await tx.session.scalar(count.select_from(table))
            for name, table in STAGING.items()
        }
        ours = {
            table.__tablename__: await tx.session.scalar(count.select_from(table)) for table in OURS
        }
        links = await tx.session.scalar(count.select_from(ExternalRef))
    return {name: rows or 0 for name, rows in (staged | ours | {"links": links}).items() if rows}


COMPLETE = {
    "empresa_propria": 1,
    "filial": 3,
    "empresa": 5,
    "contato": 3,
    "pedido": 3,
    "company": 1,
    "branch": 3,
    "account": 5,
    "contact": 3,
    "sales_order": 3,
    "abc_run": 1,
    "abc_change": 5,
    "account_abc": 5,
    "account_placement": 5,
    "category": 1,
    "portfolio": 1,
    "placement_change": 10,
    "links": 15,
}


@pytest.mark.kills("loads.run_load")
@pytest.mark.parametrize("step", range(1, 31))
async def test_killed_after_any_commit_it_ends_the_same(site: Site, step: int) -> None:
    fill(site)
    async with site.context.uow.begin(site.actor) as tx:
        told = WebhookIn(url="https://1.1.1.1/hook", events=(WebhookEvent.CLASS_CHANGED,))
        await webhooks.create_webhook(tx, site.context.secrets, data=told)
    load_id = await site.start()

    drained = await site.run(kill_after("committed", step))
    await site.run()
    load = await site.read(load_id)

    assert drained.killed
    assert load.status == LoadStatus.SUCCEEDED
    assert await final_state(site) == COMPLETE | {"alert_delivery": 1}
    assert all(phase.created == phase.received for phase in load.phases)


@pytest.mark.kills("loads.run_load")
@pytest.mark.parametrize("point", ["claimed", "acted", "recorded"])
async def test_killed_around_the_job_it_ends_the_same(site: Site, point: str) -> None:
    fill(site)
    load_id = await site.start()

    await site.run(kill_after(point))
    await site.run()

    assert (await site.read(load_id)).status == LoadStatus.SUCCEEDED
    assert await final_state(site) == COMPLETE


async def test_killed_at_every_read_it_costs_a_page_each_time(site: Site) -> None:
    fill(site)
    load_id = await site.start()
    met: set[tuple[str, int]] = set()

    async def die_once(table: str, start: int) -> None:
        if (table, start) not in met:
            met.add((table, start))
            raise Killed("in the middle of a read")

    site.erp.before_read = die_once
    for _ in range(40):
        try:
            drained = await site.run()
        except Killed:
            continue
        if not drained.killed and drained.states:
            break

    assert (await site.read(load_id)).status == LoadStatus.SUCCEEDED
    assert await final_state(site) == COMPLETE


async def test_one_load_of_an_integration_at_a_time(site: Site) -> None:
    fill(site)
    first = await site.start()

    with pytest.raises(LoadAlreadyRunning) as refusal:
        await site.start()

    assert refusal.value.extra == {"load_id": str(first)}


async def test_started_twice_at_once_there_is_one(site: Site) -> None:
    fill(site)

    outcomes = await asyncio.gather(*(site.start() for _ in range(4)), return_exceptions=True)
    await site.run()

    assert sum(isinstance(outcome, LoadAlreadyRunning) for outcome in outcomes) == 3
    assert len(await site.rows(Load.id)) == 1
    assert await final_state(site) == COMPLETE


async def test_a_worker_that_lost_its_lease_writes_nothing(site: Site) -> None:
    fill(site)
    load_id = await site.start()

    async def steal(table: str, start: int) -> None:
        if (table, start) == ("empresa", 2):
            async with site.context.uow.begin(site.actor) as tx:
                await tx.session.execute(update(Job).values(lease_token=uuid4()))
            site.erp.before_read = None

    site.erp.before_read = steal
    late = await site.run()
    stored = await site.rows(STAGING["empresa"].c.id_erp)
    await site.run()

    assert late.states == ["lost"]
    assert len(stored) <= 2
    assert (await site.read(load_id)).status == LoadStatus.SUCCEEDED
    assert await final_state(site) == COMPLETE


async def test_a_cancelled_load_stops_and_resumes_where_it_stood(site: Site) -> None:
    fill(site)
    load_id = await site.start()

    async def cancel(table: str, start: int) -> None:
        if (table, start) == ("empresa", 2):
            site.erp.before_read = None
            async with site.context.uow.begin(site.actor) as tx:
                await service.cancel_load(tx, load_id=load_id)

    site.erp.before_read = cancel
    await site.run()
    cancelled = await site.read(load_id)
    site.erp.reads.clear()
    async with site.context.uow.begin(site.actor) as tx:
        await service.resume_load(tx, load_id=load_id)
    await site.run()

    assert cancelled.status == LoadStatus.CANCELLED
    assert "filial" not in {table for table, _ in site.erp.reads}
    assert (await site.read(load_id)).status == LoadStatus.SUCCEEDED
    assert await final_state(site) == COMPLETE


async def test_the_job_of_before_a_resume_writes_nothing(site: Site) -> None:
    fill(site)
    load_id = await site.start()

    async def cancel_and_resume(table: str, start: int) -> None:
        site.erp.before_read = None
        async with site.context.uow.begin(site.actor) as tx:
            await service.cancel_load(tx, load_id=load_id)
            await service.resume_load(tx, load_id=load_id)

    site.erp.before_read = cancel_and_resume
    await site.run()

    load = await site.read(load_id)
    assert load.status == LoadStatus.SUCCEEDED
    assert await final_state(site) == COMPLETE
    assert all(phase.created == phase.received for phase in load.phases)


async def test_what_has_ended_is_not_cancelled_and_what_succeeded_not_resumed(site: Site) -> None:
    fill(site)
    load = await site.load()

    async with site.context.uow.begin(site.actor) as tx:
        with pytest.raises(LoadEnded):
            await service.cancel_load(tx, load_id=load.id)
        with pytest.raises(LoadNotResumable):
            await service.resume_load(tx, load_id=load.id)


async def test_a_load_is_not_resumed_behind_a_newer_one(site: Site) -> None:
    fill(site)
    old = await site.start()
    async with site.context.uow.begin(site.actor) as tx:
        await service.cancel_load(tx, load_id=old)
    await site.load()

    async with site.context.uow.begin(site.actor) as tx:
        with pytest.raises(LoadNotResumable):
            await service.resume_load(tx, load_id=old)


async def test_a_load_whose_job_was_given_up_does_not_block_the_next(site: Site) -> None:
    fill(site)
    dead = await site.start()
    async with site.context.uow.begin(site.actor) as tx:
        await tx.session.execute(update(Job).values(state="failed", finished_at=tx.now))

    await site.load()

    assert (await site.read(dead)).status == LoadStatus.FAILED
    assert await final_state(site) == COMPLETE


async def test_the_database_refuses_counts_that_do_not_add_up(site: Site) -> None:
    fill(site)
    await site.load()

    with pytest.raises(Exception, match="ck_load_phase_counts"):
        async with site.context.uow.begin(site.actor) as tx:
            await tx.session.execute(update(LoadPhase).values(received=LoadPhase.received + 1))


async def test_long_loads_go_on_in_a_fresh_claim(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(site)
    monkeypatch.setattr("sindico_provisioning.loads.jobs.STINT_SECONDS", -1)

    load_id = await site.start()
    drained = await site.run()

    assert len(drained.states) > 8
    assert (await site.read(load_id)).status == LoadStatus.SUCCEEDED
    assert await final_state(site) == COMPLETE
