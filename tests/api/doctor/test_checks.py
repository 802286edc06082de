"""The doctor's report on a sound database, and on one that is not."""

from dataclasses import replace
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
def sound(settings: Settings, fresh_database: RoleUrls) -> Settings:
    """Settings of a database of the test's own."""
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
    sound: Settings, fresh_database: RoleUrls
) -> None:
    owner = await asyncpg.connect(fresh_database.owner)
    await owner.execute("UPDATE control.alembic_version SET version_num = '0000'")
    await owner.close()

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
    assert "sindico up" in only.advice
    assert "secret" not in only.found


async def test_a_check_that_breaks_is_reported_and_the_others_go_on(sound: Settings) -> None:
    async def break_down(_patient: Patient) -> Outcome:
        raise RuntimeError("no such thing")

    checks = {"broken": break_down, "disk": CHECKS["disk"]}
    report = await examine(sound, checks, data_dir=None)

    assert outcome_of(report, "broken").state is State.FAILED
    assert outcome_of(report, "disk").state is not State.FAILED
