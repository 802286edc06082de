"""The command line beside a demonstration that runs, and on its data after it was stopped."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from sindico_api.demo.record import read_record
from tests.api.cli.conftest import bare_environ, sindico, start_stack, stop_stack
from tests.stack.conftest import Demo, Person

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
TEST = "/api/v1/service-properties/crm/integration_mega/test"


def run(data_dir: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command of `sindico` as a person types it."""
    return subprocess.run(
        [*sindico(*arguments), "--data-dir", str(data_dir)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=bare_environ(),
    )


def test_a_load_is_started_and_followed_to_its_end(demo: Demo) -> None:
    tables = ("--table", "empresa_propria", "--table", "filial")

    followed = run(demo.stack.data_dir, "load", "start", "freemium", *tables, "--follow", "--json")

    assert followed.returncode == 0, followed.stderr
    told = [json.loads(line) for line in followed.stdout.splitlines()]
    assert len({load["id"] for load in told}) == 1
    assert told[-1]["status"] == "succeeded"
    assert {phase["status"] for phase in told[-1]["phases"]} == {"succeeded"}
    assert all(phase["received"] > 0 for phase in told[-1]["phases"])


def test_the_trails_of_a_running_stack_verify(demo: Demo) -> None:
    verified = run(demo.stack.data_dir, "audit", "verify")

    assert (verified.returncode, verified.stderr) == (0, "")
    assert verified.stdout.splitlines()[-1].endswith(" trails, 0 faults")


def test_keys_are_rotated_while_it_runs_and_while_it_is_stopped(tmp_path: Path) -> None:
    """Secrets open at any moment: the ERP is signed in to after every rotation."""
    first = start_stack(tmp_path, "--demo")
    added = rotate(tmp_path)
    early = run(tmp_path, "keys", "rotate", "--reseal-only")
    assert try_connection(first.url, tmp_path)["succeeded"]
    stop_stack(first)

    second = start_stack(tmp_path, "--demo")
    resealed = rotate(tmp_path, "--reseal-only")
    assert try_connection(second.url, tmp_path)["succeeded"]
    stop_stack(second)

    alone = rotate(tmp_path)
    dropped = run(tmp_path, "keys", "drop", added["newest"])
    waits = run(tmp_path, "load", "start", "freemium", "--follow")
    verified = run(tmp_path, "audit", "verify")
    third = start_stack(tmp_path, "--demo")
    assert try_connection(third.url, tmp_path)["succeeded"]
    stop_stack(third)

    assert (added["state"], early.returncode) == ("restart-needed", 1)
    assert (resealed["state"], resealed["newest"]) == ("rotated", added["newest"])
    assert (alone["state"], alone["unreadable"]) == ("rotated", [])
    assert alone["resealed"] > 0
    assert "The key is needed" in dropped.stderr, "the seals of the trail were made with it"
    assert "Start `sindico up` first" in waits.stderr
    assert verified.returncode == 0, verified.stdout


def rotate(data_dir: Path, *options: str) -> dict[str, Any]:
    done = run(data_dir, "keys", "rotate", "--json", *options)
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def try_connection(url: str, data_dir: Path) -> dict[str, Any]:
    """Sign in to the sandbox ERP with the sealed password of the first tenant."""
    record = read_record(data_dir)
    assert record is not None
    consultant = Person(url, record.tenant("freemium").admin)
    try:
        report: dict[str, Any] = consultant.insist("POST", TEST).raise_for_status().json()
    finally:
        consultant.close()
    return report
