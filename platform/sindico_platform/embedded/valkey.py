"""Valkey under one directory: wake-ups and counters, kept across restarts."""

import os
import signal
import socket
from pathlib import Path

from sindico_platform.embedded.binaries import find_valkey_binary
from sindico_platform.embedded.child import ChildSpec
from sindico_platform.embedded.files import ensure_password, make_directory, write_private
from sindico_platform.embedded.identity import choose_identity, give
from sindico_platform.embedded.ports import HOST, claim_port, read_port
from sindico_platform.embedded.service import EmbeddedService

PROBE_SECONDS = 0.5


class EmbeddedValkey(EmbeddedService):
    """A Valkey server on 127.0.0.1 with a password and an append-only file.

    As a context manager it is ready when the block begins, and stopped cleanly after it.

    Args:
        data_dir: made if missing; holds the data, the password (mode 0600) and the port.
        durable: if false, keep nothing on disk; for tests.
    """

    name = "valkey"

    def __init__(
        self, data_dir: Path, *, durable: bool = True, log_file: Path | None = None
    ) -> None:
        super().__init__(data_dir, log_file=log_file)
        self._durable = durable

    @property
    def port(self) -> int:
        """The port of the present or the last start; 0 before the first."""
        return read_port(self.data_dir / "port") or 0

    @property
    def password(self) -> str:
        """Made at the first use."""
        make_directory(self.data_dir)
        return ensure_password(self.data_dir / "password")

    @property
    def url(self) -> str:
        """URL of database 0, with the password."""
        return f"redis://:{self.password}@{HOST}:{self.port}/0"

    def _make_spec(self) -> ChildSpec:
        binary = find_valkey_binary()
        identity = choose_identity((binary, "--version"), reach=self.data_dir)
        store, conf = self.data_dir / "store", self.data_dir / "valkey.conf"
        store.mkdir(mode=0o700, exist_ok=True)
        # In a file, because a command line can be read by everybody.
        write_private(conf, self._render_settings(claim_port(self.data_dir / "port"), store))
        for path in (store, conf):
            give(path, identity)
        return ChildSpec(
            name=self.name,
            argv=(str(binary), str(conf)),
            log_file=self.log_file,
            environ={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            is_ready=self._is_ready,
            identity=identity,
            stop_signal=signal.SIGTERM,
        )

    def _render_settings(self, port: int, store: Path) -> str:
        settings = {
            "bind": HOST,
            "port": port,
            "requirepass": self.password,
            "dir": f'"{store}"',
            "appendonly": "yes" if self._durable else "no",
            "appendfsync": "everysec",
            "save": '""',
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
        }
        return "".join(f"{name} {value}\n" for name, value in settings.items())

    def _is_ready(self, _pid: int) -> bool:
        try:
            with socket.create_connection((HOST, self.port), timeout=PROBE_SECONDS) as probe:
                probe.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                return _read_lines(probe, 2) == [b"+OK", b"+PONG"]
        except OSError:
            return False


def _read_lines(connection: socket.socket, count: int) -> list[bytes]:
    with connection.makefile("rb") as stream:
        return [stream.readline().rstrip() for _ in range(count)]
