"""The data connections of FTP: to the checked address and to no other, encrypted as the control."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from ipaddress import ip_address
from socket import socket
from typing import Any, TypeVar

from sindico_platform.egress.guard import CheckedHost, Streams, connect_checked, open_streams
from sindico_platform.errors import OutsideError
from sindico_platform.file_transport import errors
from sindico_platform.file_transport.ftp_control import FtpControl, Reply, wants_tls
from sindico_platform.file_transport.schemas import FileServerSettings

T = TypeVar("T")
Refusal = Callable[[Reply], OutsideError]
"""What a reply means that ends a transfer before it is done."""

_PORT_IN_227 = re.compile(r"\d+,\d+,\d+,\d+,(\d+),(\d+)")
_PORT_IN_229 = re.compile(r"\((.)\1\1(\d+)\1\)")
_MAX_PORT = 65_535
_READ_BYTES = 1 << 18
_WRITE_BUFFER_BYTES = 1 << 20
_NO_DATA_CONNECTION = 425


class Transfer:
    """One file on its way, in either direction."""

    def __init__(
        self, streams: Streams, control: FtpControl, *, seconds: float, refused: Refusal
    ) -> None:
        self._reader, self._writer = streams
        self._control, self._seconds, self._refused = control, seconds, refused
        self._is_closed = False

    async def write(self, buffer: bytes) -> None:
        self._writer.write(buffer)
        await self._told_apart(self._writer.drain())

    async def read(self) -> bytes:
        """What has come; nothing at the file's end."""
        return await self._told_apart(self._reader.read(_READ_BYTES))

    async def close(self) -> None:
        """Tell the server that this was all; it may cut TLS short, its reply says what matters."""
        self._writer.close()
        await self._told_apart(_closed(self._writer))
        self._is_closed = True

    def abort(self) -> None:
        """Hang up in the middle, unless it was closed in order."""
        if not self._is_closed:  # asyncio's transports do not bear it afterwards
            self._writer.transport.abort()

    async def _told_apart(self, step: Awaitable[T]) -> T:
        """If the data connection breaks, the control connection says why."""
        try:
            async with asyncio.timeout(self._seconds):
                return await step
        except TimeoutError as error:
            raise self._control.fault(errors.SILENT, seconds=round(self._seconds)) from error
        except OSError as error:
            raise self._refused(await self._control.reply()) from error


class FtpData:
    """Opens the connection of one file after the other."""

    def __init__(
        self, control: FtpControl, settings: FileServerSettings, tls: ssl.SSLContext | None
    ) -> None:
        self._control, self._settings, self._tls = control, settings, tls
        self._address = ip_address(control.writer.get_extra_info("peername")[0])

    @asynccontextmanager
    async def transfer(self, verb: str, path: str, *, refused: Refusal) -> AsyncIterator[Transfer]:
        """One transfer. Left in order, the server has confirmed all of it.

        Raises:
            Terminal, Transient: what `refused` makes of the reply, ``passive-ports-blocked``,
                ``data-encryption-refused``, ``file-server-silent``.
        """
        port = await self._passive_port()
        sock = await self._connect(port)
        try:
            await self._begin(verb, path, port, refused)
            streams = await self._streams(sock, port)
        except BaseException:
            sock.close()
            raise
        seconds = self._settings.answer_seconds
        transfer = Transfer(streams, self._control, seconds=seconds, refused=refused)
        try:
            yield transfer
            await transfer.close()
        finally:
            transfer.abort()
        reply = await self._control.reply()
        if not reply.is_done:
            raise self._fault_of(reply, port, refused)

    async def _begin(self, verb: str, path: str, port: int, refused: Refusal) -> None:
        reply = await self._control.command(verb, path)
        if reply.kind != 1:
            raise self._fault_of(reply, port, refused)

    async def _passive_port(self) -> int:
        """Where the server waits.

        The address it names is not believed: behind NAT it is wrong, and a hostile server would
        send us elsewhere.
        """
        if self._address.version == 4:  # noqa: PLR2004 (IP versions)
            reply = await self._control.command("PASV")
            if match := _PORT_IN_227.search(reply.text):
                return self._valid(int(match[1]) * 256 + int(match[2]), reply)
        reply = await self._control.command("EPSV")
        match = _PORT_IN_229.search(reply.text)
        return self._valid(int(match[2]) if match else 0, reply)

    def _valid(self, port: int, reply: Reply) -> int:
        if not reply.is_done or not 0 < port <= _MAX_PORT:
            raise self._control.fault(errors.DATA_BLOCKED, data_port=port, answer=reply.answer)
        return port

    async def _connect(self, port: int) -> socket:
        checked = CheckedHost(self._control.host, port, (self._address,))
        try:
            return await connect_checked(checked, timeout_seconds=self._settings.connect_seconds)
        except OutsideError as error:
            raise self._control.fault(
                errors.DATA_BLOCKED, data_port=port, answer=str(error)
            ) from error

    async def _streams(self, sock: socket, port: int) -> Streams:
        tls = self._tls and _Resuming.of(self._tls, self._control.tls)
        seconds = self._settings.answer_seconds
        try:
            reader, writer = await open_streams(
                sock, self._control.host, port, tls=tls, timeout_seconds=seconds
            )
        except OutsideError as error:
            with suppress(OutsideError):  # the server's own words tell more
                answer = (await self._control.reply()).answer
                raise self._control.fault(errors.DATA_TLS_REFUSED, answer=answer) from error
            raise self._control.fault(errors.DATA_TLS_REFUSED, answer=str(error)) from error
        writer.transport.set_write_buffer_limits(high=_WRITE_BUFFER_BYTES)
        return reader, writer

    def _fault_of(self, reply: Reply, port: int, refused: Refusal) -> OutsideError:
        if wants_tls(reply):
            return self._control.fault(errors.DATA_TLS_REFUSED, answer=reply.answer)
        if reply.code == _NO_DATA_CONNECTION:
            return self._control.fault(errors.DATA_BLOCKED, data_port=port, answer=reply.answer)
        return refused(reply)


async def _closed(writer: asyncio.StreamWriter) -> None:
    with suppress(ssl.SSLError, ConnectionError):
        await writer.wait_closed()


class _Resuming(ssl.SSLContext):
    """The control connection's context and session, for a data connection.

    Many servers accept a data connection only if it resumes the session of the control
    connection, lest somebody else slips in; asyncio has no argument for that.
    """

    _inner: ssl.SSLContext
    _session: ssl.SSLSession | None

    @classmethod
    def of(cls, context: ssl.SSLContext, control: ssl.SSLObject) -> "_Resuming":
        made = cls(ssl.PROTOCOL_TLS_CLIENT)
        made._inner, made._session = context, control.session
        return made

    def wrap_bio(self, *args: Any, **options: Any) -> ssl.SSLObject:
        return self._inner.wrap_bio(*args, **{**options, "session": self._session})
