"""What is too old or paid leaves every day, loads or none, and never before the CRM knows."""

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, insert, update
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from sindico_api.context import Context
from sindico_platform.audit.models import AuditEvent
from sindico_platform.tenancy.models import Tenant
from sindico_provisioning.integrations.models import Integration
from sindico_provisioning.loads.models import Load, LoadPhase
from sindico_provisioning.staging.models import STAGING
from sindico_provisioning.staging.retention import queries
from sindico_provisioning.staging.retention.daily import Retention
from sindico_provisioning.staging.retention.models import Retirement
from sindico_provisioning.staging.retention.service import retire_stretch
from sindico_tenants.sales.models import TradeBill
from tests.provisioning.loads.conftest import Site, erp_kind, make_site
from tests.support.identity import tenant_factory
from tests.support.jobs import eventually, kill_after
from tests.support.locks import somebody_waits
from tests.support.plans import explaining

__all__ = ["erp_kind"]
GONE = {"itens_pedido": ["i1"], "pedido": ["o1"], "fatura": ["f9"]}
LEFT = {"itens_pedido": ["i2"], "pedido": ["o2"], "fatura": ["f1", "f2"]}
REMOVED = {"rejections": 0, "itens_pedido": 1, "pedido": 1, "itens_nota": 0, "nota": 0, "fatura": 1}


@pytest.fixture
async def site(fleet_context: Context, erp_kind: str) -> Site:
    """Two orders and two bills were brought in yesterday; since then nothing is loaded any more."""
    tenant = await tenant_factory(fleet_context.uow)()
    site = await make_site(fleet_context, tenant, erp_kind)
    site.erp.put("empresa", "c1")
    site.erp.put("pedido", "o1", "o2", empresa_id="c1")
    site.erp.put("itens_pedido", "i1", pedido_id="o1")
    site.erp.put("itens_pedido", "i2", pedido_id="o2")
    site.erp.put("fatura", "f1", "f2", empresa_id="c1", valor=100, saldo=100)
    await site.load()
    await write(site, update(Integration).values(created_at=func.now() - timedelta(hours=25)))
    return site


async def write(site: Site, *statements: Any) -> None:
    async with site.context.uow.begin(site.actor) as tx:
        for statement in statements:
            await tx.session.execute(statement)


async def push_late_rows(site: Site) -> None:
    """An order of three years ago, a bill that was paid, and a paid one that no run brought in."""
    order, bill = STAGING["pedido"], STAGING["fatura"]
    long_ago, now = func.current_date() - 1100, func.now()
    unknown = {"id_erp": "f9", "saldo": 0, "changed_at": now}
    owner = {"tenant_id": site.tenant.tenant_id, "integration_id": site.integration_id}
    await write(
        site,
        update(order).where(order.c.id_erp == "o1").values(data_emissao=long_ago),
        update(bill).where(bill.c.id_erp == "f1").values(saldo=0, changed_at=now),
        insert(bill).values(owner | unknown),
    )


async def staged(site: Site) -> dict[str, list[str]]:
    return {
        name: [key for (key,) in await site.rows(STAGING[name].c.id_erp)]
        for name in ("itens_pedido", "pedido", "fatura")
    }


async def told(site: Site) -> list[dict[str, Any]]:
    """What the audit trail says was taken out, but for what loads took."""
    rows = await site.rows(AuditEvent.tag, AuditEvent.target_type, AuditEvent.id, AuditEvent.facts)
    return [row[3] for row in rows if row[:2] == ("staging:retire", "integration")]


async def test_it_leaves_once_a_day_without_any_load_and_says_so(site: Site) -> None:
    await push_late_rows(site)
    daily = Retention(site.context.uow)

    begun = [await daily.begin_due(), await daily.begin_due()]
    await site.run()
    ended = await site.rows(Retirement.removed, Retirement.resource)
    await write(site, update(Retirement).values(begun_at=func.now() - timedelta(hours=24)))
    again = await daily.begin_due()
    await site.run()

    assert begun == [1, 0]
    assert await staged(site) == LEFT
    assert ended == [(REMOVED, None)]
    assert [(each["table"], each["count"]) for each in await told(site)] == [
        ("itens_pedido", 1),
        ("pedido", 1),
        ("fatura", 1),
    ]
    assert again == 1
    assert await site.rows(Retirement.removed) == [(dict.fromkeys(REMOVED, 0),)]


