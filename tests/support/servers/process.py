"""Starting and stopping one server process of a test session."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.processes import wait_until

STOP_SECONDS = 10


@contextmanager
def run_server(command: Sequence[str], *, log_file: Path, port: int) -> Iterator[int]:
    """Run a server in the foreground from when it takes connections until the block ends.

    Gives its process id; a server that a test has killed is nothing to stop.
    """
    with log_file.open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        wait_until(lambda: _accepts(process, port, log_file))
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def kill_all(process_id: int) -> None:
    """Kill a server and every process it has forked, as a power cut would."""
    for each in [process_id, *_descendants(process_id)]:
        with suppress(ProcessLookupError):
            os.kill(each, signal.SIGKILL)


def _descendants(process_id: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found, unseen = [], [process_id]
    while unseen:
        below = children.get(unseen.pop(), [])
        found += below
        unseen += below
    return found


def _accepts(process: subprocess.Popen[bytes], port: int, log_file: Path) -> bool:
    assert process.poll() is None, log_file.read_text()
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False
