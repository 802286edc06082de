"""Sends one-time links by the product's own mail."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sindico_platform.identity import queries
from sindico_platform.identity.links import service
from sindico_platform.identity.links.service import LinkPurpose
from sindico_platform.jobs.context import JobContext
from sindico_platform.jobs.registry import job
from sindico_platform.mail import MailContent, Mailer, Message, render_mail

TEMPLATES = {LinkPurpose.INVITATION: "invitation", LinkPurpose.RESET: "password_reset"}
DATE_FORMS = {"pt": "%d/%m/%Y %H:%M", "en": "%Y-%m-%d %H:%M"}


@dataclass(frozen=True, slots=True)
class _Letter:
    to: str
    content: MailContent


@job(timeout_seconds=60, lease_seconds=120)
async def send_link(ctx: JobContext, *, tenant_id: UUID, link_id: UUID) -> None:  # noqa: ARG001  (jobs take it)
    """Mail a one-time link to its user.

    Safe to run twice: the link is the same, and the mail has the same Message-ID. A link that was
    used or replaced meanwhile is not sent.
    """
    letter = await _compose(ctx, link_id)
    mailer = Mailer.from_settings(ctx.settings)
    if letter is None or mailer is None:
        return
    await mailer.send(Message(job_id=ctx.job_id, to=letter.to, content=letter.content))


async def _compose(ctx: JobContext, link_id: UUID) -> _Letter | None:
    async with ctx.uow.begin(ctx.actor) as tx:
        credential = await service.arm_link(tx, ctx.secrets, link_id=link_id)
        if credential is None:
            return None
        link = await queries.get_link(tx, link_id)
        user, tenant = await queries.get_user(tx, link.user_id), await queries.get_tenant(tx)
        if user.email is None:
            return None
        purpose = LinkPurpose(link.purpose)
        locale = user.locale or tenant.locale
        content = render_mail(
            TEMPLATES[purpose],
            locale=locale,
            name=user.name,
            login=f"{user.login}@{tenant.domain}",
            tenant_name=tenant.name,
            link=service.link_url(ctx.settings.public_url, purpose, credential),
            expires_at=_written(link.expires_at, locale=locale, zone=tenant.timezone),
        )
        return _Letter(user.email, content)


def _written(instant: datetime, *, locale: str, zone: str) -> str:
    form = DATE_FORMS.get(locale[:2], DATE_FORMS["en"])
    return f"{instant.astimezone(ZoneInfo(zone)):{form}}"
