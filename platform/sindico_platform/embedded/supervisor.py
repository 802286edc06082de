"""Keep a set of processes alive, and stop all of them together."""

import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import Any, NoReturn, Self

from sindico_platform.embedded.child import Child, ChildSpec, describe_exit, trim_log

TICK_SECONDS = 0.1
TRIM_SECONDS = 60
FIRST_DELAY_SECONDS = 0.1
LONGEST_DELAY_SECONDS = 10
STEADY_SECONDS = 30
"""After so long a life, the next death counts as the first again."""
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
PR_SET_CHILD_SUBREAPER = 36


@dataclass
class _Kept:
    child: Child
    started_at: float
    delay_seconds: float = FIRST_DELAY_SECONDS
    restart_at: float | None = None
    ready: bool = True


class Supervisor:
    """Starts children in order, restarts what dies, stops all in reverse order.

    A context manager for the main thread: SIGINT or SIGTERM ends its block, at whatever point, and
    the program goes on after it, all children stopped. A second signal while they are stopping ends
    every child at once.

    Args:
        notify: told in one English sentence what happened to which child.
        adopt_orphans: also be the parent of grandchildren whose parent was killed, and collect
            their corpses. Only for a process that starts no other children.
    """

    def __init__(self, *, notify: Callable[[str], None], adopt_orphans: bool = False) -> None:
        self._notify, self._adopts = notify, adopt_orphans
        self._kept: list[_Kept] = []
        self._previous: dict[signal.Signals, Any] = {}
        self._hurry = False
        self._trim_at = 0.0

    def __enter__(self) -> Self:
        if self._adopts:
            _adopt_orphans()
        for number in STOP_SIGNALS:
            self._previous[number] = signal.signal(number, _interrupt)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        for number in STOP_SIGNALS:
            signal.signal(number, self._stop_harder)
        self._notify("stopping")
        try:
            self._stop_all()
        finally:
            for number, handler in self._previous.items():
                signal.signal(number, handler)
        return kind is KeyboardInterrupt

    def start(self, *specs: ChildSpec) -> None:
        """Start children side by side and wait until all are ready; then they are kept alive.

        Raises:
            ChildFailed: one ended or stayed unready.
        """
        self.begin(*specs)()

    def begin(self, *specs: ChildSpec) -> Callable[[], None]:
        """Start children side by side and return; they are stopped with the others.

        Returns:
            What waits until all of them are ready and raises `ChildFailed` like `start`; to be
            called before `watch`.
        """
        begun = [_Kept(child=Child(spec), started_at=time.monotonic()) for spec in specs]
        for kept in begun:
            self._kept.append(kept)
            kept.child.start()

        def wait_ready() -> None:
            for kept in begun:
                kept.child.wait_ready()

        return wait_ready

    def watch(self, *, beside: Callable[[], None] | None = None) -> NoReturn:
        """Keep the children alive until a signal ends the block.

        Args:
            beside: runs meanwhile in a thread of its own; what it raises ends the block too.
        """
        faults: list[BaseException] = []
        if beside:
            threading.Thread(target=_run_noting, args=(beside, faults), daemon=True).start()
        while not faults:
            self.tick()
            time.sleep(TICK_SECONDS)
        raise faults[0]

    def tick(self) -> None:
        """Look after every child once."""
        now = time.monotonic()
        for kept in self._kept:
            self._look_after(kept, now)
        self._reap_orphans()
        if now >= self._trim_at:
            self._trim_at = now + TRIM_SECONDS
            for kept in self._kept:
                trim_log(kept.child.spec.log_file)

    def _look_after(self, kept: _Kept, now: float) -> None:
        if kept.restart_at is not None:
            if now >= kept.restart_at:
                self._restart(kept, now)
        elif (code := kept.child.ended()) is not None:
            self._plan_restart(kept, now, f"ended with {describe_exit(code)}")
        elif not kept.ready:
            self._look_at_readiness(kept, now)

    def _plan_restart(self, kept: _Kept, now: float, reason: str) -> None:
        if kept.ready and now - kept.started_at > STEADY_SECONDS:
            kept.delay_seconds = FIRST_DELAY_SECONDS
        kept.restart_at, kept.ready = now + kept.delay_seconds, False
        delay = f"starting it again in {kept.delay_seconds:g} s"
        self._notify(f"{kept.child.spec.name} {reason}; {delay}")
        kept.delay_seconds = min(kept.delay_seconds * 2, LONGEST_DELAY_SECONDS)

    def _restart(self, kept: _Kept, now: float) -> None:
        kept.restart_at, kept.started_at = None, now
        try:
            kept.child.start()
        except OSError as error:
            self._plan_restart(kept, now, f"could not be started ({error})")

    def _look_at_readiness(self, kept: _Kept, now: float) -> None:
        if kept.child.is_ready():
            kept.ready = True
            self._notify(f"{kept.child.spec.name} is back")
        elif now - kept.started_at > kept.child.spec.ready_seconds:
            kept.child.stop()
            self._plan_restart(kept, now, "did not become ready")

    def _reap_orphans(self) -> None:
        """Collect the corpses of grandchildren whose parent was killed."""
        ours = {kept.child.pid for kept in self._kept}
        options = os.WEXITED | os.WNOHANG | os.WNOWAIT
        while self._adopts:
            try:
                found = os.waitid(os.P_ALL, 0, options)
            except ChildProcessError:
                return
            if found is None or found.si_pid in ours:
                return
            os.waitpid(found.si_pid, 0)

    def _stop_all(self) -> None:
        while self._kept:
            child = self._kept[-1].child
            if self._hurry:
                child.kill()
            else:
                child.stop(hurry=lambda: self._hurry)
            self._kept.pop()
        self._reap_orphans()

    def _stop_harder(self, _number: int, _frame: FrameType | None) -> None:
        self._hurry = True


def _run_noting(action: Callable[[], None], faults: list[BaseException]) -> None:
    try:
        action()
    except BaseException as error:  # noqa: BLE001 - raised again in the main thread
        faults.append(error)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _adopt_orphans() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
