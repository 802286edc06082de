"""Queueing, repeating and cancelling mails; `delivery` writes what becomes of them."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from sindico_platform.audit import service as audit
from sindico_platform.database.tx import Tx
from sindico_platform.errors import OutsideError
from sindico_platform.identity.queries import get_tenant
from sindico_platform.mail_transport import parse_address
from sindico_platform.tenancy.models import Tenant
from sindico_tenants.companies.queries import get_branch
from sindico_tenants.mail_templates.service import render_mail, write_fact
from sindico_tenants.outgoing_mails import queries
from sindico_tenants.outgoing_mails.choice import first_choice
from sindico_tenants.outgoing_mails.delivery.lanes import ensure_run
from sindico_tenants.outgoing_mails.errors import NO_SERVER, MailNotWaiting, MailOnItsWay
from sindico_tenants.outgoing_mails.models import MailState, OutgoingMail
from sindico_tenants.outgoing_mails.schemas import MailTemplate
from sindico_tenants.smtp_settings import queries as smtp
from sindico_tenants.smtp_settings.failures import failure_of

KIND = "outgoing-mail"
MOST_AT_ONCE = 1_000


async def queue_mail(
    tx: Tx,
    template: MailTemplate,
    *,
    to: str,
    facts: Mapping[str, Any],
    path: str | None = None,
    locale: str | None = None,
    company_id: UUID | None = None,
    branch_id: UUID | None = None,
) -> OutgoingMail:
    """Queue a mail in the caller's transaction; it exists if that commits.

    Without a server for it, it is kept as skipped, with the reason in sight (R-050); with an
    address that is none, as failed. Neither raises: what the mail is about has happened.

    Args:
        to: one bare address.
        facts: what fills the template; instants and numbers are written for the reader.
        path: where the console leads from it.
        locale: the reader's language; the tenant's unless given.
        company_id: whose mail it is; with a branch, found by that.

    Raises:
        BranchNotFound: no such branch.
        jinja2.UndefinedError: a fact is missing.
    """
    tenant = await get_tenant(tx)
    if branch_id is not None and company_id is None:
        company_id = (await get_branch(tx, branch_id)).company_id
    written = _write_facts(facts, path, tenant, language := locale or tenant.locale)
    content = render_mail(template, locale=language, signature=tenant.name, **written)
    mail = _new_mail(
        tx,
        company_id=company_id,
        branch_id=branch_id,
        template=template.value,
        locale=language,
        facts=written,
        subject=content.subject,
        recipient=to.strip()[:320],
    )
    mail.message_id = f"{mail.id.hex}@{tenant.domain}"
    await _set_out(tx, mail)
    tx.session.add(mail)
    await tx.session.flush()
    return mail


def _new_mail(tx: Tx, **content: Any) -> OutgoingMail:
    return OutgoingMail(
        tenant_id=tx.tenant_id,
        id=tx.new_id(),
        state=MailState.QUEUED,
        not_before=tx.now,
        attempts=0,
        created_at=tx.now,
        created_by=tx.actor.name,
        queued_at=tx.now,
        **content,
    )


def _write_facts(
    facts: Mapping[str, Any], path: str | None, tenant: Tenant, language: str
) -> dict[str, str]:
    written = {
        name: write_fact(fact, locale=language, timezone=tenant.timezone)
        for name, fact in facts.items()
    }
    return written | {"path": path} if path else written


async def retry_mail(tx: Tx, *, mail_id: UUID) -> OutgoingMail:
    """Send a mail that failed, was skipped or cancelled, by the server that now applies.

    Raises:
        OutgoingMailNotFound: no such mail.
        MailOnItsWay: it waits, is being sent or was sent.
    """
    mail = await queries.get_mail(tx, mail_id, lock=True)
    if mail.state not in queries.RETRYABLE:
        raise MailOnItsWay
    await _retry(tx, mail)
    await tx.session.flush()
    await audit.record(tx, f"{KIND}:retry", target_type="outgoing_mail", target_id=mail.id)
    return mail


async def retry_mails(tx: Tx, *, state: MailState) -> int:
    """Send up to a thousand mails that failed, were skipped or cancelled, the oldest first.

    Returns:
        How many were queued again.
    """
    if state not in queries.RETRYABLE:
        raise MailOnItsWay
    mails = await queries.lock_retryable(tx, state, most=MOST_AT_ONCE)
    for mail in mails:
        await _retry(tx, mail)
    await tx.session.flush()
    if mails:
        await audit.record(tx, f"{KIND}:retry-all", target_type="outgoing_mail", count=len(mails))
    return len(mails)


async def cancel_mail(tx: Tx, *, mail_id: UUID) -> OutgoingMail:
    """Stop a mail that waits. Repeating the call changes nothing.

    Raises:
        OutgoingMailNotFound: no such mail.
        MailNotWaiting: it is being sent, or has ended.
    """
    mail = await queries.get_mail(tx, mail_id, lock=True)
    if mail.state == MailState.CANCELLED:
        return mail
    if mail.state != MailState.QUEUED:
        raise MailNotWaiting(state=mail.state)
    mail.state, mail.finished_at = MailState.CANCELLED, tx.now
    await tx.session.flush()
    await audit.record(tx, f"{KIND}:cancel", target_type="outgoing_mail", target_id=mail.id)
    return mail


async def _retry(tx: Tx, mail: OutgoingMail) -> None:
    mail.state, mail.not_before, mail.attempts = MailState.QUEUED, tx.now, 0
    mail.queued_at, mail.finished_at = tx.now, None
    await _set_out(tx, mail, is_new=False)


async def _set_out(tx: Tx, mail: OutgoingMail, *, is_new: bool = True) -> None:
    """Choose the server, and see that somebody comes for the mail; or say why nobody does."""
    try:
        mail.recipient = str(parse_address(mail.recipient))
    except OutsideError as error:
        return _end(tx, mail, MailState.FAILED, error)
    servers = await smtp.list_candidates(tx, company_id=mail.company_id, branch_id=mail.branch_id)
    server = first_choice(servers, tx.now)
    if server is None:
        return _end(tx, mail, MailState.SKIPPED, NO_SERVER.error())
    mail.settings_id, mail.last_error = server.id, None
    if is_new:
        mail.not_before = tx.now + timedelta(seconds=server.send_delay_seconds)
        mail.message_id = f"{mail.id.hex}@{server.sender_email.rpartition('@')[2]}"
    await ensure_run(tx, due_at=mail.not_before)
    return None


def _end(tx: Tx, mail: OutgoingMail, state: MailState, error: OutsideError) -> None:
    mail.state, mail.finished_at, mail.settings_id = state, tx.now, None
    mail.last_error = failure_of(error)
