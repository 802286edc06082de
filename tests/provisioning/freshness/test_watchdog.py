"""One incident from being late to the next success, and people who hear of it once."""

import asyncio

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError
from uuid_utils.compat import uuid7

from sindico_platform.identity.models import TenantUser
from sindico_provisioning.alerts.models import AlertDelivery
from sindico_provisioning.freshness import service
from sindico_provisioning.freshness.incidents.service import (
    MAILS_A_DAY,
    PAUSE_REASON,
    watch_integration,
)
from sindico_provisioning.freshness.models import Freshness, Incident
from sindico_provisioning.loads.models import Load
from sindico_provisioning.schedules.models import Schedule
from sindico_provisioning.webhooks import service as webhooks
from sindico_provisioning.webhooks.schemas import WebhookIn
from tests.provisioning.freshness.conftest import CONTACT, VENDOR, Guarded
from tests.provisioning.loads.runs import add_run
from tests.support.identity import user_factory
from tests.support.jobs import Killed

STALE = [("integration.stale", CONTACT), ("integration.stale", VENDOR)]
RECOVERED = [("integration.recovered", CONTACT), ("integration.recovered", VENDOR)]


async def test_fresh_late_down_and_recovered(guarded: Guarded) -> None:
    await guarded.limit(24)
    await add_run(guarded.site, hours_ago=23)
    fresh = await guarded.watch()
    await guarded.set(Load, finished_at=guarded.hours_ago(25))
    down = await guarded.watch()
    again = await guarded.watch()
    await add_run(guarded.site)
    recovered = await guarded.watch()

    assert (fresh.state, down.state, recovered.state) == ("fresh", "down", "fresh")
    assert down.incident_id is not None
    assert (again.incident_id, recovered.incident_id) == (down.incident_id, None)
    assert await guarded.alerts() == STALE + RECOVERED
    assert await guarded.notices() == ["integration-stale", "integration-recovered"]
    [incident] = await guarded.incidents()
    assert (incident.closed_code, incident.tellings) == ("recovered", 1)


async def test_one_that_never_succeeded_is_late_from_when_it_was_watched(guarded: Guarded) -> None:
    await guarded.limit(24)
    await guarded.set(Freshness, counts_from=guarded.hours_ago(23))
    early = await guarded.watch()
    await guarded.set(Freshness, counts_from=guarded.hours_ago(25))

    late = await guarded.watch()

    assert (early.state, late.state, late.last_success_at) == ("fresh", "down", None)


@pytest.mark.parametrize(
    "run", [{"status": "failed"}, {"status": "cancelled"}, {"tables": ["empresa"]}], ids=str
)
async def test_only_a_complete_run_that_succeeded_counts(
    guarded: Guarded, run: dict[str, object]
) -> None:
    await guarded.limit(24)
    await add_run(guarded.site, hours_ago=30)
    await add_run(guarded.site, **run)  # type: ignore[arg-type]  # keywords of the parametrisation

    assert (await guarded.watch()).state == "down"


async def test_a_push_is_a_success(guarded: Guarded) -> None:
    await guarded.limit(24)
    down = await guarded.watch()
    async with guarded.site.context.uow.begin(guarded.site.actor) as tx:
        await service.note_push(tx, integration_id=guarded.site.integration_id)
        await service.note_push(tx, integration_id=guarded.site.integration_id)

    assert (down.state, (await guarded.watch()).state) == ("down", "fresh")


async def test_a_late_run_that_moves_has_a_little_longer(guarded: Guarded) -> None:
    await guarded.limit(24)
    await add_run(guarded.site, hours_ago=25)
    await guarded.site.start()
    moving = await guarded.watch()
    await guarded.set(Load, touched_at=guarded.hours_ago(1))  # as when no worker lives
    standing = await guarded.watch()

    assert (moving.state, standing.state) == ("late", "down")


async def test_even_a_run_that_moves_has_not_for_ever(guarded: Guarded) -> None:
    await guarded.limit(24)
    await add_run(guarded.site, hours_ago=31)
    await guarded.site.start()

    assert (await guarded.watch()).state == "down"


async def test_what_runs_by_itself_is_watched_by_default(guarded: Guarded) -> None:
    unwatched = await guarded.watch()
    await guarded.schedule()
    daily = await guarded.watch()
    await guarded.schedule(every=7 * 24 * 60)
    weekly = await guarded.watch()
    await guarded.limit(None)
    off = await guarded.watch()

    assert (unwatched.state, unwatched.max_hours) == ("unwatched", None)
    assert (daily.max_hours, daily.is_default, daily.state) == (24, True, "fresh")
    assert weekly.max_hours == 2 * 7 * 24
    assert (off.state, off.is_default) == ("unwatched", False)


