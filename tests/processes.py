"""What tests of real processes share."""

import os
import time
from collections.abc import Callable
from pathlib import Path

DEADLINE_SECONDS = 90
PAUSE_SECONDS = 0.02


def wait_until(
    condition: Callable[[], bool],
    *,
    seconds: float = DEADLINE_SECONDS,
    pause_seconds: float = PAUSE_SECONDS,
) -> None:
    """Poll until the condition holds; fail when it has not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(pause_seconds)


def is_running(pid: int) -> bool:
    """Whether the process exists and is more than a corpse nobody has collected."""
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self").exists():
        try:
            return stat.read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
        except (FileNotFoundError, ProcessLookupError):
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
