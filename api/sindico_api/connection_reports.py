"""Answering a connection test by `Accept`: whole as JSON, or each stage as a server-sent event."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from typing import Any, cast

import msgspec
from litestar import Request, Response
from litestar.response import ServerSentEvent
from litestar.response.sse import ServerSentEventMessage

from sindico_platform.connection_tests.schemas import (
    ConnectionReportOut,
    Report,
    StageOut,
    StageResult,
)
from sindico_platform.words import Translate

EVENT_STREAM = "text/event-stream"
STAGE_EVENT, FINISHED_EVENT = "stage", "finished"

Keep = Callable[[Report], Awaitable[None]]


async def forget(_report: Report) -> None:
    """For tests whose report belongs to nothing that is stored."""


def wants_events(request: Request[Any, Any, Any]) -> bool:
    return EVENT_STREAM in request.headers.get("accept", "")


async def answer_test(
    request: Request[Any, Any, Any],
    results: AsyncIterator[StageResult],
    *,
    tested_at: datetime,
    translate: Translate,
    keep: Keep = forget,
) -> Response[ConnectionReportOut]:
    """Run a test to its end, or let the caller look on.

    Args:
        results: of `observe`.
        keep: is given the whole report before it is told.
    """
    if wants_events(request):
        events = _events(results, tested_at=tested_at, translate=translate, keep=keep)
        return cast("Response[ConnectionReportOut]", ServerSentEvent(events))
    stages = tuple([result async for result in results])
    report = Report(tested_at=tested_at, stages=stages)
    await keep(report)
    return Response(ConnectionReportOut.of(report, translate))


async def _events(
    results: AsyncIterator[StageResult], *, tested_at: datetime, translate: Translate, keep: Keep
) -> AsyncIterator[ServerSentEventMessage]:
    stages = []
    async for result in results:
        stages.append(result)
        told = msgspec.json.encode(StageOut.of(result, translate))
        yield ServerSentEventMessage(event=STAGE_EVENT, data=told)
    report = Report(tested_at=tested_at, stages=tuple(stages))
    await keep(report)
    whole = msgspec.json.encode(ConnectionReportOut.of(report, translate))
    yield ServerSentEventMessage(event=FINISHED_EVENT, data=whole)
