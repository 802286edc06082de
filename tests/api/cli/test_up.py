"""`sindico up` as a person runs it."""

import json
import signal
from pathlib import Path

import httpx
import psutil
import pytest

from sindico_api.cli.stack import Stack
from sindico_platform.embedded import EmbeddedPostgres, EmbeddedValkey
from sindico_platform.embedded.ports import claim_port
from tests.api.cli.conftest import RunningStack, launch, start_stack, stop_stack
from tests.processes import DEADLINE_SECONDS, is_running, wait_until

pytestmark = pytest.mark.stack


def descendants(stack: RunningStack) -> list[int]:
    return [child.pid for child in psutil.Process(stack.process.pid).children(recursive=True)]


@pytest.mark.parametrize("name", ["postgres", "valkey", "api", "worker", "clock"])
def test_what_is_killed_comes_back(ready_stack: RunningStack, name: str) -> None:
    victim = ready_stack.children()[name]

    victim.kill()

    wait_until(lambda: ready_stack.children().get(name, victim).pid != victim.pid)
    wait_until(ready_stack.is_ready)


def test_a_second_start_is_refused_and_names_the_first(
    ready_stack: RunningStack, tmp_path: Path
) -> None:
    second = launch(ready_stack.data_dir, port=claim_port(tmp_path / "port"))

    said = second.communicate(timeout=DEADLINE_SECONDS)

    assert second.returncode == 1
    assert said[0] == ""
    assert f"in use by process {ready_stack.process.pid}" in said[1]


def test_a_taken_port_is_said_before_anything_is_started(
    ready_stack: RunningStack, tmp_path: Path
) -> None:
    port = httpx.URL(ready_stack.url).port or 0
    second = launch(tmp_path / "other", port=port)

    said = second.communicate(timeout=DEADLINE_SECONDS)

    assert second.returncode == 1
    assert f"Port {port} on 127.0.0.1 is taken" in said[1]
    assert not (tmp_path / "other" / "postgres").exists()


def test_the_secrets_of_a_stack_are_private(ready_stack: RunningStack) -> None:
    for name in ("keys", "roles.json", "postgres/password", "valkey/password"):
        assert (ready_stack.data_dir / name).stat().st_mode & 0o777 == 0o600


def test_no_serving_process_holds_the_owners_password(ready_stack: RunningStack) -> None:
    owner = json.loads((ready_stack.data_dir / "roles.json").read_text())["sindico_owner"]

    environ = ready_stack.children()["api"].environ()

    assert not any(owner in value for value in environ.values())


def test_neither_kill_nor_ctrl_c_leaves_a_process_and_both_keep_the_data(tmp_path: Path) -> None:
    killed = start_stack(tmp_path / "data")
    keys = (killed.data_dir / "keys").read_text()
    pids = descendants(killed)
    killed.process.kill()
    killed.process.communicate(timeout=DEADLINE_SECONDS)
    wait_until(lambda: not any(is_running(pid) for pid in pids))

    again = start_stack(killed.data_dir)
    pids = descendants(again)
    again.process.send_signal(signal.SIGINT)
    written = again.process.communicate(timeout=DEADLINE_SECONDS)[0]

    assert (again.process.returncode, written) == (0, "")
    assert not any(is_running(pid) for pid in pids)
    assert (killed.data_dir / "keys").read_text() == keys


def test_servers_that_are_given_are_used_and_no_own_ones_started(tmp_path: Path) -> None:
    with (
        EmbeddedPostgres(tmp_path / "pg", durable=False) as postgres,
        EmbeddedValkey(tmp_path / "valkey", durable=False) as valkey,
    ):
        stack = start_stack(
            tmp_path / "data",
            SINDICO_DATABASE_URL=postgres.admin_url,
            SINDICO_REDIS_URL=valkey.url,
        )
        names = set(stack.children())
        stop_stack(stack)

    assert "api" in names
    assert not names & {"postgres", "valkey"}


def test_an_interrupted_start_stops_what_it_started(tmp_path: Path) -> None:
    process = launch(tmp_path / "data", port=claim_port(tmp_path / "port"))
    assert process.stderr is not None
    while "valkey" not in process.stderr.readline():
        assert process.poll() is None
    pids = [child.pid for child in psutil.Process(process.pid).children(recursive=True)]

    process.send_signal(signal.SIGINT)
    process.communicate(timeout=DEADLINE_SECONDS)

    assert pids
    assert not any(is_running(pid) for pid in pids)


def test_other_commands_on_the_directory_find_how_the_stack_was_started(
    ready_stack: RunningStack,
) -> None:
    found = Stack(ready_stack.data_dir, environ={}).settings()

    assert found.public_url == ready_stack.url
    assert not found.demo
