"""FTP, FTPS and SFTP servers of the tests' own, on free ports of loopback."""

import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh
import trustme
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
from pyftpdlib.ioloop import IOLoop
from pyftpdlib.servers import FTPServer

from sindico_platform.egress import EgressGuard
from sindico_platform.egress.ranges import LOOPBACK
from sindico_platform.file_transport import Connection, FileServerSettings
from sindico_platform.settings import Secret

USERNAME, PASSWORD = "ana", "p@ss wörd"
ALL_RIGHTS = "elradfmwMT"
LOCAL = "127.0.0.1"
GUARD = EgressGuard(allow=LOOPBACK)


@dataclass(frozen=True, kw_only=True, slots=True)
class RunningServer:
    """A server with one user, whose own folder is a local one."""

    connection: Connection
    port: int
    folder: Path
    host_key: str | None = None
    certificate: str | None = None

    def settings(self, **changes: Any) -> FileServerSettings:
        """What this server is reached with, but for `changes`."""
        values: dict[str, Any] = {
            "connection": self.connection,
            "host": "localhost",
            "port": self.port,
            "username": USERNAME,
            "password": Secret(PASSWORD),
            "host_key": self.host_key,
            "certificate": self.certificate,
            "connect_seconds": 5,
            "answer_seconds": 5,
        }
        return FileServerSettings(**{**values, **changes})


def settings_at(connection: Connection, port: int, **changes: Any) -> FileServerSettings:
    """What a server of the test's own making is reached with."""
    return RunningServer(connection=connection, port=port, folder=Path()).settings(**changes)


@contextmanager
def serving_ftp(
    folder: Path,
    *,
    ca: trustme.CA | None = None,
    rights: str = ALL_RIGHTS,
    address: str = LOCAL,
    **overrides: Any,
) -> Iterator[RunningServer]:
    """FTP by pyftpdlib; with `ca`, explicit TLS under a certificate for localhost.

    Args:
        rights: pyftpdlib's letters.
        address: of loopback.
        overrides: attributes of its handler, such as ``passive_ports`` or ``ftp_STOR``.
    """
    authorizer = DummyAuthorizer()
    authorizer.add_user(USERNAME, PASSWORD, str(folder), perm=rights)
    attributes = {"authorizer": authorizer, "tcp_no_delay": True, **overrides}
    base: Any = FTPHandler
    if ca is not None:
        base = TLS_FTPHandler
        certificate = folder.parent / f"{folder.name}.pem"
        ca.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(certificate))
        attributes = {"certfile": str(certificate), **attributes}
    with _running(type("Handler", (base,), attributes), address) as port:
        yield RunningServer(
            connection=Connection.FTPS if ca else Connection.FTP,
            port=port,
            folder=folder,
            certificate=ca.cert_pem.bytes().decode() if ca else None,
        )


@contextmanager
def _running(handler: Any, address: str) -> Iterator[int]:
    server = FTPServer((address, 0), handler, ioloop=IOLoop())
    stopped = threading.Event()

    def run() -> None:
        while not stopped.is_set():
            server.serve_forever(timeout=0.02, blocking=False)
        server.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield server.address[1]
    finally:
        stopped.set()
        thread.join()


@dataclass(kw_only=True)
class SshRules:
    """Whom an SFTP server lets in; tests change it."""

    passwords: dict[str, str] = field(default_factory=lambda: {USERNAME: PASSWORD})
    keys: list[asyncssh.SSHKey] = field(default_factory=list)


class _SshServer(asyncssh.SSHServer):
    def __init__(self, rules: SshRules) -> None:
        self._rules = rules

    def password_auth_supported(self) -> bool:
        return bool(self._rules.passwords)

    def validate_password(self, username: str, password: str) -> bool:
        return self._rules.passwords.get(username) == password

    def public_key_auth_supported(self) -> bool:
        return bool(self._rules.keys)

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return username == USERNAME and any(
            key.public_data == known.public_data for known in self._rules.keys
        )


@asynccontextmanager
async def serving_sftp(
    folder: Path,
    *,
    rules: SshRules | None = None,
    key: str = "ssh-ed25519",
    address: str = LOCAL,
    **options: Any,
) -> AsyncIterator[RunningServer]:
    """SFTP by asyncssh, whose root is the folder.

    Args:
        address: of loopback.
        key: kind of the server's own key.
        options: of ``asyncssh.listen``.
    """
    host_key = asyncssh.generate_private_key(key)
    chosen = rules or SshRules()

    def open_folder(channel: Any) -> asyncssh.SFTPServer:
        return asyncssh.SFTPServer(channel, chroot=str(folder).encode())

    listener = await asyncssh.listen(
        address,
        0,
        **{
            "server_factory": lambda: _SshServer(chosen),
            "server_host_keys": [host_key],
            "sftp_factory": open_folder,
            **options,
        },
    )
    try:
        yield RunningServer(
            connection=Connection.SFTP,
            port=listener.get_port(),
            folder=folder,
            host_key=f"{key} {host_key.get_fingerprint()}",
        )
    finally:
        listener.close()
        await listener.wait_closed()
