"""Webhooks of one's own tenant: where signed messages go, after Standard Webhooks."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, delete, get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED, HTTP_204_NO_CONTENT

from sindico_api.connection_tests import answer_test
from sindico_api.context import Context
from sindico_api.dependencies import AppContext, AskedPage, CurrentActor, Translate, Uow
from sindico_api.guards import requires
from sindico_api.once import OnlyOnce
from sindico_api.revisions import IfMatch, expected_revision, with_etag
from sindico_platform.connection_tests.schemas import ConnectionReportOut, Report
from sindico_platform.database.tx import Tx
from sindico_platform.errors import InvalidInput
from sindico_platform.paging.schemas import Page
from sindico_provisioning.alerts import queries as alerts
from sindico_provisioning.alerts import service as alert_service
from sindico_provisioning.alerts.attempts.queries import list_attempts, list_attempts_of
from sindico_provisioning.alerts.attempts.schemas import AttemptOut
from sindico_provisioning.alerts.models import AttemptState, DeliveryState
from sindico_provisioning.alerts.schemas import DeliveryDetail, DeliveryOut, ResentOut
from sindico_provisioning.webhooks import queries, service
from sindico_provisioning.webhooks.schemas import WebhookIn, WebhookOut, WebhookSecretOut
from sindico_provisioning.webhooks.sending import walk_test
from sindico_tenants.server_settings.hosts import allow_host

TAGS = ["webhooks"]
ALL, ONE = "/webhooks", "/webhooks/{webhook_id:uuid}"
DELIVERY = "/webhook-deliveries/{delivery_id:uuid}"
StateFilter = Annotated[DeliveryState | None, QueryParameter(name="state")]
AttemptFilter = Annotated[AttemptState | None, QueryParameter(name="state")]
MAY_VIEW, MAY_EDIT = requires("webhooks:view"), requires("webhooks:edit")
PORTS = {"https": 443, "http": 80}


@get(ALL, tags=TAGS, guards=[MAY_VIEW])
async def list_webhooks(actor: CurrentActor, uow: Uow, page: AskedPage) -> Page[WebhookOut]:
    """List the addresses that are told of the tenant's events."""
    async with uow.begin(actor) as tx:
        return await queries.list_webhooks(tx, page)


@post(ALL, tags=TAGS, guards=[requires("webhooks:include")])
async def create_webhook(
    data: JSONBody[WebhookIn], once: OnlyOnce, context: AppContext
) -> Response[WebhookSecretOut]:
    """Add a webhook. Its secret is shown in this answer and never again."""
    await allow_address(context, data.url)

    async def create(tx: Tx) -> Response[WebhookSecretOut]:
        row, secret = await service.create_webhook(tx, context.secrets, data=data)
        shown = WebhookSecretOut(webhook=WebhookOut.from_row(row), secret=secret.reveal())
        answer = with_etag(shown, row.revision, status_code=HTTP_201_CREATED)
        answer.headers["Location"] = f"/api/v1{ALL}/{row.id}"
        return answer

    return await once.run(create)


