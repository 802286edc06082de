"""`sindico audit verify` and `erase`."""

import asyncio
import json
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner, Result

from sindico_api.cli.main import main
from sindico_platform.audit.queries import count_changes
from sindico_platform.database.tx import Actor
from sindico_platform.settings import Settings
from tests.platform.audit.conftest import Trail, trail
from tests.provisioning.factories import make_tenant

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
    return await run(environ, "verify", *options)


async def run(environ: dict[str, str], *options: str, typed: str = "") -> Result:
    """Run it in a thread, as it starts an event loop of its own."""
    runner = CliRunner(env=environ)
    return await asyncio.to_thread(runner.invoke, main, ["audit", *options], input=typed)


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


@pytest.fixture
async def edited(trail: Trail) -> list[str]:
    """Two sealed edits of one record of a customer; the options that name it."""
    trail.tenant_id = (await make_tenant(trail.context.uow)).id
    await trail.record(2, name=("Ana", "Bia"))
    await trail.seal()
    about = ["--type", "thing", "--id", str(trail.target)]
    return ["erase", "--tenant", str(trail.tenant_id), *about]


async def test_a_record_is_forgotten_and_the_trail_verifies(
    environ: dict[str, str], trail: Trail, edited: list[str]
) -> None:
    said = [
        await run(environ, *edited, "--json", *options)
        for options in (["--dry-run"], ["--yes"], ["--yes"])
    ]
    await trail.seal()

    told = [json.loads(each.stdout) for each in said]
    counts = [(each["events"], each["with_changes"], each["erased"]) for each in told]
    assert counts == [(2, 2, 0), (3, 0, 2), (3, 0, 0)]
    checked = await verify(environ, "--tenant", str(trail.tenant_id))
    assert checked.exit_code == 0, checked.output


@pytest.mark.parametrize(("typed", "left"), [("n\n", 2), ("", 2), ("y\n", 0)])
async def test_erasing_asks_first(
    environ: dict[str, str], trail: Trail, edited: list[str], typed: str, left: int
) -> None:
    said = await run(environ, *edited, typed=typed)

    assert "from 2 events for good?" in said.stderr
    assert said.exit_code == (1 if left else 0)
    async with trail.context.uow.begin(Actor.system(trail.tenant_id)) as tx:
        assert (await count_changes(tx, "thing", trail.target)).with_changes == left


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (("--tenant", "nobody.test"), "Check the tenant's id."),
        (("--tenant", str(UUID(int=9))), "Check the tenant's id."),
        (("--type", "account"), "no event of account"),
        (("--id", str(UUID(int=9))), "no event of thing"),
    ],
    ids=["domain", "tenant", "type", "record"],
)
async def test_what_is_unknown_is_told_and_nothing_erased(
    environ: dict[str, str], trail: Trail, edited: list[str], wrong: tuple[str, str], told: str
) -> None:
    edited[edited.index(wrong[0]) + 1] = wrong[1]

    said = await run(environ, *edited, "--yes")

    assert (said.exit_code, said.stdout) == (1, "")
    assert said.stderr.startswith("Error: ")
    assert told in said.stderr
    async with trail.context.uow.begin(Actor.system(trail.tenant_id)) as tx:
        assert (await count_changes(tx, "thing", trail.target)).with_changes == 2
