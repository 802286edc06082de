"""`sindico audit verify`."""

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sindico_api.cli.main import main
from sindico_platform.settings import Settings
from tests.platform.audit.conftest import Trail, trail

__all__ = ["trail"]


@pytest.fixture
def environ(settings: Settings, tmp_path: Path) -> dict[str, str]:
    return {
        "SINDICO_DATABASE_URL": settings.database_url.reveal(),
        "SINDICO_DATABASE_FLEET_URL": settings.database_fleet_url.reveal(),
        "SINDICO_REDIS_URL": settings.redis_url.reveal(),
        "SINDICO_KEY_RING": settings.key_ring.reveal(),
        "SINDICO_DATA_DIR": str(tmp_path),
    }


async def verify(environ: dict[str, str], *options: str) -> Result:
    """Run it in a thread, as it starts an event loop of its own."""
    runner = CliRunner(env=environ)
    return await asyncio.to_thread(runner.invoke, main, ["audit", "verify", *options])


async def test_a_whole_trail_verifies_and_its_last_seal_is_told(
    environ: dict[str, str], trail: Trail
) -> None:
    await trail.record(3, name=("Ana", "Bia"))
    await trail.seal()
    await trail.record()

    said = await verify(environ, "--tenant", str(trail.tenant_id))

    assert said.exit_code == 0, said.output
    line, total = said.stdout.splitlines()
    assert f"ok  {trail.tenant_id}: 4 events, 1 not sealed yet, 1 seals" in line
    assert line.endswith((await trail.verify()).last_mac or "")
    assert total == "1 trails, 0 faults"


async def test_what_was_edited_is_named_and_fails(environ: dict[str, str], trail: Trail) -> None:
    await trail.record(3)
    await trail.seal()
    await trail.tamper(
        "UPDATE control.audit_event SET actor_name = 'nobody' WHERE tenant_id = $1 AND id ="
        " (SELECT min(id::text)::uuid FROM control.audit_event WHERE tenant_id = $1)"
    )

    said = await verify(environ, "--tenant", str(trail.tenant_id))

    assert said.exit_code == 1
    assert f"FAIL  {trail.tenant_id}" in said.stdout
    assert said.stdout.splitlines()[-1] == "1 trails, 1 faults"


async def test_a_database_that_does_not_answer_is_told_in_one_line(
    environ: dict[str, str],
) -> None:
    nowhere = "postgresql://app:app@127.0.0.1:1/sindico"
    gone = {"SINDICO_DATABASE_URL": nowhere, "SINDICO_DATABASE_FLEET_URL": nowhere}

    said = await verify(environ | gone)

    assert (said.exit_code, said.stdout) == (1, "")
    assert said.stderr.startswith("Error: The database cannot be used: ")
    assert len(said.stderr.splitlines()) == 1


async def test_a_wrong_password_is_told_in_one_line(
    environ: dict[str, str], settings: Settings
) -> None:
    url = settings.database_url.reveal()
    name, _, rest = url.removeprefix("postgresql://").partition(":")
    wrong = f"postgresql://{name}:wrong@{rest.partition('@')[2]}"

    said = await verify(environ | {"SINDICO_DATABASE_FLEET_URL": wrong})

    assert said.exit_code == 1
    assert "password authentication failed" in said.stderr
    assert "sqlalche" not in said.stderr
