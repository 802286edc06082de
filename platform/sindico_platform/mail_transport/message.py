"""A message as it goes over the wire."""

from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime

from sindico_platform.mail.schemas import MailContent
from sindico_platform.mail_transport.addresses import MailAddress
from sindico_platform.mail_transport.schemas import Envelope

# In seven bits, so that no server needs 8BITMIME.
_ASCII = SMTP.clone(cte_type="7bit")
_UNICODE = SMTPUTF8.clone(cte_type="7bit")


def build_envelope(
    content: MailContent,
    *,
    sender: MailAddress,
    sender_name: str,
    recipient: MailAddress,
    message_id: str,
    sent_at: datetime,
) -> Envelope:
    """The message with its headers, in text and HTML.

    Args:
        sender_name: shown beside the sender's address; control characters become spaces.
        message_id: without its angle brackets; the same one each time the mail is tried.
    """
    needs_utf8 = sender.needs_utf8 or recipient.needs_utf8
    email = EmailMessage(policy=_UNICODE if needs_utf8 else _ASCII)
    email["From"] = _header(sender, _in_one_line(sender_name))
    email["To"] = _header(recipient)
    email["Subject"] = _in_one_line(content.subject)
    email["Date"] = format_datetime(sent_at)
    email["Message-ID"] = f"<{message_id}>"
    email["Auto-Submitted"] = "auto-generated"
    email["X-Auto-Response-Suppress"] = "All"  # Exchange answers such mail otherwise
    email.set_content(content.text)
    email.add_alternative(content.html, subtype="html")
    email["Content-Language"] = content.language  # last: setting the content drops its headers
    return Envelope(sender=sender, recipient=recipient, content=email.as_bytes())


def _header(address: MailAddress, name: str = "") -> Address:
    return Address(display_name=name, username=address.local, domain=address.domain)


def _in_one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
