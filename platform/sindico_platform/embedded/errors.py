"""What can go wrong with the embedded services; each message says what to do."""

from pathlib import Path


class EmbeddedError(Exception):
    """An embedded service cannot be found, started or kept."""


class BinariesNotFound(EmbeddedError):
    """No usable binaries of a service are on this machine."""


class DataDirInUse(EmbeddedError):
    """Another process holds the data directory."""

    def __init__(self, directory: Path, *, pid: int | None) -> None:
        holder = f"process {pid}" if pid else "another process"
        super().__init__(
            f"{directory} is in use by {holder}. Stop it, or choose another data directory."
        )
        self.directory, self.pid = directory, pid


class ChildFailed(EmbeddedError):
    """A child process died or stayed unready while it was being started."""

    def __init__(self, name: str, reason: str, *, log_tail: str) -> None:
        super().__init__(
            f"{name} {reason}." + (f" Its last words:\n{log_tail}" if log_tail else "")
        )
        self.name = name
