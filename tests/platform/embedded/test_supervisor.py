"""The supervisor as a real launcher with real children."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sindico_platform.embedded import ChildSpec, Supervisor
from sindico_platform.embedded.errors import ChildFailed
from tests.processes import DEADLINE_SECONDS, is_running, wait_until

pytestmark = pytest.mark.stack

DRIVER = Path(__file__).with_name("supervised.py")
NAMES = ("obedient", "stubborn")


@pytest.fixture
def launcher(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """The launcher, ready, with its children's logs in `tmp_path`."""
    command = [sys.executable, str(DRIVER), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert read_line(process) == "started"
            yield process
        finally:
            process.kill()


def read_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def pids_of(directory: Path, name: str) -> list[int]:
    return [int(pid) for pid in (directory / f"{name}.log").read_text().split()]


@pytest.mark.parametrize("name", NAMES)
def test_a_killed_child_is_started_again(
    launcher: subprocess.Popen[str], tmp_path: Path, name: str
) -> None:
    os.kill(pids_of(tmp_path, name)[0], signal.SIGKILL)

    said = [read_line(launcher), read_line(launcher)]

    assert said == [
        f"{name} ended with signal SIGKILL; starting it again in 0.1 s",
        f"{name} is back",
    ]
    assert is_running(pids_of(tmp_path, name)[1])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_every_child_even_a_stubborn_one(
    launcher: subprocess.Popen[str], tmp_path: Path, number: signal.Signals
) -> None:
    launcher.send_signal(number)

    assert launcher.wait(timeout=DEADLINE_SECONDS) == 0
    assert not any(is_running(pid) for name in NAMES for pid in pids_of(tmp_path, name))


def test_children_die_with_a_killed_launcher(
    launcher: subprocess.Popen[str], tmp_path: Path
) -> None:
    obedient = pids_of(tmp_path, "obedient")[0]
    launcher.kill()

    wait_until(lambda: not is_running(obedient))
    os.kill(pids_of(tmp_path, "stubborn")[0], signal.SIGKILL)


def test_what_fails_beside_the_watch_stops_every_child_and_is_raised(tmp_path: Path) -> None:
    command = [sys.executable, str(DRIVER), str(tmp_path), "fail"]

    ended = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=DEADLINE_SECONDS
    )

    assert ended.returncode == 1
    assert "what ran beside has failed" in ended.stderr
    assert not any(is_running(pid) for name in NAMES for pid in pids_of(tmp_path, name))


def test_the_end_of_a_begun_child_is_noticed_by_whoever_waits_for_it(tmp_path: Path) -> None:
    short = ChildSpec(
        name="short",
        argv=(sys.executable, "-c", "raise SystemExit(3)"),
        log_file=tmp_path / "short.log",
        environ={},
        is_ready=lambda _pid: False,
    )

    with Supervisor(notify=lambda _text: None) as supervisor:
        wait_ready = supervisor.begin(short)
        with pytest.raises(ChildFailed, match="short ended with exit code 3"):
            wait_ready()
