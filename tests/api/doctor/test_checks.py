"""The doctor's report on a sound database, and on one that is not."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from sindico_api.doctor.checks import CHECKS
from sindico_api.doctor.examination import Patient, examine
from sindico_api.doctor.report import Outcome, Report, State
from sindico_platform.database.roles import RoleUrls
from sindico_platform.secrets import KeyRing, generate_key
from sindico_platform.secrets.probe import ensure_probe
from sindico_platform.settings import Secret, Settings

NOWHERE = "127.0.0.1:1"


def outcome_of(report: Report, name: str) -> Outcome:
    (found,) = [outcome for outcome in report.checks if outcome.name == name]
    return found


@pytest.fixture
async def owner(fresh_database: RoleUrls) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(fresh_database.owner)
    yield connection
    await connection.close()


@pytest.fixture
async def sound(
    settings: Settings, fresh_database: RoleUrls, owner: asyncpg.Connection
) -> Settings:
    """Settings of a database of the test's own, where a clock and a worker are seen long enough."""
    await owner.execute(
        "INSERT INTO control.worker (id, seen_at)"
        " VALUES (gen_random_uuid(), now() + interval '1 hour');"
        "INSERT INTO control.clock_leader (id, holder, until)"
        " VALUES (1, gen_random_uuid(), now() + interval '1 hour')"
    )
    return replace(
        settings,
        database_url=Secret(fresh_database.app),
        database_owner_url=Secret(fresh_database.owner),
        database_fleet_url=Secret(fresh_database.fleet),
    )


async def test_a_sound_installation_passes_and_says_what_could_be_better(
    sound: Settings, tmp_path: Path
) -> None:
    report = await examine(sound, CHECKS, data_dir=tmp_path)

    failed = [outcome for outcome in report.checks if outcome.state is State.FAILED]
    assert (report.ok, failed) == (True, [])
    assert outcome_of(report, "mail").state is State.WARNING
    assert {outcome.name for outcome in report.checks} == set(CHECKS)


async def test_another_release_is_found_by_the_revision(
    sound: Settings, owner: asyncpg.Connection
) -> None:
    await owner.execute("UPDATE control.alembic_version SET version_num = '0000'")

    report = await examine(sound, CHECKS, data_dir=None)

    found = outcome_of(report, "migrations")
    assert (report.ok, found.state) == (False, State.FAILED)
    assert "sindico migrate" in found.advice


async def test_a_key_ring_of_other_data_is_found(sound: Settings, fresh_database: RoleUrls) -> None:
    await ensure_probe(fresh_database.owner, KeyRing.parse(sound.key_ring))

    strange = await examine(replace(sound, key_ring=generate_key("test")), CHECKS, data_dir=None)
    missing = await examine(replace(sound, key_ring=generate_key("other")), CHECKS, data_dir=None)
    right = await examine(sound, CHECKS, data_dir=None)

    assert "is not the key that sealed these data" in outcome_of(strange, "key ring").found
    assert "key test is missing from the ring" in outcome_of(missing, "key ring").found
    assert right.ok


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("DELETE FROM control.clock_leader", "clock"),
        ("UPDATE control.clock_leader SET until = now() - interval '1 minute'", "clock"),
        ("DELETE FROM control.worker", "workers"),
        ("UPDATE control.worker SET seen_at = now() - interval '1 minute'", "workers"),
    ],
)
async def test_a_silent_process_is_found(
    sound: Settings, owner: asyncpg.Connection, statement: str, name: str
) -> None:
    await owner.execute(statement)

    report = await examine(sound, CHECKS, data_dir=None)

    found = outcome_of(report, name)
    assert (report.ok, found.state) == (False, State.FAILED)
    assert "Start `sindico" in found.advice


@pytest.mark.parametrize(
    ("job_state", "due_in", "state"),
    [
        ("pending", timedelta(hours=-1), State.FAILED),
        ("pending", timedelta(hours=1), State.OK),
        ("failed", timedelta(hours=-1), State.WARNING),
    ],
    ids=["waits too long", "not yet due", "gave up"],
)
async def test_the_queue_is_judged_by_its_oldest_job_and_by_those_that_gave_up(
    sound: Settings, owner: asyncpg.Connection, job_state: str, due_in: timedelta, state: State
) -> None:
    await owner.execute(
        "INSERT INTO control.job (tenant_id, id, function, args, queue, even_suspended, attempts,"
        " max_attempts, lease_seconds, actor_name, created_at, state, due_at)"
        " VALUES (gen_random_uuid(), gen_random_uuid(), 'probe', '{}', 'default', false, 0, 8, 300,"
        " 'test', now(), $1, now() + $2::interval)",
        job_state,
        due_in,
    )

    report = await examine(sound, CHECKS, data_dir=None)

    assert outcome_of(report, "queue").state is state


async def test_without_redis_the_installation_is_sound_but_warned_about(sound: Settings) -> None:
    alone = replace(sound, redis_url=Secret(f"redis://{NOWHERE}/0"))

    report = await examine(alone, CHECKS, data_dir=None)

    assert report.ok
    assert outcome_of(report, "redis").state is State.WARNING


async def test_without_a_database_the_report_says_what_to_do(sound: Settings) -> None:
    lost = replace(sound, database_url=Secret(f"postgresql://sindico_app:secret@{NOWHERE}/none"))

    report = await examine(lost, CHECKS, data_dir=None)

    (only,) = report.checks
    assert (report.ok, only.name) == (False, "database")
    assert "SINDICO_DATABASE_URL" in only.advice
    assert "secret" not in only.found


async def test_a_check_that_breaks_is_reported_and_the_others_go_on(sound: Settings) -> None:
    async def break_down(_patient: Patient) -> Outcome:
        raise RuntimeError("no such thing")

    checks = {"broken": break_down, "disk": CHECKS["disk"]}
    report = await examine(sound, checks, data_dir=None)

    assert outcome_of(report, "broken").state is State.FAILED
    assert outcome_of(report, "disk").state is not State.FAILED


async def test_before_the_first_operator_the_doctor_says_how_to_make_one(sound: Settings) -> None:
    report = await examine(sound, CHECKS, data_dir=None)

    found = outcome_of(report, "operators")
    assert (found.state, "sindico operator invite" in found.advice) == (State.WARNING, True)


async def test_a_ledger_without_places_for_the_days_to_come_fails(
    sound: Settings, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    day = await owner.fetchval("SELECT to_char((now() AT TIME ZONE 'UTC')::date + 3, 'YYYYMMDD')")
    await owner.execute(f"DROP TABLE partitions.exchange_{day}")

    found = outcome_of(await examine(sound, CHECKS, data_dir=tmp_path), "ledger")

    assert found.state is State.FAILED
    assert f"{day[:4]}-{day[4:6]}-{day[6:]}" in found.found
