"""Private files and the lock of a data directory."""

import fcntl
import os
import secrets
from pathlib import Path

from sindico_platform.embedded.errors import DataDirInUse


def make_directory(path: Path) -> None:
    """Make a directory that others can pass but not list; an existing one stays as it is."""
    path.mkdir(mode=0o711, parents=True, exist_ok=True)


def write_private(path: Path, text: str) -> None:
    """Write a file only its owner can read, whole or not at all."""
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def ensure_password(path: Path) -> str:
    """Read the password kept in `path`, made at the first call."""
    if not path.exists():
        write_private(path, secrets.token_urlsafe(32))
    return path.read_text().strip()


class DirectoryLock:
    """One process at a time per data directory; the system lets go when the process dies."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock.

        Raises:
            DataDirInUse: naming the process that holds it.
        """
        make_directory(self.directory)
        descriptor = os.open(self.directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 20).strip()
            os.close(descriptor)
            raise DataDirInUse(self.directory, pid=int(holder or 0) or None) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, b"%d\n" % os.getpid())
        self._descriptor = descriptor

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
