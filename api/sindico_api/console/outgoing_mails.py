"""CRM › System › Sent e-mails: what was sent, what waits, what failed and why."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from sindico_api.console import rendering
from sindico_api.console.audit_words import PERIODS
from sindico_api.console.labels import state_options
from sindico_api.console.listing import Listing
from sindico_api.console.rendering import see_other
from sindico_api.console.view import ConsoleRequest, Flash, view_of
from sindico_api.dependencies import AppContext, AskedPage, CurrentActor, Uow
from sindico_api.guards import requires
from sindico_api.i18n import CONSOLE_PATH
from sindico_platform.database.tx import Tx
from sindico_platform.words import translatable
from sindico_tenants.outgoing_mails import queries, service
from sindico_tenants.outgoing_mails.models import MailState
from sindico_tenants.outgoing_mails.schemas import MailFilters, MailTemplate, OutgoingMailItem
from sindico_tenants.smtp_settings.queries import has_settings

ALL, ONE = "/outgoing-mails", "/outgoing-mails/{mail_id:uuid}"
OUTGOING_MAILS_PATH = f"{CONSOLE_PATH}{ALL}"
MAY_VIEW, MAY_EDIT = requires("outgoing_mails:view"), requires("outgoing_mails:edit")
COUNTED_DAYS = 30
FOLLOWED = timedelta(minutes=10)
"""How long before a mail leaves a page asks whether it has; it does not wait for hours."""

TEMPLATE_LABELS: dict[str, str] = {
    MailTemplate.DOCUMENT_NOT_FETCHED: translatable("A file waits for your server"),
    MailTemplate.IMPORT_FINISHED: translatable("Import finished"),
    MailTemplate.SUPPORT_SESSION_OPENED: translatable("The vendor's support works in your CRM"),
}


@get(ALL, guards=[MAY_VIEW])
async def list_outgoing_mails(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow, page: AskedPage
) -> Response[str]:
    """The log, newest first."""
    _, query = view_of(request).translate, dict(request.query_params)
    listing = Listing(path=OUTGOING_MAILS_PATH, query=query, default_sort="-created_at")
    async with uow.begin(actor) as tx:
        found = await queries.list_mails(
            tx, request=page, filters=_filters(listing, tx), translate=view_of(request).tell
        )
        since = tx.now - timedelta(days=COUNTED_DAYS)
        counts = await queries.count_by_state(tx, since=since)
        has_servers = await has_settings(tx)
        moving = any(is_moving(tx, each) for each in found.items)
    return rendering.page(
        request,
        "outgoing_mails/list.html",
        found=found,
        listing=listing,
        counts=counts,
        has_servers=has_servers,
        is_moving=moving,
        states=state_options("mail", MailState, _),
        periods=[(code, _(label)) for code, (_days, label) in PERIODS.items()],
    )


@get(ONE, guards=[MAY_VIEW])
async def show_outgoing_mail(
    request: ConsoleRequest, mail_id: FromPath[UUID], actor: CurrentActor, context: AppContext
) -> Response[str]:
    """One mail: its text, its way and what became of it."""
    url = context.settings.public_url
    async with context.uow.begin(actor) as tx:
        mail = await queries.read_mail(tx, mail_id, view_of(request).tell, public_url=url)
        moving = is_moving(tx, mail)
    return rendering.page(
        request,
        "outgoing_mails/mail.html",
        mail=mail,
        is_moving=moving,
        template_labels=TEMPLATE_LABELS,
    )


@post(f"{ALL}/retry", guards=[MAY_EDIT])
async def retry_outgoing_mails(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow
) -> Response[Any]:
    """Send all again that ended in the state named."""
    _ = view_of(request).translate
    state = MailState((await request.form()).get("state", MailState.FAILED))
    async with uow.begin(actor) as tx:
        count = await service.retry_mails(tx, state=state)
    text = _.ngettext("{count} e-mail waits to be sent.", "{count} e-mails wait to be sent.", count)
    return see_other(request, OUTGOING_MAILS_PATH, flash=Flash(text=text))


@post(f"{ONE}/retry", guards=[MAY_EDIT])
async def retry_outgoing_mail(
    request: ConsoleRequest, mail_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[None]:
    """Send a mail again."""
    _ = view_of(request).translate
    async with uow.begin(actor) as tx:
        await service.retry_mail(tx, mail_id=mail_id)
    flash = Flash(text=_("The e-mail waits to be sent again."))
    return see_other(request, f"{OUTGOING_MAILS_PATH}/{mail_id}", flash=flash)


@post(f"{ONE}/cancel", guards=[MAY_EDIT])
async def cancel_outgoing_mail(
    request: ConsoleRequest, mail_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[None]:
    """Stop a mail that waits."""
    _ = view_of(request).translate
    async with uow.begin(actor) as tx:
        await service.cancel_mail(tx, mail_id=mail_id)
    flash = Flash(text=_("The e-mail will not be sent."), tone="info")
    return see_other(request, f"{OUTGOING_MAILS_PATH}/{mail_id}", flash=flash)


def is_moving(tx: Tx, mail: OutgoingMailItem) -> bool:
    """Whether the mail may be sent while somebody looks."""
    if mail.state is MailState.SENDING:
        return True
    return mail.state is MailState.QUEUED and mail.not_before - tx.now < FOLLOWED


def _filters(listing: Listing, tx: Tx) -> MailFilters:
    period, state = listing.chosen("period", PERIODS), listing.chosen("state", tuple(MailState))
    return MailFilters(
        state=MailState(state) if state else None,
        recipient=listing.query.get("q", "")[:320].replace("\x00", "") or None,
        since=tx.now - timedelta(days=PERIODS[period][0]) if period else None,
    )
