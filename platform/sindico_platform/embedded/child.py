"""One child process: started, watched, stopped with all it started itself."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sindico_platform.embedded.errors import ChildFailed
from sindico_platform.embedded.identity import Identity, wrap

POLL_SECONDS = 0.02
LOG_TAIL_BYTES = 4000
LOG_LIMIT_BYTES = 50_000_000


@dataclass(frozen=True, kw_only=True)
class ChildSpec:
    """How to start one process, to know that it is ready, and to stop it."""

    name: str
    argv: tuple[str, ...]
    log_file: Path
    environ: Mapping[str, str] = field(repr=False)
    """The whole environment of the child; nothing is inherited."""
    is_ready: Callable[[int], bool] = lambda _pid: True
    """Given the process id, whether the service answers. Must be quick and must not raise."""
    before_start: Callable[[], None] = lambda: None
    """Clears away what a killed predecessor left; called before every start."""
    identity: Identity = Identity.SELF
    directory: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 5
    ready_seconds: float = 60


class Child:
    """A process made from a spec; it can be started again after it ended."""

    def __init__(self, spec: ChildSpec) -> None:
        self.spec = spec
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the process without waiting for it to be ready.

        Call it from a thread that lives on (the main one): the death signal follows the thread.
        """
        spec = self.spec
        spec.before_start()
        trim_log(spec.log_file)
        command = wrap(spec.argv, identity=spec.identity, death_signal=spec.stop_signal)
        with spec.log_file.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - a list, no shell
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=dict(spec.environ),
                cwd=spec.directory or "/",
                start_new_session=True,
            )

    def wait_ready(self) -> None:
        """Wait until the service answers.

        Raises:
            ChildFailed: it ended, or did not answer in time; it is stopped then.
        """
        deadline = time.monotonic() + self.spec.ready_seconds
        while not self.is_ready():
            if (code := self.ended()) is not None:
                raise self._failure(f"ended with {describe_exit(code)}")
            if time.monotonic() > deadline:
                self.stop()
                raise self._failure(f"was not ready after {self.spec.ready_seconds:g} s")
            time.sleep(POLL_SECONDS)

    def is_ready(self) -> bool:
        return self._process is not None and self.spec.is_ready(self._process.pid)

    def ended(self) -> int | None:
        """The exit code of an ended process, negative for a signal; `None` while it runs."""
        process = self._process
        if process is None or not _has_ended(process):
            return None
        # Before it is reaped, so that the group's id cannot be somebody else's yet.
        self._signal_group(signal.SIGKILL)
        code = process.wait()
        self._process = None
        return code

    def stop(self, *, hurry: Callable[[], bool] = lambda: False) -> None:
        """Ask the process to stop, insist after ``stop_seconds``, and wait for its end.

        Args:
            hurry: asked again and again; once true, the process is ended at once.
        """
        if self._process is None:
            return
        self._process.send_signal(self.spec.stop_signal)
        deadline = time.monotonic() + self.spec.stop_seconds
        while self.ended() is None and self._process is not None:
            if hurry() or time.monotonic() > deadline:
                self.kill()
                return
            time.sleep(POLL_SECONDS)

    def kill(self) -> None:
        """End the process and its group at once."""
        if self._process is not None:
            self._signal_group(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def _signal_group(self, number: signal.Signals) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)

    def _failure(self, reason: str) -> ChildFailed:
        return ChildFailed(self.spec.name, reason, log_tail=read_tail(self.spec.log_file))


def describe_exit(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    return f"signal {signal.Signals(-code).name}"


def read_tail(path: Path) -> str:
    """Read the last lines of a log, at most ``LOG_TAIL_BYTES``."""
    if not path.exists():
        return ""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - LOG_TAIL_BYTES))
        return file.read().decode(errors="replace").strip()


def trim_log(path: Path) -> None:
    """Keep one older log beside a log that has grown past its limit.

    The file is emptied in place: its writer appends, and so goes on at the start.
    """
    if path.exists() and path.stat().st_size > LOG_LIMIT_BYTES:
        with path.open("rb") as source, path.with_suffix(".1.log").open("wb") as older:
            while chunk := source.read(1 << 20):
                older.write(chunk)
        os.truncate(path, 0)


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Look without reaping."""
    options = os.WEXITED | os.WNOHANG | os.WNOWAIT
    try:
        return os.waitid(os.P_PID, process.pid, options) is not None
    except ChildProcessError:
        return True
