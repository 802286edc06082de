"""Messages to webhooks: a test now, each one with what came of it, and sending again."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from sindico_api.connection_tests import wants_events
from sindico_api.console import rendering
from sindico_api.console.connection_reports import report_block, stream_test
from sindico_api.console.labels import state_options
from sindico_api.console.listing import Listing
from sindico_api.console.rendering import see_other
from sindico_api.console.view import ConsoleRequest, Flash, view_of
from sindico_api.console.webhooks import (
    EVENTS,
    MAY_EDIT,
    MAY_VIEW,
    ONE,
    WEBHOOKS_PATH,
    back,
    webhook_page,
)
from sindico_api.dependencies import AppContext, AskedPage, CurrentActor, Uow
from sindico_platform.connection_tests.schemas import Report
from sindico_provisioning.alerts import queries as alerts
from sindico_provisioning.alerts import service as alert_service
from sindico_provisioning.alerts.attempts.queries import list_attempts, list_attempts_of
from sindico_provisioning.alerts.models import AttemptState
from sindico_provisioning.webhooks import queries, service
from sindico_provisioning.webhooks.schemas import WebhookMessage, WebhookOut
from sindico_provisioning.webhooks.sending import TEST_STAGES, body_of, walk_test

MESSAGE = "/webhooks/messages/{delivery_id:uuid}"


@post(f"{ONE}/test", guards=[MAY_EDIT])
async def test_webhook(
    request: ConsoleRequest, webhook_id: FromPath[UUID], actor: CurrentActor, context: AppContext
) -> Response[Any]:
    """Post a test message now, and tell stage by stage how it went."""
    view = view_of(request)
    await context.connection_tests.admit(actor)
    async with context.uow.begin(actor) as tx:
        receiver = await service.open_receiver(tx, context.secrets, webhook_id=webhook_id)
        tested_at = tx.now

    async def finish(report: Report) -> dict[str, Any]:
        async with context.uow.begin(actor) as tx:
            await service.record_test(tx, webhook_id=webhook_id, succeeded=report.succeeded)
        return {}

    _ = view.translate
    done = _("The receiver took the signed message")
    results = walk_test(context.http, receiver)
    if wants_events(request):
        return stream_test(
            view, TEST_STAGES, results, tested_at=tested_at, finish=finish, done=done
        )
    report = Report(tested_at=tested_at, stages=tuple([result async for result in results]))
    tested = report_block(report, view) | await finish(report) | {"done": done}
    return await webhook_page(request, webhook_id, actor, context, **tested)


@get(f"{ONE}/attempts", guards=[MAY_VIEW])
async def show_attempts(
    *,
    request: ConsoleRequest,
    webhook_id: FromPath[UUID],
    actor: CurrentActor,
    uow: Uow,
    page: AskedPage,
) -> Response[str]:
    """Every attempt to deliver something to the address, line by line."""
    view = view_of(request)
    listing = Listing(
        path=f"{WEBHOOKS_PATH}/{webhook_id}/attempts",
        query=dict(request.query_params),
        default_sort="-at",
    )
    state = listing.chosen("state", tuple(AttemptState))
    async with uow.begin(actor) as tx:
        webhook = WebhookOut.from_row(await queries.get_webhook(tx, webhook_id))
        found = await list_attempts(
            tx,
            page,
            webhook_id=webhook_id,
            state=AttemptState(state) if state else None,
            translate=view.tell,
        )
    return rendering.page(
        request,
        "webhooks/attempts.html",
        webhook=webhook,
        found=found,
        listing=listing,
        events=EVENTS,
        states=state_options("attempt", AttemptState, view.translate),
    )


@get(MESSAGE, guards=[MAY_VIEW])
async def show_message(
    *,
    request: ConsoleRequest,
    delivery_id: FromPath[UUID],
    actor: CurrentActor,
    uow: Uow,
    page: AskedPage,
) -> Response[str]:
    """One message: what it says, what came of it, and every attempt to deliver it."""
    tell = view_of(request).tell
    listing = Listing(
        path=f"{WEBHOOKS_PATH}/messages/{delivery_id}",
        query=dict(request.query_params),
        default_sort="-at",
    )
    async with uow.begin(actor) as tx:
        message = await alerts.read_delivery(tx, delivery_id, translate=tell)
        webhook = WebhookOut.from_row(await queries.get_webhook(tx, message.webhook_id))
        found = await list_attempts_of(tx, page, delivery_id=delivery_id, translate=tell)
    posted = WebhookMessage(
        id=message.id, event=message.event, happened_at=message.created_at, data=message.data
    )
    return rendering.page(
        request,
        "webhooks/message.html",
        webhook=webhook,
        message=message,
        body=msgspec.json.format(body_of(posted), indent=2).decode(),
        events=EVENTS,
        found=found,
        listing=listing,
    )


@post(f"{MESSAGE}/resend", guards=[MAY_EDIT])
async def resend_message(
    request: ConsoleRequest, delivery_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[None]:
    """Send a message again at once."""
    _ = view_of(request).translate
    async with uow.begin(actor) as tx:
        await alert_service.resend(tx, delivery_id=delivery_id)
    href = f"/console/webhooks/messages/{delivery_id}"
    return see_other(request, href, flash=Flash(text=_("The message leaves again now.")))


@post(f"{ONE}/messages/resend", guards=[MAY_EDIT])
async def resend_failed(
    request: ConsoleRequest, webhook_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[None]:
    """Send everything again that never arrived."""
    _ = view_of(request).translate
    async with uow.begin(actor) as tx:
        count = await alert_service.resend_failed(tx, webhook_id=webhook_id)
    text = _.ngettext(
        "{count} message leaves again now.", "{count} messages leave again now.", count
    )
    return back(request, webhook_id, Flash(text=text))
