"""Outgoing mails as callers see them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta

from sindico_platform.schemas import Input, Output
from sindico_tenants.outgoing_mails.models import MailState
from sindico_tenants.smtp_settings.schemas import SendFailureOut


class MailTemplate(StrEnum):
    """The mails there are; each has a file in both languages in `mail_templates`."""

    DOCUMENT_NOT_FETCHED = "document_not_fetched"
    """A file waits too long for the customer's server: `name`, `hours`."""
    IMPORT_FINISHED = "import_finished"
    """A spreadsheet import has ended: `filename`, `status`, `finished_at` and the counts."""
    SUPPORT_SESSION_OPENED = "support_session_opened"
    """The vendor's support may act for the tenant: `operator`, `ends_at`, `reason`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MailFilters:
    """Which mails; None does not restrict."""

    state: MailState | None = None
    recipient: str | None = None
    """The whole address."""
    branch_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


class OutgoingMailItem(Output, kw_only=True, frozen=True):
    """One line of the log."""

    id: UUID
    created_at: datetime
    recipient: str
    subject: str
    template: str
    company_id: UUID | None
    company_name: str | None
    """None where there is no such company any more."""
    branch_id: UUID | None
    branch_name: str | None
    state: MailState
    not_before: datetime
    """When it leaves, or is tried again."""
    attempts: int
    server: str | None
    reply: str | None
    failure: SendFailureOut | None
    finished_at: datetime | None


class OutgoingMailOut(OutgoingMailItem, kw_only=True, frozen=True):
    """Everything about a mail."""

    locale: str
    text: str | None
    """The mail as plain text; None where its template is of another release."""
    message_id: str
    sender: str | None
    settings_id: UUID | None
    created_by: str
    tried_at: datetime | None


class MailsRetryIn(Input, frozen=True):
    """Which mails are to be sent again."""

    state: Annotated[
        Literal["failed", "skipped", "cancelled"],
        Meta(description="All that ended so, the oldest thousand at once."),
    ]


class MailsRetriedOut(Output, frozen=True):
    """How many mails were queued again."""

    mails: int