async def test_rows_are_looked_up_by_key_also_in_a_table_just_filled(site: Site) -> None:
    """Joined, sixty thousand rows that were not analyzed yet took minutes."""
    async with (
        site.context.uow.begin(site.actor) as tx,
        explaining(site.context.engines, tx) as plans,
    ):
        await retire_stretch(
            tx,
            "itens_pedido",
            integration_id=site.integration_id,
            after="",
            today=date(2026, 11, 20),
        )

    (plan,) = plans
    assert "leaving" in plan
    assert "Nested Loop" not in plan
    assert "Join" not in plan


async def test_a_bill_stays_until_the_crm_knows_that_it_is_paid(site: Site) -> None:
    await push_late_rows(site)
    site.erp.put("fatura", "f1", empresa_id="c1", valor=100, saldo=0)

    await Retention(site.context.uow).begin_due()
    await site.run()
    before = await staged(site), await site.rows(TradeBill.open_cents)
    await site.load()

    assert before == (LEFT, [(10000,), (10000,)])
    assert (await staged(site))["fatura"] == ["f2"]
    assert await site.rows(TradeBill.open_cents) == [(0,), (10000,)]


async def test_a_bill_stays_until_then_also_where_the_clock_was_set_back(site: Site) -> None:
    """What the last load brought then seems to be younger than what changed after it."""
    later = LoadPhase.started_at + timedelta(hours=1)
    await write(site, update(LoadPhase).values(started_at=later))
    await push_late_rows(site)

    await Retention(site.context.uow).begin_due()
    await site.run()

    assert await staged(site) == LEFT


async def test_a_load_under_way_and_a_tenant_that_is_not_active_are_left_alone(
    site: Site,
) -> None:
    daily = Retention(site.context.uow)
    await site.start()
    loading = await daily.begin_due()
    await write(site, update(Load).values(status="cancelled", finished_at=func.now()))
    await write(site, update(Tenant).values(state="suspended"))
    suspended = await daily.begin_due()

    assert (loading, suspended) == (0, 0)


async def test_a_fault_with_one_integration_keeps_no_other_waiting(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with one that went away after it was found to be due."""
    list_due = queries.list_due

    async def list_one_gone(fleet: AsyncSession, *, limit: int) -> list[tuple[UUID, UUID]]:
        return [(site.tenant.tenant_id, uuid7()), *await list_due(fleet, limit=limit)]

    monkeypatch.setattr(queries, "list_due", list_one_gone)

    begun = await Retention(site.context.uow).begin_due()

    assert begun == 1
    assert await site.rows(Retirement.integration_id) == [(site.integration_id,)]


@pytest.mark.parametrize(
    ("table", "key", "news"),
    [
        ("itens_pedido", "i1", {"pedido_id": "o2"}),
        ("pedido", "o1", {"data_emissao": date(2999, 1, 1)}),
        ("fatura", "f9", {"saldo": 50}),
    ],
    ids=["moved-item", "order-dated-anew", "bill-owed-again"],
)
async def test_what_changes_while_it_is_taken_out_stays_as_it_became(
    site: Site, table: str, key: str, news: dict[str, Any]
) -> None:
    await push_late_rows(site)
    await Retention(site.context.uow).begin_due()
    staging = STAGING[table]

    async with site.context.uow.begin(site.actor) as tx:
        await tx.session.execute(update(staging).where(staging.c.id_erp == key).values(news))
        clearing = asyncio.create_task(site.run())
        await eventually(somebody_waits(site.context.uow, site.actor))
    await clearing

    assert await staged(site) == LEFT | {table: sorted([*LEFT[table], key])}


@pytest.mark.kills("staging.retire_rows")
@pytest.mark.parametrize("point", ["claimed", "committed", "recorded"])
async def test_killed_anywhere_it_removes_and_counts_each_row_once(site: Site, point: str) -> None:
    await push_late_rows(site)
    await Retention(site.context.uow).begin_due()

    await site.run(
        kill=kill_after(point, 2 if point == "committed" else 1, only="staging.retire_rows")
    )
    await site.run()

    assert await staged(site) == LEFT
    assert await site.rows(Retirement.removed) == [(REMOVED,)]
    assert len(await told(site)) == 3
