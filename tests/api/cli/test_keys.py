"""`sindico keys` on a machine's stack that does not run."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sindico_api.cli.main import main
from sindico_platform.database.roles import RoleUrls

FIRST = "first:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


@pytest.fixture
def environ(fresh_database: RoleUrls, redis_url: str, tmp_path: Path) -> dict[str, str]:
    return {
        "SINDICO_DATABASE_URL": fresh_database.app,
        "SINDICO_DATABASE_OWNER_URL": fresh_database.owner,
        "SINDICO_DATABASE_FLEET_URL": fresh_database.fleet,
        "SINDICO_REDIS_URL": redis_url,
        "SINDICO_DATA_DIR": str(tmp_path),
    }


def keys(environ: dict[str, str], *arguments: str) -> Result:
    return CliRunner(env=environ).invoke(main, ["keys", *arguments], catch_exceptions=False)


def test_a_made_key_fits_the_ring(environ: dict[str, str]) -> None:
    made = keys(environ, "generate").stdout.strip()

    listed = keys(environ | {"SINDICO_KEY_RING": made}, "list", "--json")

    (key,) = json.loads(listed.stdout)
    assert (key["newest"], key["values"], made.startswith(f"{key['id']}:")) == (True, 0, True)


def test_a_rotation_puts_a_new_key_first_and_the_old_one_can_be_dropped(
    environ: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "keys").write_text(FIRST + "\n")

    done = json.loads(keys(environ, "rotate", "--json").stdout)
    dropped = keys(environ, "drop", "first")

    assert (done["state"], done["unreadable"]) == ("rotated", [])
    assert dropped.exit_code == 0, dropped.output
    (kept,) = (tmp_path / "keys").read_text().split()
    assert kept.startswith(f"{done['newest']}:")


def test_the_newest_key_cannot_be_dropped(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "keys").write_text(FIRST + "\n")

    refused = keys(environ, "drop", "first")

    assert refused.exit_code == 1
    assert "The key is needed" in refused.output
    assert (tmp_path / "keys").read_text().strip() == FIRST


def test_a_ring_from_the_environment_is_printed_to_be_set(environ: dict[str, str]) -> None:
    said = keys(environ | {"SINDICO_KEY_RING": FIRST}, "rotate", "--json")

    report = json.loads(said.stdout)
    assert report["state"] == "key-to-set"
    assert report["ring"].endswith(f",{FIRST}")
