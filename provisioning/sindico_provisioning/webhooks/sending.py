"""Posting one message to one address. No transaction is open meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import msgspec

from sindico_platform.connection_tests.schemas import Stage, StageResult
from sindico_platform.connection_tests.walk import UNWATCHED, Watch, observe
from sindico_platform.egress import GuardedHttp
from sindico_platform.egress.errors import ANSWER_TIMED_OUT
from sindico_platform.errors import Transient
from sindico_provisioning.webhooks import errors
from sindico_provisioning.webhooks.schemas import Receiver, WebhookMessage
from sindico_provisioning.webhooks.signing import sign

CONNECT_SECONDS, ANSWER_SECONDS = 10, 20
WHOLE_SECONDS = 40.0
"""From the first look at the name to the answer's head, which a receiver may send in crumbs."""
MAX_ANSWER_BYTES = 1 << 16
MOST_WAIT_SECONDS, MOST_WAIT_DIGITS = 24 * 3600, 8
TEST_STAGES = (Stage.RESOLVE, Stage.CONNECT, Stage.TLS, Stage.DATA)
TEST_EVENT = "webhook.test"


def body_of(message: WebhookMessage) -> bytes:
    """The JSON that is signed and posted."""
    return msgspec.json.encode(
        {"type": message.event, "timestamp": message.happened_at, "data": message.data}
    )


async def post_message(
    http: GuardedHttp, receiver: Receiver, message: WebhookMessage, *, watch: Watch = UNWATCHED
) -> int:
    """Post a signed message; the answer's status says whether it arrived.

    Returns:
        The status.

    Raises:
        Transient, Terminal: it did not; ``webhook-gone`` means that no more is wanted.
    """
    host = urlsplit(receiver.url).hostname or ""
    try:
        async with asyncio.timeout(WHOLE_SECONDS):
            return await _post(http, receiver, message, host=host, watch=watch)
    except TimeoutError as late:
        raise ANSWER_TIMED_OUT.error(host=host, seconds=round(WHOLE_SECONDS)) from late


async def _post(
    http: GuardedHttp, receiver: Receiver, message: WebhookMessage, *, host: str, watch: Watch
) -> int:
    body = body_of(message)
    headers = sign(
        str(message.id), datetime.now(UTC), body, [key.reveal() for key in receiver.keys]
    )
    client = http.client(
        connect_seconds=CONNECT_SECONDS,
        read_seconds=ANSWER_SECONDS,
        max_body_bytes=MAX_ANSWER_BYTES,
        system="webhook",
        watch=watch,
        headers={"Content-Type": "application/json", "User-Agent": "Sindico-Webhooks/1"},
    )
    async with client, client.stream("POST", receiver.url, content=body, headers=headers) as answer:
        with watch.stage(Stage.DATA) as seen:
            _demand_taken(answer, host)
            seen.note("{host} took the message: {status}.", host=host, status=answer.status_code)
        return answer.status_code


def _demand_taken(answer: httpx.Response, host: str) -> None:
    status = answer.status_code
    if answer.is_success:
        return
    if status == httpx.codes.GONE:
        raise errors.GONE.error(host=host, status=status)
    if answer.is_redirect:
        raise errors.REDIRECTED.error(host=host, status=status)
    raise Transient(
        errors.REFUSED.code,
        errors.REFUSED.detail,
        advice=errors.REFUSED.advice,
        retry_after_seconds=_asked_wait(answer),
        host=host,
        status=status,
    )


def _asked_wait(answer: httpx.Response) -> int | None:
    asked = answer.headers.get("retry-after", "")
    if not asked.isdecimal() or len(asked) > MOST_WAIT_DIGITS:
        return None
    return min(int(asked), MOST_WAIT_SECONDS)


def walk_test(http: GuardedHttp, receiver: Receiver) -> AsyncIterator[StageResult]:
    """Post a message of the kind `webhook.test`, and tell each stage as it is walked."""

    async def walk(watch: Watch) -> None:
        now = datetime.now(UTC)
        message = WebhookMessage(id=uuid4(), event=TEST_EVENT, happened_at=now, data={})
        await post_message(http, receiver, message, watch=watch)

    return observe(TEST_STAGES, walk)
