"""`make demo` to its `ready` line: on a fresh clone without downloads, and on a warm machine.

Runs on a copy of the tree in a temporary directory, so that nothing which lies beside the sources
helps. Without downloads means that uv and npm are told to be offline: what they install must be in
their caches, where the `make install` before this benchmark has put it.
"""

import asyncio
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import Figure
from benchmarks.stack import Stack
from sindico_platform.embedded.ports import claim_port

ROOT = Path(__file__).parent.parent
WARM_RUNS = 3
LONG_SECONDS = 300
TAIL = 2000


async def measure(_stack: Stack) -> list[Figure]:
    """Cold; then warm with the data there are; then warm with none."""
    with TemporaryDirectory(prefix="sindico-start-", ignore_cleanup_errors=True) as folder:
        base = Path(folder)
        copy_tree(base / "tree")
        cold = await seconds_to_ready(base, data="first")
        warm = [await seconds_to_ready(base, data="first") for _ in range(WARM_RUNS)]
        empty = [await seconds_to_ready(base, data=f"empty{run}") for run in range(WARM_RUNS)]
    return [
        Figure(name="make demo, fresh clone", value=cold, unit="s", at_most=90),
        Figure(name="make demo, warm", value=statistics.median(warm), unit="s", at_most=10),
        Figure(
            name="make demo, warm, new data", value=statistics.median(empty), unit="s", at_most=10
        ),
    ]


def copy_tree(target: Path) -> None:
    """Copy what a clone of the working tree would have."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others"]
    listed = subprocess.run([*command, "--exclude-standard"], capture_output=True, check=True)
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (source := ROOT / name).is_file():
            path = target / name
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, path)


async def seconds_to_ready(base: Path, *, data: str) -> float:
    """Run `make demo` until it says `ready`, and end it as Ctrl-C would."""
    started = time.monotonic()
    async with make_demo(base, data=data) as process:
        assert process.stdout
        async with asyncio.timeout(LONG_SECONDS):
            async for line in process.stdout:
                if line.startswith(b"ready "):
                    return time.monotonic() - started
    said = (base / "log").read_text()[-TAIL:]
    raise RuntimeError(f"make demo ended with {process.returncode}:\n{said}")


@asynccontextmanager
async def make_demo(base: Path, *, data: str) -> AsyncIterator[asyncio.subprocess.Process]:
    port = claim_port(base / "port")
    with (base / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            "make",
            "demo",
            f"UV={Path(sys.executable).with_name('uv')}",  # all that pip would have to download
            f"ARGS=--port {port} --data-dir {base / data}",
            cwd=base / "tree",
            env=offline_environ(),
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGINT)
            await process.wait()


def offline_environ() -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("SINDICO_")}
    return {**ours, "UV_OFFLINE": "1", "npm_config_offline": "true"}
