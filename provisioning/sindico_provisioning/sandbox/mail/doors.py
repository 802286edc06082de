"""The mail server's three ports and how it answers, also to what real servers refuse."""

import asyncio
import ssl
import warnings
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from sindico_provisioning.sandbox.mail.inbox import Inbox

LARGEST_BYTES = 25 << 20
ACCEPTED = "250 2.0.0 OK"
ANSWERS = {
    "nao-existe": "550 5.1.1 User unknown",
    "caixa-cheia": "552 5.2.2 Mailbox full",
    "mais-tarde": "451 4.7.1 Greylisted, try again later",
    "relay": "554 5.7.1 Relay access denied",
}
"""What recipients with these local parts get."""
NOT_OWNED = "553 5.7.1 Sender address rejected: not owned by user {user}"


class Door(StrEnum):
    """One port of the server."""

    STARTTLS = "starttls"
    """Turns to TLS on demand, then asks for user and password."""
    SSL = "ssl"
    """TLS from the first byte, then user and password."""
    OPEN = "open"
    """Neither encryption nor password."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """The one account of the sandbox; mails may be sent from any address of its domain."""

    user: str
    password: str

    @property
    def domain(self) -> str:
        return self.user.partition("@")[2]


class Handler:
    """Takes what one door lets in."""

    def __init__(self, door: Door, account: Account, inbox: Inbox) -> None:
        self._door, self._account, self._inbox = door, account, inbox

    # lint-skip: vague-names (aiosmtpd's interface)
    async def handle_MAIL(  # noqa: N802 (aiosmtpd's interface)
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        domain = address.rpartition("@")[2].lower()
        if self._door is not Door.OPEN and domain != self._account.domain:
            return NOT_OWNED.format(user=self._account.user)
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return ACCEPTED

    # lint-skip: vague-names (aiosmtpd's interface)
    async def handle_RCPT(  # noqa: N802 (aiosmtpd's interface)
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        refusal = ANSWERS.get(address.partition("@")[0].lower())
        if refusal:
            return refusal
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return ACCEPTED

    # lint-skip: vague-names (aiosmtpd's interface)
    async def handle_DATA(  # noqa: N802 (aiosmtpd's interface)
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        mail = self._inbox.keep(
            envelope.original_content or b"",
            mail_from=envelope.mail_from or "",
            rcpt_to=tuple(envelope.rcpt_tos),
            door=self._door,
            user=self._account.user if session.authenticated else None,
            tls=_version_of(server),
        )
        return f"250 2.0.0 Queued as {mail.envelope.id}"


def _version_of(server: SMTP) -> str | None:
    """The TLS version of a connection, whichever of the two ways it became encrypted."""
    transport: Any = server.transport
    connection = transport.get_extra_info("ssl_object")
    version: str | None = connection.version() if connection is not None else None
    return version


async def open_door(
    door: Door, *, host: str, port: int, tls: ssl.SSLContext, account: Account, inbox: Inbox
) -> asyncio.Server:
    """Listen on one port."""
    handler = Handler(door, account, inbox)

    def authenticate(
        _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: Any
    ) -> AuthResult:
        is_right = (
            isinstance(given, LoginPassword)
            and given.login.decode(errors="replace") == account.user
            and given.password.decode(errors="replace") == account.password
        )
        return AuthResult(success=is_right, handled=False)

    def serve() -> SMTP:
        with warnings.catch_warnings():  # about passwords without STARTTLS: this door is TLS
            warnings.simplefilter("ignore", UserWarning)
            return SMTP(
                handler,
                hostname=account.domain,
                ident="Sindico sandbox",  # SMTP greets in ASCII
                enable_SMTPUTF8=True,
                data_size_limit=LARGEST_BYTES,
                tls_context=tls if door is Door.STARTTLS else None,
                require_starttls=door is Door.STARTTLS,
                auth_required=door is not Door.OPEN,
                auth_require_tls=door is Door.STARTTLS,
                authenticator=authenticate if door is not Door.OPEN else None,
            )

    loop = asyncio.get_running_loop()
    return await loop.create_server(
        serve, host, port, ssl=tls if door is Door.SSL else None, start_serving=True
    )
