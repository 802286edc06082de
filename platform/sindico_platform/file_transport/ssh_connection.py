"""An SSH connection over a socket that the egress guard made, to a server whose key is known."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncssh

from sindico_platform.connection_tests.schemas import Mistake, Stage
from sindico_platform.connection_tests.walk import Watch
from sindico_platform.egress import EgressGuard
from sindico_platform.egress.hosts import normalise_host
from sindico_platform.errors import OutsideError
from sindico_platform.file_transport import errors
from sindico_platform.file_transport.names import visible
from sindico_platform.file_transport.schemas import FileServerSettings
from sindico_platform.file_transport.ssh_keys import (
    fingerprint_of,
    is_same_key,
    preferred_algorithms,
    read_private_key,
)
from sindico_platform.tasks import cancel_all

_GREETING_BYTES = 1024
_PARTIAL_SECONDS = 0.05
_FTP_GREETING = re.compile(r"\d{3}[ -]")
_PASSWORDS, _KEYS = "password", "publickey"


@asynccontextmanager
async def open_ssh(
    guard: EgressGuard, settings: FileServerSettings, watch: Watch
) -> AsyncIterator[asyncssh.SSHClientConnection]:
    """Connect, recognise the server and sign in. Nothing is sent to a server not recognised."""
    sock = await guard.connect_socket(
        settings.host, settings.port, timeout_seconds=settings.connect_seconds, watch=watch
    )
    try:
        with watch.stage(Stage.GREETING) as seen:
            greeting = await _read_greeting(sock, settings)
            seen.note("{answer}", answer=greeting)
    except BaseException:
        sock.close()
        raise
    client, credentials = _Client(settings), _credentials_of(settings)
    connecting = asyncio.create_task(_connect(sock, client, credentials, settings))
    try:
        with watch.stage(Stage.HOST_KEY) as seen:
            fingerprint = await _fingerprint(client, connecting, settings)
            seen.note("{fingerprint}", fingerprint=fingerprint)
            _recognise(fingerprint, settings)
        with watch.stage(Stage.AUTHENTICATE) as seen:
            connection = await _signed_in(client, connecting, credentials, settings)
            seen.note("Signed in as {username}.", username=settings.username)
        async with connection:
            yield connection
    finally:
        await cancel_all([connecting])


def ssh_fault(mistake: Mistake, settings: FileServerSettings, **facts: Any) -> OutsideError:
    """The mistake with what it takes to tell it."""
    common = {
        "host": normalise_host(settings.host),
        "port": settings.port,
        "username": settings.username,
        "seconds": round(settings.answer_seconds),
    }
    return mistake.error(**{**common, **facts})


class _Client(asyncssh.SSHClient):
    """Looks at the server's key before anything is sent, and notes how it would be signed in to."""

    def __init__(self, settings: FileServerSettings) -> None:
        self._confirmed = settings.host_key
        self.shown: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.wanted: set[str] = set()
        """Methods that the server still offers after ours were tried."""

    def validate_host_public_key(
        self,
        host: str,  # noqa: ARG002 (asyncssh's signature)
        addr: str,  # noqa: ARG002 (asyncssh's signature)
        port: int,  # noqa: ARG002 (asyncssh's signature)
        key: asyncssh.SSHKey,
    ) -> bool:
        fingerprint = fingerprint_of(key)
        if not self.shown.done():
            self.shown.set_result(fingerprint)
        return self._confirmed is not None and is_same_key(self._confirmed, fingerprint)

    def public_key_auth_requested(self) -> None:
        self.wanted.add(_KEYS)

    def password_auth_requested(self) -> None:
        self.wanted.add(_PASSWORDS)


@dataclass(frozen=True, slots=True)
class _Credentials:
    key: asyncssh.SSHKey | None = None
    password: str | None = None
    fault: OutsideError | None = None
    """Why there are none; told when it is their turn."""


def _credentials_of(settings: FileServerSettings) -> _Credentials:
    password = settings.password
    if settings.private_key is None:
        return _Credentials(password=password.reveal() if password else None)
    try:
        private = read_private_key(settings.private_key, password)
    except OutsideError as fault:
        return _Credentials(fault=fault)
    if password is None or private.was_locked:  # then it is no password of the server's
        return _Credentials(key=private.key)
    return _Credentials(key=private.key, password=password.reveal())


async def _connect(
    sock: socket.socket, client: _Client, credentials: _Credentials, settings: FileServerSettings
) -> asyncssh.SSHClientConnection:
    return await asyncssh.connect(
        sock=sock,
        client_factory=lambda: client,
        config=None,
        known_hosts=([], [], [], [], [], [], []),  # none but what the client recognises
        server_host_key_algs=preferred_algorithms(settings.host_key),
        username=settings.username,
        password=credentials.password,
        client_keys=[credentials.key] if credentials.key else None,
        agent_path=None,
        gss_host=None,
        login_timeout=settings.answer_seconds,
    )


