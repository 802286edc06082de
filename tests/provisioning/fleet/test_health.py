"""Each reason stands for one health, and the first that holds counts."""

import secrets
from datetime import UTC, datetime

import pytest

from sindico_api.context import Context
from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.paging.schemas import MAX_LIMIT, PageRequest
from sindico_platform.telemetry import metrics
from sindico_provisioning.fleet import queries
from sindico_provisioning.fleet.health import HEALTH_OF, TEXTS, Health, Reason
from sindico_provisioning.fleet.schemas import FleetFilter, FleetItem
from sindico_provisioning.freshness import queries as freshness
from sindico_provisioning.tenant_registry import service as registry
from tests.provisioning import factories
from tests.provisioning.fleet.rows import Past, add_integration, make_member

OK = ("succeeded", 2.0, 60.0)
AGO = datetime(2026, 1, 1, tzinfo=UTC)
PAUSED = {"due_hours": None, "paused_at": AGO, "paused_by": "ana", "pause_reason": "stocktaking"}
EVERY_WEEK = {"kind": "interval", "times": [], "interval_minutes": 7 * 24 * 60}


async def find(uow: UnitOfWork, tenant: str, **wanted: str) -> list[FleetItem]:
    actor = Actor.system(factories.operator().tenant_id)
    async with uow.begin_fleet(actor, reason="test") as fleet:
        asked = PageRequest(limit=MAX_LIMIT)
        page = await queries.list_fleet(fleet, FleetFilter(search=tenant, **wanted), asked)
    return page.items


@pytest.mark.parametrize(
    ("past", "reason"),
    [
        (Past(), "never-run"),
        (Past(under_way=True), "never-run"),
        (Past(runs=(OK,)), "not-scheduled"),
        (Past(runs=(OK,), schedule={"due_hours": 5}), "in-time"),
        (Past(runs=(OK,), schedule={"due_hours": -1}), "run-overdue"),
        (Past(runs=(OK,), schedule={"due_hours": -1}, under_way=True), "in-time"),
        (Past(runs=(OK,), schedule={"due_hours": -0.1}), "in-time"),
        (Past(runs=(("succeeded", 31, 60),), schedule={"due_hours": 5}), "success-too-old"),
        (Past(runs=(("succeeded", 23, 60),), schedule={"due_hours": 5}), "in-time"),
        (Past(runs=(("succeeded", 29, 60),), schedule={"due_hours": 5}, under_way=True), "in-time"),
        (Past(pushed_hours=2, kind="api"), "not-scheduled"),
        (Past(pushed_hours=2, kind="api", max_hours=1), "success-too-old"),
        (Past(pushed_hours=2, kind="api", max_hours=3), "not-scheduled"),
        (Past(runs=(("succeeded", 31, 60),), pushed_hours=2, schedule={"due_hours": 5}), "in-time"),
        (Past(runs=(("succeeded", 99, 60),), schedule={"due_hours": 5} | EVERY_WEEK), "in-time"),
        (Past(runs=(("succeeded", 99, 60),)), "not-scheduled"),
        (Past(runs=(OK, ("failed", 1, 60))), "last-run-failed"),
        (Past(runs=(OK, ("failed", 1, 60)), schedule=PAUSED), "last-run-failed"),
        (Past(runs=(OK, ("failed", 1, 60), ("cancelled", 0.5, 9))), "last-run-failed"),
        (Past(runs=(("failed", 3, 60), OK)), "not-scheduled"),
        (Past(runs=(OK,), schedule=PAUSED), "schedule-paused"),
        (Past(runs=(OK, ("failed", 1, 60)), state="paused"), "integration-paused"),
    ],
    ids=str,
)
async def test_an_integration_is_as_its_past_says(uow: UnitOfWork, past: Past, reason: str) -> None:
    name = f"Frota {secrets.token_hex(5)}"
    integration_id = await make_member(uow, past, tenant=name)

    [item] = await find(uow, name)

    assert item.id == integration_id
    assert (item.reason, item.health) == (reason, HEALTH_OF[Reason(reason)])


async def test_what_belongs_to_a_suspended_tenant_is_paused(uow: UnitOfWork) -> None:
    tenant = await factories.make_tenant(uow, name="Suspensa Ltda")
    await add_integration(uow, tenant.id, Past(runs=(OK,), schedule={"due_hours": 5}))
    async with uow.begin(factories.operator(), tenant=tenant.id) as tx:
        await registry.suspend_tenant(tx, reason="unpaid")

    [item] = await find(uow, tenant.domain)

    assert (item.health, item.reason, item.next_run_at) == ("paused", "tenant-inactive", None)
    assert item.last_success_at is not None


async def test_durations_failures_and_errors_are_told(uow: UnitOfWork) -> None:
    past = Past(
        runs=(
            *(("succeeded", 9.0 - hour, 100.25 + hour) for hour in range(5)),
            ("failed", 2, 7),
            ("failed", 1, 8),
        ),
        size_bytes=4096,
    )
    name = f"Frota {secrets.token_hex(5)}"
    await make_member(uow, past, tenant=name)

    [item] = await find(uow, name)

    assert [round(run.duration_seconds) for run in item.runs] == [100, 101, 102, 103, 104, 7, 8]
    assert (item.duration_seconds, item.median_seconds, item.failures) == (104.25, 102.25, 2)
    assert (item.error_code, item.size_bytes, item.staged_rows) == ("erp-login-refused", 4096, 10)


async def test_single_tables_say_nothing_of_the_whole(uow: UnitOfWork) -> None:
    name = f"Frota {secrets.token_hex(5)}"
    await make_member(uow, Past(runs=(OK, ("failed", 1, 7)), tables=["empresa"]), tenant=name)

    [item] = await find(uow, name)

    assert (item.reason, item.last_success_at, item.runs) == ("never-run", None, [])


async def test_the_fleet_and_the_watch_agree_and_the_gauges_follow(
    fleet_context: Context,
) -> None:
    """One definition of the last success and of what is too long ago."""
    uow, seen = fleet_context.uow, {}
    for past in (Past(pushed_hours=2, max_hours=1), Past(pushed_hours=2), Past()):
        name = f"Frota {secrets.token_hex(5)}"
        tenant = await factories.make_tenant(uow, name=name)
        integration_id = await add_integration(uow, tenant.id, past)
        async with uow.begin(Actor.system(tenant.id)) as tx:
            watched = await freshness.read_freshness(tx, integration_id)
        [item] = await find(uow, name)
        assert item.last_success_at == watched.last_success_at
        seen[item.health] = watched.state

    await queries.refresh_figures(uow)

    assert seen == {"late": "down", "healthy": "unwatched", "never": "unwatched"}
    for health, count in (("late", 1), ("healthy", 1), ("never", 1), ("failing", 0)):
        told = metrics.registry.get_sample_value("sindico_integrations", {"health": health})
        assert told == count


def test_every_reason_has_a_health_and_words() -> None:
    assert set(HEALTH_OF) == set(TEXTS) == set(Reason)
    assert set(HEALTH_OF.values()) == set(Health)
