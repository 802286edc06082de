"""`sindico doctor` on a stack that runs, that rests, and that is not there."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.api.cli.conftest import RunningStack, bare_environ, sindico, start_stack, stop_stack
from tests.processes import DEADLINE_SECONDS

pytestmark = pytest.mark.stack


def run_doctor(data_dir: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        sindico("doctor", "--data-dir", str(data_dir), *options),
        capture_output=True,
        text=True,
        check=False,
        env=bare_environ(),
        timeout=DEADLINE_SECONDS,
    )


def test_a_fresh_stack_is_sound(ready_stack: RunningStack) -> None:
    said = run_doctor(ready_stack.data_dir, "--json")

    report = json.loads(said.stdout)
    assert (said.returncode, report["ok"]) == (0, True), report
    assert "isolation" in {check["name"] for check in report["checks"]}


def test_of_a_stopped_stack_the_doctor_says_so_and_looks_at_what_it_left(tmp_path: Path) -> None:
    stop_stack(start_stack(tmp_path / "data"))

    said = run_doctor(tmp_path / "data")

    assert said.returncode == 1
    assert (
        f"FAIL  stack: not running; what lies in {tmp_path / 'data'} was looked at" in said.stdout
    )
    assert "Start it: `sindico up`" in said.stdout
    assert "ok  isolation" in said.stdout
    assert said.stdout.count("FAIL") == 1
    assert "workers" not in said.stdout


def test_where_no_stack_is_the_doctor_makes_none(tmp_path: Path) -> None:
    said = run_doctor(tmp_path / "nothing")

    assert said.returncode == 1
    assert "There is no stack in" in said.stderr
    assert not (tmp_path / "nothing").exists()