@get(ONE, tags=TAGS, guards=[MAY_VIEW])
async def read_webhook(
    webhook_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[WebhookOut]:
    """Read one webhook; its secret is not given."""
    async with uow.begin(actor) as tx:
        shown = WebhookOut.from_row(await queries.get_webhook(tx, webhook_id))
    return with_etag(shown, shown.revision)


@put(ONE, tags=TAGS, guards=[MAY_EDIT])
async def replace_webhook(
    *,
    webhook_id: FromPath[UUID],
    data: JSONBody[WebhookIn],
    actor: CurrentActor,
    context: AppContext,
    if_match: IfMatch = None,
) -> Response[WebhookOut]:
    """Replace a webhook's address, description, events and state; its secret stays."""
    async with context.uow.begin(actor) as tx:
        await queries.get_webhook(tx, webhook_id)
    await allow_address(context, data.url)
    async with context.uow.begin(actor) as tx:
        row = await service.edit_webhook(
            tx, webhook_id=webhook_id, data=data, revision=expected_revision(if_match)
        )
        shown = WebhookOut.from_row(row)
    return with_etag(shown, shown.revision)


@delete(ONE, tags=TAGS, guards=[requires("webhooks:delete")], status_code=HTTP_204_NO_CONTENT)
async def delete_webhook(
    webhook_id: FromPath[UUID], actor: CurrentActor, uow: Uow, if_match: IfMatch = None
) -> None:
    """Remove a webhook, its secret and the list of what was sent to it."""
    async with uow.begin(actor) as tx:
        await service.delete_webhook(
            tx, webhook_id=webhook_id, revision=expected_revision(if_match)
        )


@post(f"{ONE}/rotate", tags=TAGS, guards=[MAY_EDIT], status_code=HTTP_200_OK)
async def rotate_webhook_secret(
    webhook_id: FromPath[UUID], actor: CurrentActor, context: AppContext
) -> Response[WebhookSecretOut]:
    """Replace the secret; for 24 hours the one before signs as well."""
    async with context.uow.begin(actor) as tx:
        row, secret = await service.rotate_secret(tx, context.secrets, webhook_id=webhook_id)
        shown = WebhookSecretOut(webhook=WebhookOut.from_row(row), secret=secret.reveal())
    return with_etag(shown, shown.webhook.revision)


@post(f"{ONE}/test", tags=TAGS, guards=[MAY_EDIT], status_code=HTTP_200_OK)
async def test_webhook(
    *,
    request: Request[Any, Any, Any],
    webhook_id: FromPath[UUID],
    actor: CurrentActor,
    context: AppContext,
    translate: Translate,
) -> Response[ConnectionReportOut]:
    """Post a message of the type `webhook.test` now, and tell stage by stage how it went.

    With `Accept: text/event-stream` each stage is told while the test runs.
    """
    await context.connection_tests.admit(actor)
    async with context.uow.begin(actor) as tx:
        receiver = await service.open_receiver(tx, context.secrets, webhook_id=webhook_id)
        now = tx.now

    async def keep(report: Report) -> None:
        async with context.uow.begin(actor) as tx:
            await service.record_test(tx, webhook_id=webhook_id, succeeded=report.succeeded)

    results = walk_test(context.http, receiver)
    return await answer_test(request, results, tested_at=now, translate=translate, keep=keep)


@get(f"{ONE}/deliveries", tags=TAGS, guards=[MAY_VIEW])
async def list_webhook_deliveries(
    *,
    webhook_id: FromPath[UUID],
    actor: CurrentActor,
    uow: Uow,
    page: AskedPage,
    translate: Translate,
    delivery_state: StateFilter = None,
) -> Page[DeliveryOut]:
    """List what was sent to a webhook in the last 30 days, newest first, and what came of it."""
    async with uow.begin(actor) as tx:
        await queries.get_webhook(tx, webhook_id)
        return await alerts.list_deliveries(
            tx, webhook_id, page, state=delivery_state, translate=translate
        )


@get(DELIVERY, tags=TAGS, guards=[MAY_VIEW])
async def read_webhook_delivery(
    delivery_id: FromPath[UUID], actor: CurrentActor, uow: Uow, translate: Translate
) -> DeliveryDetail:
    """Read one message to a webhook, and what came of it."""
    async with uow.begin(actor) as tx:
        return await alerts.read_delivery(tx, delivery_id, translate=translate)


@get(f"{ONE}/attempts", tags=TAGS, guards=[MAY_VIEW])
async def list_webhook_attempts(
    *,
    webhook_id: FromPath[UUID],
    actor: CurrentActor,
    uow: Uow,
    page: AskedPage,
    translate: Translate,
    attempt_state: AttemptFilter = None,
) -> Page[AttemptOut]:
    """List every attempt to deliver something to a webhook, newest first.

    They are kept as long as their messages, 30 days after these have arrived or were given up.
    """
    async with uow.begin(actor) as tx:
        await queries.get_webhook(tx, webhook_id)
        return await list_attempts(
            tx, page, webhook_id=webhook_id, state=attempt_state, translate=translate
        )


@get(f"{DELIVERY}/attempts", tags=TAGS, guards=[MAY_VIEW])
async def list_delivery_attempts(
    *,
    delivery_id: FromPath[UUID],
    actor: CurrentActor,
    uow: Uow,
    page: AskedPage,
    translate: Translate,
) -> Page[AttemptOut]:
    """List every attempt to deliver one message, newest first."""
    async with uow.begin(actor) as tx:
        await alerts.get_delivery(tx, delivery_id)
        return await list_attempts_of(tx, page, delivery_id=delivery_id, translate=translate)


@post(f"{DELIVERY}/resend", tags=TAGS, guards=[MAY_EDIT], status_code=HTTP_200_OK)
async def resend_webhook_delivery(
    delivery_id: FromPath[UUID], actor: CurrentActor, uow: Uow, translate: Translate
) -> DeliveryDetail:
    """Send a message again at once, under the same `webhook-id`."""
    async with uow.begin(actor) as tx:
        await alert_service.resend(tx, delivery_id=delivery_id)
        return await alerts.read_delivery(tx, delivery_id, translate=translate)


@post(f"{ONE}/deliveries/resend", tags=TAGS, guards=[MAY_EDIT], status_code=HTTP_200_OK)
async def resend_failed_deliveries(
    webhook_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> ResentOut:
    """Send everything again at once that never arrived at a webhook."""
    async with uow.begin(actor) as tx:
        return ResentOut(resent=await alert_service.resend_failed(tx, webhook_id=webhook_id))


async def allow_address(context: Context, url: str) -> None:
    """Refuse an address that nothing may be posted to.

    `http` is for installations that opened private ranges, where a receiver may stand beside us.

    Raises:
        InvalidInput: saying why, on the field `url`.
    """
    parts = service.address_of(url, allow_http=bool(context.settings.egress_allow))
    try:
        await allow_host(context.guard, parts.hostname, parts.port or PORTS[parts.scheme])
    except InvalidInput as refusal:
        raise InvalidInput(*map(service.on_url, refusal.errors)) from refusal
