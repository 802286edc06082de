"""What becomes of mails, as rows: claimed, sent, put off, moved to another server, given up."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, literal, or_, select, update

from sindico_platform.database.base import table_of
from sindico_platform.database.tx import Tx
from sindico_platform.errors import OutsideError
from sindico_tenants.outgoing_mails.errors import GIVEN_UP, NO_SERVER
from sindico_tenants.outgoing_mails.models import MailState, OutgoingMail
from sindico_tenants.smtp_settings.failures import failure_of

MAILS = table_of(OutgoingMail)
LONGEST_HOURS = 48
"""A mail that no server took for so long is given up."""

_due = (
    select(MAILS.c.id)
    .where(
        MAILS.c.tenant_id == bindparam("of_tenant"),
        MAILS.c.settings_id == bindparam("of_server"),
        MAILS.c.state == MailState.QUEUED.value,
        MAILS.c.not_before <= bindparam("at"),
    )
    .order_by(MAILS.c.not_before, MAILS.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
    .cte("due")  # a subquery could be walked more than once, and then take more than its limit
)
CLAIM = (
    update(MAILS)
    .where(MAILS.c.tenant_id == bindparam("of_tenant"), MAILS.c.id == _due.c.id)
    .values(
        state=MailState.SENDING.value,
        claim=bindparam("by"),
        tried_at=bindparam("at"),
        attempts=MAILS.c.attempts + 1,
    )
    .returning(
        MAILS.c.id,
        MAILS.c.company_id,
        MAILS.c.branch_id,
        MAILS.c.template,
        MAILS.c.locale,
        MAILS.c.facts,
        MAILS.c.recipient,
        MAILS.c.message_id,
        MAILS.c.attempts,
        MAILS.c.queued_at,
    )
)
RECORD = (
    update(MAILS)
    .where(
        MAILS.c.tenant_id == bindparam("of_tenant"),
        MAILS.c.id == bindparam("the_id"),
        MAILS.c.claim == bindparam("by"),
    )
    .values(
        {
            name: bindparam(f"new_{name}", type_=MAILS.c[name].type)
            for name in (
                "state",
                "not_before",
                "attempts",
                "settings_id",
                "server",
                "sender",
                "reply",
                "last_error",
                "finished_at",
            )
        }
        | {"claim": None}
    )
)


@dataclass(frozen=True, kw_only=True, slots=True)
class ClaimedMail:
    """A mail in the hands of a run."""

    id: UUID
    company_id: UUID | None
    branch_id: UUID | None
    template: str
    locale: str
    facts: dict[str, Any]
    recipient: str
    message_id: str
    attempts: int
    """This one counted."""
    queued_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What became of a claimed mail."""

    mail: ClaimedMail
    state: MailState
    settings_id: UUID
    """The server that had it, or the one that shall have it next."""
    server: str | None = None
    sender: str | None = None
    reply: str | None = None
    error: dict[str, Any] | None = None
    wait_seconds: float = 0
    was_tried: bool = field(default=True)
    """False where its turn did not come: then it does not count as an attempt."""


async def claim_mails(tx: Tx, *, settings_id: UUID, claim: UUID, most: int) -> list[ClaimedMail]:
    """Take mails that are due for a server in hand, the oldest first."""
    if most < 1:
        return []
    values = {
        "of_tenant": tx.tenant_id,
        "of_server": settings_id,
        "by": claim,
        "at": tx.now,
        "most": most,
    }
    rows = (await tx.session.execute(CLAIM, values)).mappings()
    return sorted((ClaimedMail(**row) for row in rows), key=lambda mail: mail.id)


async def record_outcomes(tx: Tx, outcomes: Sequence[Outcome], *, claim: UUID) -> None:
    """Write what became of mails; one that is no longer in hand is left as it is."""
    if not outcomes:
        return
    await tx.session.execute(RECORD, [_record(tx, outcome, claim) for outcome in outcomes])


def _record(tx: Tx, outcome: Outcome, claim: UUID) -> dict[str, Any]:
    is_over = outcome.state in {MailState.SENT, MailState.FAILED}
    return {
        "of_tenant": tx.tenant_id,
        "the_id": outcome.mail.id,
        "by": claim,
        "new_state": outcome.state.value,
        "new_not_before": tx.now + timedelta(seconds=outcome.wait_seconds),
        "new_attempts": outcome.mail.attempts - (0 if outcome.was_tried else 1),
        "new_settings_id": outcome.settings_id,
        "new_server": outcome.server,
        "new_sender": outcome.sender,
        "new_reply": outcome.reply,
        "new_last_error": outcome.error,
        "new_finished_at": tx.now if is_over else None,
    }


async def take_back(tx: Tx) -> None:
    """Queue again what a run had in hand that died. Only the one run of the tenant may do this."""
    await tx.session.execute(
        update(MAILS)
        .where(MAILS.c.tenant_id == tx.tenant_id, MAILS.c.state == MailState.SENDING.value)
        .values(state=MailState.QUEUED.value, claim=None)
    )


async def give_up_old(tx: Tx) -> None:
    """Fail what no server took within two days; the last failure stays in sight."""
    given_up = failure_of(GIVEN_UP.error(hours=LONGEST_HOURS))
    await tx.session.execute(
        update(MAILS)
        .where(
            MAILS.c.tenant_id == tx.tenant_id,
            MAILS.c.state == MailState.QUEUED.value,
            MAILS.c.queued_at < tx.now - timedelta(hours=LONGEST_HOURS),
            or_(MAILS.c.attempts > 0, MAILS.c.last_error.is_not(None)),
        )
        .values(
            state=MailState.FAILED.value,
            finished_at=tx.now,
            last_error=func.coalesce(
                MAILS.c.last_error, literal(given_up, MAILS.c.last_error.type)
            ),
        )
    )


async def move_mails(
    tx: Tx,
    *,
    settings_id: UUID | None,
    company_id: UUID | None,
    branch_id: UUID | None,
    to: UUID | None,
) -> None:
    """Give the waiting mails of one branch to another server; with none left, skip them."""
    values: dict[str, Any] = {"settings_id": to}
    if to is None:
        values |= {
            "state": MailState.SKIPPED.value,
            "finished_at": tx.now,
            "last_error": failure_of(NO_SERVER.error()),
        }
    await tx.session.execute(
        update(MAILS)
        .where(
            MAILS.c.tenant_id == tx.tenant_id,
            MAILS.c.state == MailState.QUEUED.value,
            MAILS.c.settings_id.is_not_distinct_from(settings_id),
            MAILS.c.company_id.is_not_distinct_from(company_id),
            MAILS.c.branch_id.is_not_distinct_from(branch_id),
        )
        .values(values)
    )


async def tell_waiting(tx: Tx, *, settings_id: UUID, server: str, error: OutsideError) -> None:
    """Let mails that are due say why they still wait for their server."""
    await tx.session.execute(
        update(MAILS)
        .where(
            MAILS.c.tenant_id == tx.tenant_id,
            MAILS.c.state == MailState.QUEUED.value,
            MAILS.c.settings_id == settings_id,
            MAILS.c.not_before <= tx.now,
        )
        .values(last_error=failure_of(error), server=server)
    )
