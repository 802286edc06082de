"""What is known of a mail server, and what goes through it."""

from dataclasses import dataclass
from enum import StrEnum

from sindico_platform.mail_transport.addresses import MailAddress
from sindico_platform.settings import Secret


class Security(StrEnum):
    """How a connection is encrypted; the names are those people know from mail programs."""

    NONE = "none"
    SSL = "ssl"
    """TLS from the first byte, usually on port 465."""
    TLS = "tls"
    """STARTTLS after a greeting in the clear, usually on port 587 or 25; never left out."""


class OAuthGrant(StrEnum):
    """How an access token is got."""

    CLIENT_CREDENTIALS = "client_credentials"
    REFRESH_TOKEN = "refresh_token"  # noqa: S105 (the name of a grant)


@dataclass(frozen=True, kw_only=True, slots=True)
class OAuthClient:
    """Where access tokens come from."""

    token_url: str
    grant: OAuthGrant
    client_id: str
    client_secret: Secret[str] | None = None
    refresh_token: Secret[str] | None = None
    scope: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class PasswordLogin:
    """Signs in by AUTH PLAIN, or LOGIN where a server has only that."""

    username: str
    password: Secret[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class OAuthLogin:
    """Signs in by AUTH XOAUTH2."""

    username: str
    """The mailbox that the token is for."""
    client: OAuthClient


@dataclass(frozen=True, kw_only=True, slots=True)
class MailServer:
    """One server and how to use it."""

    host: str
    port: int
    security: Security
    login: PasswordLogin | OAuthLogin | None = None
    ca_pem: str | None = None
    """Certificates to trust instead of the public authorities."""
    timeout_seconds: float = 30
    """For each answer; the one to the message itself may take longer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Envelope:
    """One message to one recipient, as it goes over the wire."""

    sender: MailAddress
    recipient: MailAddress
    content: bytes

    @property
    def needs_utf8(self) -> bool:
        return self.sender.needs_utf8 or self.recipient.needs_utf8