async def test_on_a_day_of_25_hours_nothing_is_late_before_its_time(guarded: Guarded) -> None:
    """The next run is planned for 24 hours and three quarters after the last."""
    await guarded.schedule()
    planned = {"resumed_at": guarded.hours_ago(24.5), "slot_at": guarded.hours_ago(0)}

    await guarded.set(Schedule, **planned, due_at=guarded.hours_ago(-0.25))
    in_time = await guarded.watch()
    await guarded.set(Schedule, **planned, due_at=guarded.hours_ago(0))
    about_to_begin = await guarded.watch()
    await guarded.set(Schedule, **planned, due_at=guarded.hours_ago(0.4))
    late = await guarded.watch()

    assert [each.state for each in (in_time, about_to_begin, late)] == ["fresh", "fresh", "down"]


async def test_days_that_are_planned_later_still_are_late_after_24_hours(guarded: Guarded) -> None:
    await guarded.schedule()
    planned = {"resumed_at": guarded.hours_ago(24.5), "slot_at": guarded.hours_ago(0)}
    await guarded.set(Schedule, **planned, due_at=guarded.hours_ago(-20))

    assert (await guarded.watch()).state == "down"


async def test_a_pause_by_a_person_ends_the_watch_and_a_resume_starts_it_anew(
    guarded: Guarded,
) -> None:
    await guarded.schedule()
    await guarded.set(Schedule, resumed_at=guarded.hours_ago(30))
    down = await guarded.watch()
    await guarded.set(
        Schedule,
        paused_at=guarded.hours_ago(0),
        paused_by="ana@acme.test",
        pause_reason="Inventory",
        slot_at=None,
        due_at=None,
    )

    paused = await guarded.watch()

    assert (down.state, paused.state) == ("down", "unwatched")
    [incident] = await guarded.incidents()
    assert incident.closed_code == "settings-changed"
    assert "integration-recovered" not in await guarded.notices()


async def test_a_higher_limit_ends_the_incident_without_a_mail(guarded: Guarded) -> None:
    await guarded.limit(24)
    await add_run(guarded.site, hours_ago=30)
    await guarded.watch()
    await guarded.limit(48)
    await guarded.watch()

    assert [each.closed_code for each in await guarded.incidents()] == ["settings-changed"]
    assert await guarded.alerts() == STALE


async def test_inactive_integrations_and_suspended_tenants_are_left_alone(
    guarded: Guarded,
) -> None:
    await guarded.limit(24)
    await guarded.set_state("paused")
    inactive = await guarded.watch()
    await guarded.set_state("active")
    await guarded.suspend()
    suspended = await guarded.watch()

    assert (inactive.state, suspended.state) == ("unwatched", "unwatched")
    assert await guarded.alerts() == []


async def test_while_snoozed_nobody_is_told_and_then_what_is_still_wrong(guarded: Guarded) -> None:
    await guarded.limit(24)
    await guarded.snooze(hours=2)
    silent = await guarded.watch()
    nothing = await guarded.alerts()
    await guarded.set(Freshness, snoozed_until=guarded.hours_ago(1))
    await guarded.watch()
    await guarded.watch()

    assert (silent.state, silent.snooze_reason) == ("down", "The ERP is updated")
    assert (nothing, await guarded.alerts()) == ([], STALE)


async def test_an_incident_snoozed_after_it_was_told_is_told_again_at_the_end(
    guarded: Guarded,
) -> None:
    await guarded.limit(24)
    await guarded.watch()
    await guarded.snooze(hours=2)
    await guarded.watch()
    during = await guarded.alerts()
    await guarded.set(Freshness, snoozed_until=guarded.hours_ago(1))
    await guarded.watch()

    assert (during, await guarded.alerts()) == (STALE, STALE + STALE)


async def test_an_incident_nobody_heard_of_ends_in_silence(guarded: Guarded) -> None:
    await guarded.limit(24)
    await guarded.snooze(hours=2)
    await guarded.watch()
    await add_run(guarded.site)
    ended = await guarded.watch()

    assert (ended.state, ended.snoozed_until) == ("fresh", None)
    assert await guarded.alerts() == []


async def test_watchdogs_at_once_open_one_incident(guarded: Guarded) -> None:
    await guarded.limit(24)

    await asyncio.gather(*(guarded.watchdog.watch() for _ in range(4)))

    assert len(await guarded.incidents()) == 1
    assert await guarded.alerts() == STALE


async def test_killed_before_the_commit_nothing_was_opened_nor_told(guarded: Guarded) -> None:
    await guarded.limit(24)

    async def watch_and_die() -> None:
        async with guarded.site.context.uow.begin(guarded.site.actor) as tx:
            await watch_integration(tx, integration_id=guarded.site.integration_id)
            raise Killed("before the commit")

    with pytest.raises(Killed):
        await watch_and_die()
    nothing = await guarded.incidents(), await guarded.alerts()
    await guarded.watch()

    assert nothing == ([], [])
    assert await guarded.alerts() == STALE


