"""A message as it goes over the wire.

Written by hand, because `email.message` takes milliseconds for what takes a tenth of one, and the
mails of a queue are as many as they are alike. The tests read them with it.
"""

from binascii import b2a_qp
from datetime import datetime
from email.headerregistry import Address
from email.utils import format_datetime
from functools import lru_cache

from sindico_platform.mail.headers import EOL, fold_text, in_one_line, is_plain
from sindico_platform.mail.schemas import MailContent
from sindico_platform.mail_transport.addresses import MailAddress
from sindico_platform.mail_transport.schemas import Envelope


def build_envelope(
    content: MailContent,
    *,
    sender: MailAddress,
    sender_name: str,
    recipient: MailAddress,
    message_id: str,
    sent_at: datetime,
) -> Envelope:
    """The message with its headers, in text and HTML; in seven bits but for accented addresses.

    Args:
        sender_name: shown beside the sender's address; control characters become spaces.
        message_id: without its angle brackets; the same one each time the mail is tried.
    """
    boundary = f"=_{abs(hash(message_id)):x}"  # no quoted-printable line can hold "=_"
    headers = {
        "From": _named(sender, in_one_line(sender_name)),
        "To": str(recipient),
        "Subject": fold_text("Subject", in_one_line(content.subject)),
        "Date": format_datetime(sent_at),
        "Message-ID": f"<{message_id}>",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",  # Exchange answers such mail otherwise
        "Content-Language": content.language,
        "MIME-Version": "1.0",
        "Content-Type": f'multipart/alternative;{EOL} boundary="{boundary}"',
    }
    head = "".join(f"{name}: {value}{EOL}" for name, value in headers.items())
    parts = _part(boundary, "plain", content.text), _part(boundary, "html", content.html)
    end = f"--{boundary}--{EOL}".encode()
    whole = b"".join((head.encode(), EOL.encode(), *parts, end))
    return Envelope(sender=sender, recipient=recipient, content=whole)


def _part(boundary: str, subtype: str, text: str) -> bytes:
    head = (
        f"--{boundary}{EOL}"
        f"Content-Type: text/{subtype}; charset=utf-8{EOL}"
        f"Content-Transfer-Encoding: quoted-printable{EOL}{EOL}"
    )
    lines = text.replace(EOL, "\n").replace("\r", "\n").rstrip("\n").replace("\n", EOL)
    # The end of line at its end also tells b2a_qp which ones to write.
    return head.encode() + b2a_qp((lines + EOL).encode()) + EOL.encode()


@lru_cache(maxsize=256)
def _named(address: MailAddress, name: str) -> str:
    if not name:
        return str(address)
    if is_plain(name):
        shown = str(Address(display_name=name, username="a", domain="b")).removesuffix(" <a@b>")
    else:
        shown = fold_text("From", name)
    return f"{shown}{EOL} <{address}>"
