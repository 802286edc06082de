"""Opening a conversation with a mail server, up to where one may sign in."""

import asyncio
import socket
import ssl
from dataclasses import dataclass

import aiosmtplib
from aiosmtplib.protocol import SMTPProtocol

from sindico_platform.connection_tests.schemas import Stage
from sindico_platform.connection_tests.walk import UNWATCHED, Seen, Watch
from sindico_platform.egress import CheckedHost
from sindico_platform.egress import errors as egress
from sindico_platform.egress.guard import connect_checked, open_streams
from sindico_platform.egress.tls import note_shown_certificate, note_tls, unverified_context
from sindico_platform.errors import OutsideError
from sindico_platform.mail_transport import errors
from sindico_platform.mail_transport.connection import told_apart
from sindico_platform.mail_transport.replies import Reply
from sindico_platform.mail_transport.schemas import MailServer, Security
from sindico_platform.tasks import cancel_all

_READY = 220
_SILENCE_SECONDS = 2
"""After so long without a greeting a test tries whether the server waits for TLS."""
_PROBE_SECONDS = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Door:
    """A server whose addresses have passed the guard, and how we present ourselves."""

    checked: CheckedHost
    server: MailServer
    own_name: str

    @property
    def facts(self) -> dict[str, object]:
        return {"host": self.checked.host, "port": self.checked.port}


async def open_smtp(door: Door, tls: ssl.SSLContext, watch: Watch) -> aiosmtplib.SMTP:
    """Connect, be greeted and encrypt as the server's settings say.

    Raises:
        Transient, Terminal: see `errors` here and in `sindico_platform.egress`.
    """
    seconds = door.server.timeout_seconds
    sock = await connect_checked(door.checked, timeout_seconds=seconds, watch=watch)
    smtp = aiosmtplib.SMTP(
        hostname=door.checked.host,
        local_hostname=door.own_name,
        timeout=seconds,
        tls_context=tls,
    )
    try:
        await _Opening(smtp, door, watch).converse(sock)
    except BaseException:
        hang_up(smtp)
        if smtp.loop is None:  # no transport has taken the socket
            sock.close()
        raise
    return smtp


def hang_up(smtp: aiosmtplib.SMTP) -> None:
    """End a conversation without a goodbye."""
    if isinstance(smtp.transport, asyncio.WriteTransport):
        smtp.transport.abort()
    smtp.close()


