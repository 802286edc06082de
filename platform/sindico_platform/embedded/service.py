"""What the embedded services have in common: a locked directory, a port and one child."""

from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from sindico_platform.embedded.child import Child, ChildSpec
from sindico_platform.embedded.files import DirectoryLock, make_directory


class EmbeddedService(ABC):
    """A service under one directory.

    Either a context manager that starts and stops it by itself, or `prepare`, a supervisor that
    runs the spec, and `release`.
    """

    name: ClassVar[str]

    def __init__(self, data_dir: Path, *, log_file: Path | None = None) -> None:
        self.data_dir = data_dir.absolute()
        self.log_file = log_file or self.data_dir / "server.log"
        self._lock = DirectoryLock(self.data_dir)
        self._child: Child | None = None

    def prepare(self) -> ChildSpec:
        """Lock the directory and make everything the process needs. Repeatable after `release`.

        Raises:
            DataDirInUse: another process holds the directory.
            EmbeddedError: binaries are missing, or the directory cannot be used.
        """
        self._lock.acquire()
        try:
            make_directory(self.log_file.parent)
            return self._make_spec()
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Let another process use the directory; the process must have been stopped."""
        self._lock.release()

    @property
    def pid(self) -> int | None:
        """Process id while the context manager runs the service."""
        return self._child.pid if self._child else None

    def __enter__(self) -> Self:
        self._child = Child(self.prepare())
        try:
            self._child.start()
            self._child.wait_ready()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop()

    def _stop(self) -> None:
        if self._child:
            self._child.stop()
            self._child = None
        self.release()

    @abstractmethod
    def _make_spec(self) -> ChildSpec: ...
