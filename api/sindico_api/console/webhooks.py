"""Integration › Webhooks: which of a tenant's own systems are told of what."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from sindico_api.console import rendering
from sindico_api.console.forms import EMPTY_FORM, Form
from sindico_api.console.labels import state_options
from sindico_api.console.listing import Listing
from sindico_api.console.rendering import in_place, see_other
from sindico_api.console.submitted import read_as, revision_in, sent_texts
from sindico_api.console.view import ConsoleRequest, Flash, view_of
from sindico_api.dependencies import AppContext, AskedPage, CurrentActor, Uow
from sindico_api.guards import requires
from sindico_api.i18n import CONSOLE_PATH
from sindico_api.v1.webhooks import allow_address
from sindico_platform.database.tx import Actor
from sindico_platform.errors import InvalidInput
from sindico_platform.paging.schemas import PageRequest
from sindico_platform.words import translatable
from sindico_provisioning.alerts import queries as alerts
from sindico_provisioning.alerts.models import DeliveryState
from sindico_provisioning.webhooks import queries, service
from sindico_provisioning.webhooks.errors import TooManyWebhooks, WebhookExists
from sindico_provisioning.webhooks.models import WebhookEvent
from sindico_provisioning.webhooks.schemas import WebhookIn, WebhookOut

WEBHOOKS_PATH = f"{CONSOLE_PATH}/webhooks"
ONE = "/webhooks/{webhook_id:uuid}"
MAY_VIEW, MAY_EDIT = requires("webhooks:view"), requires("webhooks:edit")
MAY_INCLUDE, MAY_DELETE = requires("webhooks:include"), requires("webhooks:delete")
EVENTS: dict[str, tuple[str, str]] = {
    WebhookEvent.STALE: (
        translatable("Integration late"),
        translatable("An incident opened, or is still open after a snooze."),
    ),
    WebhookEvent.RECOVERED: (
        translatable("Integration recovered"),
        translatable("The incident ended."),
    ),
    WebhookEvent.FAILING: (
        translatable("Integration failing"),
        translatable("It has failed for days; its schedule will be paused."),
    ),
    WebhookEvent.PAUSED: (
        translatable("Schedule paused"),
        translatable("It failed for so long that it no longer runs by itself."),
    ),
    WebhookEvent.CLASS_CHANGED: (
        translatable("Accounts changed class"),
        translatable("Accounts came into a class of the ABC curve; many in one message."),
    ),
}
"""What each is called, and when it is told."""


@get("/webhooks", guards=[MAY_VIEW])
async def list_webhooks(
    request: ConsoleRequest, actor: CurrentActor, uow: Uow, page: AskedPage
) -> Response[str]:
    """The addresses, and how their messages went."""
    listing = Listing(
        path=WEBHOOKS_PATH, query=dict(request.query_params), default_sort="created_at"
    )
    async with uow.begin(actor) as tx:
        found = await queries.list_webhooks(tx, page)
        counts = await alerts.count_deliveries(tx)
    return rendering.page(
        request,
        "webhooks/list.html",
        found=found,
        listing=listing,
        counts=counts,
        events=EVENTS,
        most=service.MOST,
    )


@get("/webhooks/new", guards=[MAY_INCLUDE])
async def show_new_webhook(request: ConsoleRequest) -> Response[str]:
    return _new_page(request, EMPTY_FORM)


@post("/webhooks", guards=[MAY_INCLUDE])
async def create_webhook(
    request: ConsoleRequest, actor: CurrentActor, context: AppContext
) -> Response[Any]:
    """Add an address; the answer is the one place that shows its secret."""
    _ = view_of(request).translate
    sent = await _sent(request)
    try:
        data = _data_of(sent, is_active=True)
        await allow_address(context, data.url)
        async with context.uow.begin(actor) as tx:
            row, secret = await service.create_webhook(tx, context.secrets, data=data)
            shown = WebhookOut.from_row(row)
    except InvalidInput as error:
        return _new_page(request, Form(sent).refused(error, _), status=error.status)
    except (WebhookExists, TooManyWebhooks) as error:
        form = Form(sent).with_error("url", _.detail(error))
        return _new_page(request, form, status=error.status)
    return _secret_page(request, shown, secret.reveal(), is_new=True)


@get(ONE, guards=[MAY_VIEW])
async def show_webhook(
    request: ConsoleRequest,
    webhook_id: FromPath[UUID],
    actor: CurrentActor,
    context: AppContext,
    page: AskedPage,
) -> Response[str]:
    """One address: its settings, a test, and what was sent to it."""
    return await webhook_page(request, webhook_id, actor, context, page=page)


@post(ONE, guards=[MAY_EDIT])
async def save_webhook(
    request: ConsoleRequest, webhook_id: FromPath[UUID], actor: CurrentActor, context: AppContext
) -> Response[Any]:
    """Replace address, description and events."""
    _ = view_of(request).translate
    sent = await _sent(request)
    async with context.uow.begin(actor) as tx:
        is_active = (await queries.get_webhook(tx, webhook_id)).is_active
    try:
        data = _data_of(sent, is_active=is_active)
        await allow_address(context, data.url)
        async with context.uow.begin(actor) as tx:
            revision = revision_in(sent["revision"])
            await service.edit_webhook(tx, webhook_id=webhook_id, data=data, revision=revision)
    except InvalidInput as error:
        form = Form(sent).refused(error, _)
        return await webhook_page(
            request, webhook_id, actor, context, form=form, status=error.status
        )
    except WebhookExists as error:
        form = Form(sent).with_error("url", _.detail(error))
        return await webhook_page(
            request, webhook_id, actor, context, form=form, status=error.status
        )
    return back(request, webhook_id, Flash(text=_("Webhook saved.")))


@post(f"{ONE}/rotate", guards=[MAY_EDIT])
async def rotate_webhook(
    request: ConsoleRequest, webhook_id: FromPath[UUID], actor: CurrentActor, context: AppContext
) -> Response[str]:
    """Replace the secret, and show the new one this once."""
    async with context.uow.begin(actor) as tx:
        row, secret = await service.rotate_secret(tx, context.secrets, webhook_id=webhook_id)
        shown = WebhookOut.from_row(row)
    return in_place(_secret_page(request, shown, secret.reveal(), is_new=False))


@post(f"{ONE}/activate", guards=[MAY_EDIT])
async def activate_webhook(
    request: ConsoleRequest, webhook_id: FromPath[UUID], actor: CurrentActor, context: AppContext
) -> Response[None]:
    """Send to the address again."""
    _ = view_of(request).translate
    await _switch(context, actor, webhook_id, is_active=True)
    return back(request, webhook_id, Flash(text=_("The webhook is told of what happens again.")))


@post(f"{ONE}/deactivate", guards=[MAY_EDIT])
async def deactivate_webhook(
    request: ConsoleRequest, webhook_id: FromPath[UUID], actor: CurrentActor, context: AppContext
) -> Response[None]:
    """Send nothing more to the address."""
    _ = view_of(request).translate
    await _switch(context, actor, webhook_id, is_active=False)
    flash = Flash(text=_("Nothing more is sent to this address."), tone="info")
    return back(request, webhook_id, flash)


@post(f"{ONE}/delete", guards=[MAY_DELETE])
async def delete_webhook(
    request: ConsoleRequest, webhook_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[None]:
    """Forget the address, its secret and what was sent to it."""
    _ = view_of(request).translate
    async with uow.begin(actor) as tx:
        await service.delete_webhook(tx, webhook_id=webhook_id)
    return see_other(request, WEBHOOKS_PATH, flash=Flash(text=_("The webhook was deleted.")))


async def _switch(context: AppContext, actor: Actor, webhook_id: UUID, *, is_active: bool) -> None:
    async with context.uow.begin(actor) as tx:
        row = await queries.get_webhook(tx, webhook_id, lock=True)
        data = WebhookIn(
            url=row.url,
            description=row.description,
            events=tuple(WebhookEvent(event) for event in row.events),
            is_active=is_active,
        )
        await service.edit_webhook(tx, webhook_id=webhook_id, data=data)


async def _sent(request: ConsoleRequest) -> dict[str, Any]:
    texts = await sent_texts(request, "url", "description", "revision")
    return {**texts, "events": (await request.form()).getall("events", [])}


def _data_of(sent: Mapping[str, Any], *, is_active: bool) -> WebhookIn:
    values = {"url": sent["url"], "description": sent["description"], "events": sent["events"]}
    return read_as(WebhookIn, {**values, "is_active": is_active}, required=["url"])


def _new_page(request: ConsoleRequest, form: Form, status: int = 200) -> Response[str]:
    return rendering.page(request, "webhooks/new.html", status=status, form=form, events=EVENTS)


async def webhook_page(
    request: ConsoleRequest,
    webhook_id: UUID,
    actor: Actor,
    context: AppContext,
    *,
    page: PageRequest | None = None,
    form: Form | None = None,
    status: int = 200,
    **facts: Any,
) -> Response[str]:
    """The page of one webhook; `facts` are those of its test."""
    view = view_of(request)
    path = f"{WEBHOOKS_PATH}/{webhook_id}"
    listing = Listing(path=path, query=dict(request.query_params), default_sort="-created_at")
    state = listing.chosen("state", tuple(DeliveryState))
    async with context.uow.begin(actor) as tx:
        webhook = WebhookOut.from_row(await queries.get_webhook(tx, webhook_id))
        found = await alerts.list_deliveries(
            tx,
            webhook_id,
            page or PageRequest(),
            state=DeliveryState(state) if state else None,
            translate=view.tell,
        )
        counts = (await alerts.count_deliveries(tx)).get(webhook_id, {})
    values = {"url": webhook.url, "description": webhook.description, "events": webhook.events}
    shown: dict[str, Any] = {"report": None, "stages": [], "files": None, "done": None, **facts}
    return rendering.page(
        request,
        "webhooks/detail.html",
        status=status,
        webhook=webhook,
        form=form or Form({**values, "revision": webhook.revision}),
        found=found,
        listing=listing,
        counts=counts,
        events=EVENTS,
        states=state_options("delivery", DeliveryState, view.translate),
        **shown,
    )


def back(request: ConsoleRequest, webhook_id: UUID, flash: Flash) -> Response[None]:
    return see_other(request, f"{WEBHOOKS_PATH}/{webhook_id}", flash=flash)


def _secret_page(
    request: ConsoleRequest, webhook: WebhookOut, secret: str, *, is_new: bool
) -> Response[str]:
    return rendering.page(
        request, "webhooks/secret.html", webhook=webhook, secret=secret, is_new=is_new
    )