async def test_without_contacts_those_who_can_do_something_are_told(guarded: Guarded) -> None:
    context, tenant = guarded.site.context, guarded.site.tenant
    make_user = user_factory(context.uow, context.doors.passwords)
    await make_user(tenant, "integrations:edit", email="ana@acme.example")
    await make_user(tenant, "integrations:view", email="bob@acme.example")
    await guarded.limit(24)
    await guarded.set(Freshness, contacts=[])

    await guarded.watch()

    assert [to for _, to in await guarded.alerts()] == ["ana@acme.example", VENDOR]


@pytest.mark.parametrize("state", ["disabled", "invited"])
async def test_a_contact_who_is_no_user_any_more_gets_no_mail(guarded: Guarded, state: str) -> None:
    await guarded.limit(24)
    await guarded.set(TenantUser, state=state)

    await guarded.watch()

    assert [to for _, to in await guarded.alerts()] == [VENDOR]


async def test_however_often_it_is_told_nobody_gets_more_than_some_mails_a_day(
    guarded: Guarded,
) -> None:
    """As when a tenant's program ends and begins a snooze again and again."""
    await guarded.limit(24)
    for _ in range(MAILS_A_DAY + 3):
        await guarded.set(Incident, told_at=None)
        await guarded.watch()
    at_most = await guarded.alerts()
    await guarded.set(AlertDelivery, created_at=guarded.hours_ago(25))
    await guarded.set(Incident, told_at=None)
    await guarded.watch()

    assert at_most == STALE * MAILS_A_DAY
    assert await guarded.alerts() == STALE * (MAILS_A_DAY + 1)
    [incident] = await guarded.incidents()
    assert incident.tellings == MAILS_A_DAY + 4


async def test_webhooks_are_told_too(guarded: Guarded) -> None:
    context = guarded.site.context
    async with context.uow.begin(guarded.site.actor) as tx:
        data = WebhookIn(url="https://erp.example/hook")
        await webhooks.create_webhook(tx, context.secrets, data=data)
    await guarded.limit(24)
    await guarded.watch()
    await guarded.limit(None)
    await guarded.watch()

    told = [event for event, to in await guarded.alerts() if to is None]
    assert told == ["integration.stale", "integration.recovered"]


async def fail_for(guarded: Guarded, days: int) -> None:
    """One run a day that failed; the schedule is older."""
    await guarded.set(Schedule, resumed_at=guarded.hours_ago(24 * days + 30))
    for day in range(days):
        await add_run(guarded.site, status="failed", hours_ago=24 * day + 1)


async def test_failing_for_days_is_warned_of_once(guarded: Guarded) -> None:
    await guarded.schedule()
    await guarded.limit(None)
    await fail_for(guarded, 4)
    early = await guarded.watch(), await guarded.notices()
    await add_run(guarded.site, status="failed", hours_ago=24 * 4 + 1)

    await guarded.watch()
    await guarded.watch()

    assert early[1] == []
    assert await guarded.notices() == ["integration-failing"]
    assert [event for event, _ in await guarded.alerts()] == ["integration.failing"] * 2
    assert (await guarded.planned()).paused_at is None


async def test_a_week_of_failures_pauses_but_never_without_a_warning(guarded: Guarded) -> None:
    await guarded.schedule()
    await fail_for(guarded, 8)
    await guarded.watch()
    warned = await guarded.planned()
    await guarded.set(Freshness, warned_at=guarded.hours_ago(25))
    down = await guarded.watch()
    paused = await guarded.planned()

    assert warned.paused_at is None
    assert (paused.paused_by, paused.due_at) == ("freshness", None)
    assert paused.pause_reason == PAUSE_REASON
    assert down.state == "down"
    assert (await guarded.notices())[-1] == "integration-paused"


async def test_a_success_in_between_starts_the_count_anew(guarded: Guarded) -> None:
    await guarded.schedule()
    await fail_for(guarded, 8)
    await add_run(guarded.site, hours_ago=36)
    await guarded.watch()

    assert await guarded.notices() == ["integration-stale"]


async def test_the_database_admits_one_open_incident(guarded: Guarded) -> None:
    await guarded.limit(24)
    await guarded.watch()
    [incident] = await guarded.incidents()
    another = {
        "tenant_id": incident.tenant_id,
        "id": uuid7(),
        "integration_id": incident.integration_id,
        "max_hours": 24,
        "opened_at": incident.opened_at,
        "tellings": 0,
    }

    with pytest.raises(IntegrityError, match="uq_incident_open"):
        async with guarded.site.context.uow.begin(guarded.site.actor) as tx:
            await tx.session.execute(insert(Incident).values(another))
