"""Rows of outgoing mails, and of the lane in which a tenant's mails are carried."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from sindico_platform.database.base import Base, TenantRow


class MailState(StrEnum):
    """Where a mail stands."""

    QUEUED = "queued"
    SENDING = "sending"
    """In the hands of a worker; a mail whose worker dies is queued again."""
    SENT = "sent"
    """A server has taken it and is responsible for it."""
    FAILED = "failed"
    SKIPPED = "skipped"
    """There was no server for it, so it was never on its way (R-050)."""
    CANCELLED = "cancelled"


QUEUED = text("state = 'queued'")
SENDING = text("state = 'sending'")


class OutgoingMail(TenantRow, Base):
    """One mail to one person. A log: it outlives the company, branch and server it names."""

    __tablename__ = "outgoing_mail"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["control.tenant.tenant_id"]),
        CheckConstraint(
            "state IN ('queued','sending','sent','failed','skipped','cancelled')", name="state"
        ),
        CheckConstraint("(state = 'sending') = (claim IS NOT NULL)", name="claim"),
        Index(
            "ix_outgoing_mail_due",
            "tenant_id",
            "settings_id",
            "not_before",
            "id",
            postgresql_where=QUEUED,
        ),
        Index("ix_outgoing_mail_waiting", "not_before", "tenant_id", postgresql_where=QUEUED),
        Index("ix_outgoing_mail_in_hand", "tenant_id", "id", postgresql_where=SENDING),
        Index("ix_outgoing_mail_state", "tenant_id", "state", "id"),
        Index("ix_outgoing_mail_recipient", "tenant_id", "recipient", "id"),
        Index("ix_outgoing_mail_created_at", "created_at"),
        {"schema": "crm"},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    company_id: Mapped[UUID | None]
    branch_id: Mapped[UUID | None]
    """Whose mail it is; what belongs to no branch is the tenant's."""
    template: Mapped[str]
    locale: Mapped[str]
    facts: Mapped[dict[str, Any]]
    """What fills the template, already written for the reader."""
    subject: Mapped[str]
    recipient: Mapped[str]
    state: Mapped[str]
    not_before: Mapped[datetime]
    """It leaves no earlier: the delay of its server (R-059), then the next attempt."""
    attempts: Mapped[int]
    message_id: Mapped[str]
    """Without brackets; the same one each time it is tried, so that nobody keeps it twice."""
    settings_id: Mapped[UUID | None]
    """The mail server it waits for, or was sent by."""
    server: Mapped[str | None]
    """Host and port of the server that was tried last."""
    sender: Mapped[str | None]
    reply: Mapped[str | None]
    """What that server said last, in one line."""
    last_error: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True))
    """Code, detail, advice and facts of the last failure."""
    claim: Mapped[UUID | None]
    """Of the run that has it in hand."""
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    queued_at: Mapped[datetime]
    """When it was created, or last repeated by hand."""
    tried_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class MailLane(TenantRow, Base):
    """That a tenant's mails are carried by one run at a time, and when the next one is due."""

    __tablename__ = "mail_lane"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["control.tenant.tenant_id"]),
        {"schema": "crm"},
    )

    job_id: Mapped[UUID | None]
    """The job that will carry, or carries; any other finds nothing to do."""
    due_at: Mapped[datetime | None]
    """When that job runs; None while it does."""
    busy_until: Mapped[datetime | None]
    """While a run is under way, how long it may go on unheard of."""