async def _fingerprint(
    client: _Client,
    connecting: "asyncio.Task[asyncssh.SSHClientConnection]",
    settings: FileServerSettings,
) -> str:
    """The server's key; it is shown long before we sign in."""
    first: set[asyncio.Future[Any]] = {connecting, client.shown}
    await asyncio.wait(first, timeout=settings.answer_seconds, return_when=asyncio.FIRST_COMPLETED)
    if client.shown.done():
        return client.shown.result()
    if not connecting.done():
        raise ssh_fault(errors.SILENT, settings)
    error = connecting.exception()
    if isinstance(error, asyncssh.KeyExchangeFailed):
        raise ssh_fault(errors.ALGORITHMS_DIFFER, settings, answer=visible(error.reason)) from error
    raise ssh_fault(errors.CONNECTION_LOST, settings) from error


def _recognise(fingerprint: str, settings: FileServerSettings) -> None:
    if settings.host_key is None:
        raise ssh_fault(errors.HOST_KEY_UNCONFIRMED, settings, fingerprint=fingerprint)
    if not is_same_key(settings.host_key, fingerprint):
        facts = {"fingerprint": fingerprint, "expected": settings.host_key}
        raise ssh_fault(errors.HOST_KEY_CHANGED, settings, **facts)


async def _signed_in(
    client: _Client,
    connecting: "asyncio.Task[asyncssh.SSHClientConnection]",
    credentials: _Credentials,
    settings: FileServerSettings,
) -> asyncssh.SSHClientConnection:
    if credentials.fault is not None:
        raise credentials.fault
    try:
        return await connecting
    except asyncssh.PermissionDenied as error:
        raise _refusal(client, credentials, settings, error.reason) from error
    except asyncssh.DisconnectError as error:
        if error.code == asyncssh.DISC_TOO_MANY_CONNECTIONS:
            answer = visible(error.reason)
            raise ssh_fault(errors.SERVER_BUSY, settings, answer=answer) from error
        raise ssh_fault(errors.CONNECTION_LOST, settings) from error
    except (OSError, asyncssh.Error) as error:
        raise ssh_fault(errors.CONNECTION_LOST, settings) from error


def _refusal(
    client: _Client, credentials: _Credentials, settings: FileServerSettings, reason: str
) -> OutsideError:
    methods = ", ".join(sorted(client.wanted))
    if client.wanted == {_KEYS} and credentials.key is None:
        return ssh_fault(errors.KEY_NEEDED, settings, methods=methods)
    if client.wanted == {_PASSWORDS} and credentials.password is None:
        return ssh_fault(errors.PASSWORD_NEEDED, settings, methods=methods)
    if credentials.key is not None and credentials.password is None:
        return ssh_fault(errors.KEY_REFUSED, settings)
    return ssh_fault(errors.PASSWORD_REFUSED, settings, answer=visible(reason))


async def _read_greeting(sock: socket.socket, settings: FileServerSettings) -> str:
    """The server's first line, left in place for the protocol itself."""
    try:
        async with asyncio.timeout(settings.answer_seconds):
            lines = await _peek_lines(sock)
    except TimeoutError as error:
        raise ssh_fault(errors.NO_GREETING, settings) from error
    except OSError as error:
        raise ssh_fault(errors.CONNECTION_LOST, settings) from error
    for line in lines:  # a server may say something else before
        if line.startswith("SSH-"):
            return visible(line)
    if "SMTP" in lines[0].upper():
        mistake = errors.MAIL_SERVER
    else:
        mistake = errors.FTP_ON_SFTP_PORT if _FTP_GREETING.match(lines[0]) else errors.NOT_SSH
    raise ssh_fault(mistake, settings, answer=visible(lines[0]))


async def _peek_lines(sock: socket.socket) -> list[str]:
    """At least one whole line, or as much as comes before the end."""
    loop = asyncio.get_running_loop()
    seen = b""
    while True:
        readable = asyncio.Event()
        loop.add_reader(sock, readable.set)
        try:
            await readable.wait()
        finally:
            loop.remove_reader(sock)
        now = sock.recv(_GREETING_BYTES, socket.MSG_PEEK)
        if not now:
            raise ConnectionResetError
        if b"\n" in now or len(now) == _GREETING_BYTES:
            return now.decode(errors="replace").splitlines()
        if now == seen:  # what is there stays readable, so that waiting for it ends at once
            await asyncio.sleep(_PARTIAL_SECONDS)
        seen = now
