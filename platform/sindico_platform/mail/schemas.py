"""What a mail is."""

from uuid import UUID

from msgspec import Struct


class MailContent(Struct, frozen=True, kw_only=True):
    """A rendered mail, not yet to anybody."""

    template: str
    language: str
    """``pt-BR`` or ``en``."""
    subject: str
    text: str
    html: str


class Message(Struct, frozen=True, kw_only=True):
    """A mail to one person."""

    job_id: UUID
    """Makes the Message-ID: a mail sent again by a retried job is recognised as the same one."""
    to: str
    """One bare address."""
    content: MailContent
