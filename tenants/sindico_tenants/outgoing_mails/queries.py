"""Every SELECT on outgoing mails."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from jinja2 import TemplateError
from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from sindico_platform.database.tx import Tx
from sindico_platform.identity.queries import get_tenant
from sindico_platform.paging.keyset import Keyset
from sindico_platform.paging.schemas import Page, PageRequest
from sindico_platform.tenancy.models import Tenant, TenantState
from sindico_platform.words import Translate
from sindico_tenants.companies.models import Branch, Company
from sindico_tenants.mail_templates.service import render_mail
from sindico_tenants.outgoing_mails.errors import OutgoingMailNotFound
from sindico_tenants.outgoing_mails.models import MailLane, MailState, OutgoingMail
from sindico_tenants.outgoing_mails.schemas import (
    MailFilters,
    OutgoingMailItem,
    OutgoingMailOut,
)
from sindico_tenants.smtp_settings.failures import show_failure
from sindico_tenants.smtp_settings.models import SmtpSettings

ORDERS = Keyset(OutgoingMail.id, default="-created_at", created_at=OutgoingMail.id)
LATE_SECONDS, LOST_SECONDS = 5, 1200
"""After so long a mail that is due, or in hand, is one that nobody comes for."""
MOST_SCOPES = 1_000
RETRYABLE = (MailState.FAILED, MailState.SKIPPED, MailState.CANCELLED)


async def list_mails(
    tx: Tx, *, request: PageRequest, filters: MailFilters, translate: Translate
) -> Page[OutgoingMailItem]:
    """The tenant's mails, newest first."""
    statement = _named(tx).add_columns(OutgoingMail.id, OutgoingMail.id.label("order_value"))
    statement = statement.where(*_matching(filters))
    rows: Any = (await tx.session.execute(ORDERS.apply(statement, request))).all()
    return ORDERS.page(rows, request, lambda row: OutgoingMailItem(**_item(row, translate)))


async def count_by_state(tx: Tx, *, since: datetime) -> dict[MailState, int]:
    """How many mails stand where, of those queued since an instant."""
    statement = (
        select(OutgoingMail.state, func.count())
        .where(OutgoingMail.tenant_id == tx.tenant_id, OutgoingMail.created_at >= since)
        .group_by(OutgoingMail.state)
    )
    return {MailState(row[0]): row[1] for row in await tx.session.execute(statement)}


async def read_mail(
    tx: Tx, mail_id: UUID, translate: Translate, *, public_url: str
) -> OutgoingMailOut:
    """Everything about one mail, with its text.

    Args:
        public_url: where the console is, for the link in the text.

    Raises:
        OutgoingMailNotFound: no such mail, or it is another tenant's.
    """
    found = (await tx.session.execute(_named(tx).where(OutgoingMail.id == mail_id))).first()
    if found is None:
        raise OutgoingMailNotFound(mail_id=mail_id)
    row: OutgoingMail = found.OutgoingMail
    return OutgoingMailOut(
        **_item(found, translate),
        locale=row.locale,
        text=_text(row, signature=(await get_tenant(tx)).name, public_url=public_url),
        message_id=row.message_id,
        sender=row.sender,
        settings_id=row.settings_id,
        created_by=row.created_by,
        tried_at=row.tried_at,
    )


async def get_mail(tx: Tx, mail_id: UUID, *, lock: bool = False) -> OutgoingMail:
    """One mail.

    Raises:
        OutgoingMailNotFound: no such mail, or it is another tenant's.
    """
    statement = select(OutgoingMail).where(
        OutgoingMail.tenant_id == tx.tenant_id, OutgoingMail.id == mail_id
    )
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    found: OutgoingMail | None = await tx.session.scalar(statement)
    if found is None:
        raise OutgoingMailNotFound(mail_id=mail_id)
    return found