@dataclass(frozen=True, slots=True)
class _Opening:
    smtp: aiosmtplib.SMTP
    door: Door
    watch: Watch

    async def converse(self, sock: socket.socket) -> None:
        security = self.door.server.security
        if security is Security.SSL:
            with self.watch.stage(Stage.TLS) as seen:
                await self._begin_encrypted(sock, seen)
        else:
            await self._begin(sock, None)
        with self.watch.stage(Stage.GREETING) as seen:
            await self._be_greeted(seen)
        if security is Security.TLS:
            with self.watch.stage(Stage.TLS) as seen:
                await self._start_tls(seen)
        elif security is Security.NONE:
            self.watch.skip(Stage.TLS, "Without a secure connection, as the settings say.")

    async def _begin(self, sock: socket.socket, tls: ssl.SSLContext | None) -> None:
        """What `SMTP.connect` does over a socket, without waiting for the greeting yet."""
        smtp, loop = self.smtp, asyncio.get_running_loop()
        protocol = SMTPProtocol(loop=loop, connection_lost_callback=lambda _: smtp.close())
        transport, _ = await loop.create_connection(
            lambda: protocol, sock=sock, ssl=tls, server_hostname=smtp.hostname if tls else None
        )
        smtp.loop, smtp.protocol, smtp.transport = loop, protocol, transport

    async def _begin_encrypted(self, sock: socket.socket, seen: Seen) -> None:
        try:
            async with asyncio.timeout(self.door.server.timeout_seconds):
                await self._begin(sock, self.smtp.tls_context)
        except TimeoutError as error:
            raise self._tls_timed_out() from error
        except OSError as error:
            raise await self._explained(error, seen) from error
        note_tls(seen, self.smtp.get_transport_info("ssl_object"))

    async def _be_greeted(self, seen: Seen) -> None:
        with told_apart(Stage.GREETING, self.door.server):
            banner = await self._read_greeting()
            seen.note("{banner}", banner=str(Reply(_READY, banner)))
            try:
                await self.smtp.ehlo()
            except aiosmtplib.SMTPHeloError:
                await self.smtp.helo()

    async def _read_greeting(self) -> str:
        protocol, seconds = self.smtp.protocol, self.door.server.timeout_seconds
        if protocol is None:
            raise errors.DISCONNECTED.error(**self.door.facts)
        waiting = asyncio.create_task(protocol.read_response(timeout=seconds))
        try:
            await asyncio.wait({waiting}, timeout=min(_SILENCE_SECONDS, seconds))
            if not waiting.done() and self._may_probe:
                await self._refuse_tls_port(waiting)
            response = await waiting
        except TimeoutError as error:
            facts = self.door.facts
            raise errors.GREETING_TIMED_OUT.error(**facts, seconds=round(seconds)) from error
        finally:
            await cancel_all([waiting])
        if response.code != _READY:
            raise aiosmtplib.SMTPConnectResponseError(response.code, response.message)
        return response.message

    @property
    def _may_probe(self) -> bool:
        """Only where somebody wants to know why, and TLS has not begun yet."""
        return self.watch is not UNWATCHED and self.door.server.security is not Security.SSL

    async def _refuse_tls_port(self, waiting: asyncio.Task[aiosmtplib.SMTPResponse]) -> None:
        """A silent server may be one that waits for TLS: try, on a connection of its own."""
        checked = self.door.checked
        seconds = min(_PROBE_SECONDS, self.door.server.timeout_seconds)
        try:
            sock = await connect_checked(checked, timeout_seconds=seconds)
            _, writer = await open_streams(
                sock,
                checked.host,
                checked.port,
                tls=unverified_context(),
                timeout_seconds=seconds,
            )
        except OutsideError:
            return
        writer.transport.abort()
        if not waiting.done():
            raise errors.TLS_EXPECTED.error(**self.door.facts)

    async def _start_tls(self, seen: Seen) -> None:
        smtp = self.smtp
        if not smtp.supports_extension("starttls"):
            raise errors.STARTTLS_NOT_OFFERED.error(**self.door.facts)
        with told_apart(Stage.TLS, self.door.server):
            try:
                await smtp.starttls(server_hostname=self.door.checked.host)
            except TimeoutError as error:
                raise self._tls_timed_out() from error
            except OSError as error:
                raise await self._explained(error, seen) from error
            note_tls(seen, smtp.get_transport_info("ssl_object"))
            await smtp.ehlo()  # what was offered in the clear counts no longer

    async def _explained(self, error: OSError, seen: Seen) -> OutsideError:
        """What a failed handshake means; who watches also sees the certificate that was shown."""
        checked = self.door.checked
        fault = egress.connection_failed(checked.host, checked.port, error)
        if fault.code == egress.NOT_TLS.code:
            return errors.SSL_ON_PLAIN_PORT.error(**self.door.facts)
        if isinstance(error, ssl.SSLCertVerificationError) and self.watch is not UNWATCHED:
            await self._look_at_certificate(seen)
        return fault

    async def _look_at_certificate(self, seen: Seen) -> None:
        """Connect once more without verifying, see who the server says it is, and hang up."""
        try:
            smtp = await open_smtp(self.door, unverified_context(), UNWATCHED)
        except OutsideError:
            return
        note_shown_certificate(seen, smtp.get_transport_info("ssl_object"))
        hang_up(smtp)

    def _tls_timed_out(self) -> OutsideError:
        seconds = round(self.door.server.timeout_seconds)
        return egress.TLS_TIMED_OUT.error(**self.door.facts, seconds=seconds)
