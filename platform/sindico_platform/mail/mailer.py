"""Sends one mail at a time through the product's own server."""

import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime, localtime
from ipaddress import ip_address
from typing import Self

import aiosmtplib

from sindico_platform.egress import tls_context
from sindico_platform.egress.hosts import normalise_host
from sindico_platform.errors import Terminal
from sindico_platform.mail import errors
from sindico_platform.mail.headers import EOL, fold_text, in_one_line
from sindico_platform.mail.route import MailRoute
from sindico_platform.mail.schemas import Message
from sindico_platform.settings import Settings
from sindico_platform.telemetry import metrics

# Quoted local parts exist on paper alone; refusing them refuses every special character.
_LOCAL_PART = re.compile(r"[^\s@\"(),:;<>\[\]\\\x00-\x1f\x7f]{1,64}").fullmatch


class WirePolicy(EmailPolicy):
    """Folds a subject by our own rules."""

    def fold_binary(self, name: str, value: str) -> bytes:
        if name == "Subject":
            return f"{name}: {fold_text(name, str(value))}{EOL}".encode("ascii")
        return super().fold_binary(name, value)


class Mailer:
    """Stateless; one per process. Each mail has a connection of its own."""

    def __init__(self, route: MailRoute, *, timeout_seconds: float = 30) -> None:
        self._route = route
        self._timeout_seconds = timeout_seconds
        self._tls = tls_context(route.ca_pem)

    @classmethod
    def from_settings(cls, settings: Settings) -> Self | None:
        """None without ``SINDICO_MAIL_URL``; then links are shown to whoever made them.

        Raises:
            SettingsInvalid: the URL is malformed.
        """
        return cls(MailRoute.parse(settings.mail_url)) if settings.mail_url else None

    async def send(self, message: Message) -> None:
        """Hand `message` to the server. Sending it again is recognised by its Message-ID.

        Raises:
            Transient: ``mail-deferred``, ``mail-timed-out`` or ``mail-server-unreachable``.
            Terminal: the server refused for good, is not trusted, or the address is malformed.
        """
        outcome = "failed"
        try:
            await self._send(build_email(message, self._route.sender))
            outcome = "sent"
        except (aiosmtplib.SMTPException, OSError) as error:
            raise errors.from_smtp(self._route.host, error) from error
        finally:
            metrics.mails_total.labels(message.content.template, outcome).inc()

    async def _send(self, email: EmailMessage) -> None:
        route = self._route
        async with aiosmtplib.SMTP(
            hostname=route.host,
            port=route.port,
            use_tls=route.implicit_tls,
            start_tls=False if route.implicit_tls else None,
            tls_context=self._tls,
            timeout=self._timeout_seconds,
            local_hostname=route.sender.domain,
        ) as server:
            if route.user is not None and route.password is not None:
                if server.get_transport_info("cipher") is None and not _is_loopback(route.host):
                    raise errors.login_needs_tls(route.host)
                await server.login(route.user, route.password.reveal())
            await server.send_message(email)


def build_email(message: Message, sender: Address) -> EmailMessage:
    """The message as it goes over the wire.

    Raises:
        Terminal: the recipient is not one bare address.
    """
    email = EmailMessage(policy=WirePolicy(linesep=EOL))
    email["From"] = sender
    email["To"] = _recipient(message.to)
    email["Subject"] = in_one_line(message.content.subject)
    email["Date"] = format_datetime(localtime())
    email["Message-ID"] = f"<{message.job_id}@{sender.domain}>"
    email["Auto-Submitted"] = "auto-generated"
    email.set_content(message.content.text)
    email.add_alternative(message.content.html, subtype="html")
    email["Content-Language"] = message.content.language  # last: set_content drops such headers
    return email


def _recipient(text: str) -> Address:
    local, _, domain = text.rpartition("@")
    try:
        if not _LOCAL_PART(local):
            raise errors.address_malformed()
        return Address(username=local, domain=normalise_host(domain))
    except (ValueError, Terminal) as error:
        raise errors.address_malformed() from error


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
