"""The log of mails through customers' own servers: what was sent, what waits, what failed."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK, HTTP_202_ACCEPTED

from sindico_api.context import Context
from sindico_api.dependencies import AppContext, AskedPage, CurrentActor, Translate, Uow
from sindico_api.guards import requires
from sindico_platform.database.tx import Tx
from sindico_platform.paging.schemas import Page
from sindico_tenants.outgoing_mails import queries, service
from sindico_tenants.outgoing_mails.models import MailState
from sindico_tenants.outgoing_mails.schemas import (
    MailFilters,
    MailsRetriedOut,
    MailsRetryIn,
    OutgoingMailItem,
    OutgoingMailOut,
)

TAGS = ["outgoing-mails"]
ALL, ONE = "/outgoing-mails", "/outgoing-mails/{mail_id:uuid}"
MAY_VIEW, MAY_EDIT = requires("outgoing_mails:view"), requires("outgoing_mails:edit")

AskedState = Annotated[MailState | None, QueryParameter(name="state")]
Recipient = Annotated[
    str | None, QueryParameter(max_length=320, description="The whole address it goes to.")
]
Since = Annotated[datetime | None, QueryParameter(description="Queued then or later.")]
Until = Annotated[datetime | None, QueryParameter(description="Queued before.")]


@get(ALL, tags=TAGS, guards=[MAY_VIEW])
async def list_outgoing_mails(
    *,
    actor: CurrentActor,
    uow: Uow,
    page: AskedPage,
    translate: Translate,
    asked_state: AskedState = None,
    recipient: Recipient = None,
    branch_id: FromQuery[UUID | None] = None,
    since: Since = None,
    until: Until = None,
) -> Page[OutgoingMailItem]:
    """List mails, newest first. They are kept for 90 days."""
    filters = MailFilters(
        state=asked_state, recipient=recipient, branch_id=branch_id, since=since, until=until
    )
    async with uow.begin(actor) as tx:
        return await queries.list_mails(tx, request=page, filters=filters, translate=translate)


@get(ONE, tags=TAGS, guards=[MAY_VIEW])
async def read_outgoing_mail(
    mail_id: FromPath[UUID], actor: CurrentActor, context: AppContext, translate: Translate
) -> OutgoingMailOut:
    """Read a mail: its text, its server, what that said, and if it failed, why."""
    async with context.uow.begin(actor) as tx:
        return await _read(tx, context, mail_id, translate)


@post(f"{ALL}/retry", tags=TAGS, guards=[MAY_EDIT], status_code=HTTP_202_ACCEPTED)
async def retry_outgoing_mails(
    data: JSONBody[MailsRetryIn], actor: CurrentActor, uow: Uow
) -> MailsRetriedOut:
    """Send all mails again that failed, were skipped or cancelled, up to a thousand at once."""
    async with uow.begin(actor) as tx:
        return MailsRetriedOut(await service.retry_mails(tx, state=MailState(data.state)))


@post(f"{ONE}/retry", tags=TAGS, guards=[MAY_EDIT], status_code=HTTP_202_ACCEPTED)
async def retry_outgoing_mail(
    mail_id: FromPath[UUID], actor: CurrentActor, context: AppContext, translate: Translate
) -> OutgoingMailOut:
    """Send a mail again that failed, was skipped or cancelled, by the server that counts now."""
    async with context.uow.begin(actor) as tx:
        await service.retry_mail(tx, mail_id=mail_id)
        return await _read(tx, context, mail_id, translate)


@post(f"{ONE}/cancel", tags=TAGS, guards=[MAY_EDIT], status_code=HTTP_200_OK)
async def cancel_outgoing_mail(
    mail_id: FromPath[UUID], actor: CurrentActor, context: AppContext, translate: Translate
) -> OutgoingMailOut:
    """Stop a mail that waits; one that a server may have by now cannot be stopped."""
    async with context.uow.begin(actor) as tx:
        await service.cancel_mail(tx, mail_id=mail_id)
        return await _read(tx, context, mail_id, translate)


async def _read(tx: Tx, context: Context, mail_id: UUID, translate: Translate) -> OutgoingMailOut:
    return await queries.read_mail(tx, mail_id, translate, public_url=context.settings.public_url)
