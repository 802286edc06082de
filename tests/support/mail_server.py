"""Mail servers on loopback: aiosmtpd with scripted refusals, and one that says what it is told."""

import asyncio
import email.policy
import ssl
import warnings
from base64 import b64decode
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from email.message import EmailMessage
from typing import Any

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.support.transports import hang_up

USER, PASSWORD = "crm@cliente.com.br", "p@ss/wörd"
TOKEN = "ya29.token"


class Mailbox:
    """A mail server's handler: keeps what it takes, refuses what it is told to."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.encrypted: list[bool] = []
        self.logins: list[tuple[str, str]] = []
        self.tokens: list[str] = []
        self.connections = 0
        self.replies: dict[str, str] = {}
        """By ``AUTH``, ``MAIL``, ``RCPT`` or ``DATA``, or by a recipient's address."""
        self.before_data: Callable[[SMTP, Envelope], Awaitable[None]] | None = None

    @property
    def mails(self) -> list[EmailMessage]:
        return [
            email.message_from_bytes(_bytes(envelope), policy=email.policy.default)
            for envelope in self.envelopes
        ]

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        login, password = data.login.decode(), data.password.decode()
        self.logins.append((login, password))
        if reply := self.replies.get("AUTH"):
            return AuthResult(success=False, handled=False, message=reply)
        return AuthResult(success=(login, password) == (USER, PASSWORD), handled=False)

    async def auth_XOAUTH2(self, server: SMTP, args: list[str]) -> AuthResult:  # noqa: N802 (aiosmtpd's name)
        token = b64decode(args[1]).decode().split("Bearer ")[1].rstrip("\x01")
        self.tokens.append(token)
        if token == TOKEN:
            return AuthResult(success=True)
        await server.challenge_auth('{"status":"400"}')
        return AuthResult(success=False, handled=False, message="535 5.7.3 Token refused")

    async def handle_MAIL(  # noqa: N802 (aiosmtpd's name)
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        if reply := self.replies.get("MAIL"):
            return reply
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 (aiosmtpd's name)
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        if reply := self.replies.get("RCPT") or self.replies.get(address):
            return reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 (aiosmtpd's name)
        self, server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        if self.before_data is not None:
            await self.before_data(server, envelope)
        if reply := self.replies.get("DATA"):
            return reply
        assert server.transport is not None
        self.envelopes.append(envelope)
        self.encrypted.append(server.transport.get_extra_info("cipher") is not None)
        return f"250 2.0.0 Ok: queued as {len(self.envelopes):05d}"


@asynccontextmanager
async def serving(
    mailbox: Mailbox, *, implicit_tls: ssl.SSLContext | None = None, **options: Any
) -> AsyncIterator[int]:
    """Aiosmtpd on a free port of loopback; `options` are its own."""
    loop = asyncio.get_running_loop()
    transports: list[asyncio.BaseTransport] = []

    class Server(SMTP):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            mailbox.connections += 1
            transports.append(transport)
            super().connection_made(transport)

    def make() -> SMTP:
        with warnings.catch_warnings():  # it warns of logins without STARTTLS, our implicit TLS
            warnings.simplefilter("ignore")
            return Server(mailbox, loop=loop, authenticator=mailbox.authenticate, **options)

    server = await loop.create_server(make, "127.0.0.1", 0, ssl=implicit_tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for transport in transports:
            hang_up(transport)
        await asyncio.sleep(0.01)  # transports close in the loop's next rounds


@asynccontextmanager
async def saying(
    replies: Mapping[str, str] | None = None,
    *,
    greeting: str | None = "220 mail.cliente.com.br ESMTP",
    offers: tuple[str, ...] = (),
    tls: ssl.SSLContext | None = None,
    address: str = "127.0.0.1",
) -> AsyncIterator[int]:
    """A server that answers by the command's first word; an empty reply hangs up.

    Args:
        replies: ``END`` is the one after the message; commands without one are accepted.
        greeting: None keeps silent.
        offers: its extensions.
    """
    answers = {"DATA": "354 Go on", "QUIT": "221 Bye", **(replies or {})}
    writers: list[asyncio.StreamWriter] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            if greeting is None:
                await reader.read()
                return
            await _say(writer, greeting)
            while line := await reader.readline():
                word = line.split()[0].decode(errors="replace").upper() if line.split() else ""
                if word == "EHLO" and word not in answers:
                    await _say(writer, "\r\n".join(_ehlo(offers)))
                    continue
                if not (reply := answers.get(word, "250 OK")):
                    break
                await _say(writer, reply)
                if reply.startswith("354"):
                    await reader.readuntil(b"\r\n.\r\n")
                    if not (end := answers.get("END", "250 Taken")):
                        break
                    await _say(writer, end)
        writer.close()

    server = await asyncio.start_server(talk, address, 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in writers:
            hang_up(writer.transport)
        await asyncio.sleep(0.01)  # transports close in the loop's next rounds


def server_tls(ca: trustme.CA, *names: str, **options: Any) -> ssl.SSLContext:
    """A server's side of TLS, with a certificate for `names`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(*names, **options).configure_cert(context)
    return context


async def _say(writer: asyncio.StreamWriter, text: str) -> None:
    writer.write(text.encode() + b"\r\n")
    await writer.drain()


def _ehlo(offers: tuple[str, ...]) -> list[str]:
    lines = ["mail.cliente.com.br", *offers]
    return [f"250-{line}" for line in lines[:-1]] + [f"250 {lines[-1]}"]


def _bytes(envelope: Envelope) -> bytes:
    assert isinstance(envelope.content, bytes)
    return envelope.content