async def lock_retryable(tx: Tx, state: MailState, *, most: int) -> list[OutgoingMail]:
    """Mails of a state that has ended without being sent, the oldest first."""
    statement = (
        select(OutgoingMail)
        .where(OutgoingMail.tenant_id == tx.tenant_id, OutgoingMail.state == state)
        .order_by(OutgoingMail.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    return list(await tx.session.scalars(statement))


async def find_next_due(tx: Tx) -> datetime | None:
    """When the next waiting mail may leave; None when none waits."""
    earliest = func.greatest(OutgoingMail.not_before, SmtpSettings.rests_until)
    statement = (
        select(func.min(earliest))
        .outerjoin(SmtpSettings, _its_server())
        .where(OutgoingMail.tenant_id == tx.tenant_id, OutgoingMail.state == MailState.QUEUED)
    )
    found: datetime | None = await tx.session.scalar(statement)
    return found


async def count_due(tx: Tx, *, most: int) -> dict[UUID, int]:
    """Servers that do not rest and have mails that are due, with how many, up to `most`."""
    statement = (
        select(OutgoingMail.settings_id, func.least(func.count(), most))
        .join(SmtpSettings, _its_server())
        .where(
            OutgoingMail.tenant_id == tx.tenant_id,
            OutgoingMail.state == MailState.QUEUED,
            OutgoingMail.not_before <= tx.now,
            or_(SmtpSettings.rests_until.is_(None), SmtpSettings.rests_until <= tx.now),
        )
        .group_by(OutgoingMail.settings_id)
    )
    return {row[0]: row[1] for row in await tx.session.execute(statement)}


async def list_orphans(tx: Tx) -> list[Any]:
    """Server, company and branch of waiting mails whose server is gone, each once."""
    known = select(SmtpSettings.id).where(_its_server())
    statement = (
        select(OutgoingMail.settings_id, OutgoingMail.company_id, OutgoingMail.branch_id)
        .where(
            OutgoingMail.tenant_id == tx.tenant_id,
            OutgoingMail.state == MailState.QUEUED,
            ~known.exists(),
        )
        .distinct()
        .limit(MOST_SCOPES)
    )
    return list(await tx.session.execute(statement))


async def list_waiting_scopes(tx: Tx, settings_id: UUID) -> list[Any]:
    """Company and branch of the mails that wait for a server, each once."""
    statement = (
        select(OutgoingMail.company_id, OutgoingMail.branch_id)
        .where(
            OutgoingMail.tenant_id == tx.tenant_id,
            OutgoingMail.state == MailState.QUEUED,
            OutgoingMail.settings_id == settings_id,
        )
        .distinct()
        .limit(MOST_SCOPES)
    )
    return list(await tx.session.execute(statement))


async def find_lane(tx: Tx) -> MailLane | None:
    """The tenant's lane as it stands, unlocked."""
    statement = select(MailLane).where(MailLane.tenant_id == tx.tenant_id)
    found: MailLane | None = await tx.session.scalar(
        statement.execution_options(populate_existing=True)
    )
    return found


async def lock_lane(tx: Tx, *, wait: bool = True) -> MailLane | None:
    """The tenant's lane, locked.

    Args:
        wait: for whoever has it; otherwise None is given where somebody has.
    """
    statement = (
        select(MailLane)
        .where(MailLane.tenant_id == tx.tenant_id)
        .with_for_update(skip_locked=not wait)
    )
    found: MailLane | None = await tx.session.scalar(
        statement.execution_options(populate_existing=True)
    )
    return found


async def list_tenants_waiting(fleet: AsyncEngine, *, most: int) -> list[UUID]:
    """Active tenants with mails that are due and that nobody came for, for the clock."""
    late = func.now() - timedelta(seconds=LATE_SECONDS)
    is_waiting = and_(
        OutgoingMail.state == MailState.QUEUED,
        OutgoingMail.not_before < late,
        or_(SmtpSettings.rests_until.is_(None), SmtpSettings.rests_until < late),
    )
    is_lost = and_(
        OutgoingMail.state == MailState.SENDING,
        OutgoingMail.tried_at < func.now() - timedelta(seconds=LOST_SECONDS),
    )
    statement = (
        select(OutgoingMail.tenant_id)
        .join(Tenant, Tenant.tenant_id == OutgoingMail.tenant_id)
        .outerjoin(SmtpSettings, _its_server())
        .where(Tenant.state == TenantState.ACTIVE, or_(is_waiting, is_lost))
        .group_by(OutgoingMail.tenant_id)
        .limit(most)
    )
    async with fleet.connect() as connection:
        return list((await connection.execute(statement)).scalars())


def _its_server() -> ColumnElement[bool]:
    return and_(
        SmtpSettings.tenant_id == OutgoingMail.tenant_id,
        SmtpSettings.id == OutgoingMail.settings_id,
    )


def _matching(filters: MailFilters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.state is not None:
        conditions.append(OutgoingMail.state == filters.state)
    if filters.recipient:
        typed = filters.recipient.strip()
        conditions.append(OutgoingMail.recipient.in_({typed, typed.lower()}))
    if filters.branch_id is not None:
        conditions.append(OutgoingMail.branch_id == filters.branch_id)
    if filters.since is not None:
        conditions.append(OutgoingMail.created_at >= filters.since)
    if filters.until is not None:
        conditions.append(OutgoingMail.created_at < filters.until)
    return conditions


def _named(tx: Tx) -> Select[*tuple[Any, ...]]:
    """Mails with the names of whose they are, as long as those exist."""
    own = OutgoingMail.tenant_id
    statement: Any = (
        select(
            OutgoingMail,
            Company.name.label("company_name"),
            Branch.name.label("branch_name"),
        )
        .outerjoin(Company, and_(Company.tenant_id == own, Company.id == OutgoingMail.company_id))
        .outerjoin(Branch, and_(Branch.tenant_id == own, Branch.id == OutgoingMail.branch_id))
        .where(own == tx.tenant_id)
        .execution_options(populate_existing=True)
    )
    named: Select[*tuple[Any, ...]] = statement
    return named


def _text(row: OutgoingMail, *, signature: str, public_url: str) -> str | None:
    try:
        content = render_mail(
            row.template,
            locale=row.locale,
            signature=signature,
            public_url=public_url,
            **row.facts,
        )
    except TemplateError:
        return None
    return content.text


def _item(found: Any, translate: Translate) -> dict[str, Any]:
    row: OutgoingMail = found.OutgoingMail
    return {
        "id": row.id,
        "created_at": row.created_at,
        "recipient": row.recipient,
        "subject": row.subject,
        "template": row.template,
        "company_id": row.company_id,
        "company_name": found.company_name,
        "branch_id": row.branch_id,
        "branch_name": found.branch_name,
        "state": MailState(row.state),
        "not_before": row.not_before,
        "attempts": row.attempts,
        "server": row.server,
        "reply": row.reply,
        "failure": show_failure(row.last_error, translate),
        "finished_at": row.finished_at,
    }
