"""Starting and stopping one server process of a test session."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.processes import wait_until

STOP_SECONDS = 10


@contextmanager
def run_server(command: Sequence[str], *, log_file: Path, port: int) -> Iterator[None]:
    """Run a server in the foreground from when it takes connections until the block ends."""
    with log_file.open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        wait_until(lambda: _accepts(process, port, log_file))
        yield
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _accepts(process: subprocess.Popen[bytes], port: int, log_file: Path) -> bool:
    assert process.poll() is None, log_file.read_text()
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False
