"""A stack of real processes, started as a person would."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from sindico_platform.embedded.ports import claim_port
from tests.processes import DEADLINE_SECONDS, wait_until


@dataclass(frozen=True, kw_only=True)
class RunningStack:
    process: subprocess.Popen[str]
    data_dir: Path
    url: str

    def is_ready(self) -> bool:
        try:
            answer = httpx.get(f"{self.url}/health/ready", timeout=20)
        except httpx.HTTPError:
            return False
        return answer.status_code == 200 and answer.json()["redis"]

    def children(self) -> dict[str, psutil.Process]:
        """The launcher's own living children by name, such as postgres, valkey and api."""
        children = psutil.Process(self.process.pid).children()
        return {name_of(child): child for child in children}


def name_of(process: psutil.Process) -> str:
    try:
        command = process.cmdline()
    except (psutil.ZombieProcess, psutil.NoSuchProcess):
        return "gone"
    if "sindico_api.cli.main" in command:
        return command[command.index("sindico_api.cli.main") + 1]
    # Valkey writes its address behind its name.
    return Path(command[0]).name.split("-server")[0] if command else "starting"


def bare_environ(**more: str) -> dict[str, str]:
    """The environment without settings of ours, but for the binaries to use."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("SINDICO_")}
    if binaries := os.environ.get("SINDICO_PG_BIN"):
        kept["SINDICO_PG_BIN"] = binaries
    return kept | more


def launch(data_dir: Path, *options: str, port: int, **environ: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*sindico("up"), "--port", str(port), "--data-dir", str(data_dir), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=bare_environ(**environ),
    )


def sindico(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "sindico_api.cli.main", *arguments]


def start_stack(data_dir: Path, *options: str, **environ: str) -> RunningStack:
    data_dir.mkdir(exist_ok=True)
    port = claim_port(data_dir / "test-port")
    process = launch(data_dir, *options, port=port, **environ)
    assert process.stdout is not None
    line = process.stdout.readline()
    if line != f"ready http://127.0.0.1:{port}\n":
        process.kill()
        pytest.fail(f"the stack said {line!r}: {process.communicate()[1]}")
    return RunningStack(process=process, data_dir=data_dir, url=f"http://127.0.0.1:{port}")


def stop_stack(stack: RunningStack) -> tuple[str, str]:
    """Stop it as Ctrl-C does, and give what it wrote after the ready line."""
    stack.process.terminate()
    return stack.process.communicate(timeout=DEADLINE_SECONDS)


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """One stack for all tests of this folder; what they do to it must heal."""
    running = start_stack(tmp_path_factory.mktemp("stack"))
    yield running
    stop_stack(running)


@pytest.fixture
def ready_stack(stack: RunningStack) -> RunningStack:
    wait_until(stack.is_ready)
    return stack
