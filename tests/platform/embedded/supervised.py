"""A launcher with two children for the supervisor's tests: ``supervised.py DIRECTORY [fail]``."""

import os
import sys
from pathlib import Path

from sindico_platform.embedded import ChildSpec, EmbeddedError, Supervisor

BODY = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {BODY}"


def spec(name: str, directory: Path, body: str) -> ChildSpec:
    log_file = directory / f"{name}.log"
    return ChildSpec(
        name=name,
        argv=(sys.executable, "-c", body),
        log_file=log_file,
        environ=dict(os.environ),
        is_ready=lambda pid: str(pid) in log_file.read_text().split(),
        stop_seconds=0.3,
    )


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def fail() -> None:
    raise EmbeddedError("what ran beside has failed")


def main(directory: Path, beside: str = "") -> None:
    with Supervisor(notify=say, adopt_orphans=True) as supervisor:
        wait_ready = supervisor.begin(spec("obedient", directory, BODY))
        supervisor.start(spec("stubborn", directory, STUBBORN))
        wait_ready()
        say("started")
        supervisor.watch(beside=fail if beside else None)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
