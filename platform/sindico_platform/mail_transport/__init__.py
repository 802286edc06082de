"""How mail goes through a customer's own server: one way, for sending and for testing alike.

`MailTransport.connect` walks resolve, connect, TLS, greeting and sign-in; `MailConnection.send`
walks MAIL FROM, RCPT TO and DATA. A connection test hands in a watch and sees every stage;
production hands in none. What goes wrong is a `Mistake` (errors.py), told from the server's reply
in replies.py.
"""

from sindico_platform.mail_transport.addresses import MailAddress, parse_address
from sindico_platform.mail_transport.connection import MailConnection
from sindico_platform.mail_transport.message import build_envelope
from sindico_platform.mail_transport.schemas import (
    Envelope,
    MailServer,
    OAuthClient,
    OAuthGrant,
    OAuthLogin,
    PasswordLogin,
    Security,
)
from sindico_platform.mail_transport.transport import MailTransport, plan_stages

__all__ = [
    "Envelope",
    "MailAddress",
    "MailConnection",
    "MailServer",
    "MailTransport",
    "OAuthClient",
    "OAuthGrant",
    "OAuthLogin",
    "PasswordLogin",
    "Security",
    "build_envelope",
    "parse_address",
    "plan_stages",
]
