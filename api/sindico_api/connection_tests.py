"""A connection test as an answer: whole, or stage by stage while it is walked."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.response import ServerSentEvent
from litestar.response.sse import ServerSentEventMessage

from sindico_api.i18n import Translator
from sindico_platform.connection_tests.schemas import (
    ConnectionReportOut,
    Report,
    StageOut,
    StageResult,
)

EVENTS = "text/event-stream"
Results = AsyncIterator[StageResult]
Keep = Callable[[Report], Awaitable[None]]


def wants_events(request: Request[Any, Any, Any]) -> bool:
    """Whether the caller would rather see the stages come than wait for the whole."""
    return request.accept.best_match(["application/json", EVENTS]) == EVENTS


async def answer_test(
    request: Request[Any, Any, Any],
    results: Results,
    *,
    tested_at: datetime,
    translate: Translator,
    keep: Keep,
) -> Response[Any]:
    """Walk the test and answer as `Accept` says.

    Args:
        results: the stages as they are walked.
        keep: is given the report when it is complete.
    """
    if wants_events(request):
        events = _as_events(results, tested_at=tested_at, translate=translate, keep=keep)
        return ServerSentEvent(events, status_code=200)
    report = Report(tested_at=tested_at, stages=tuple([result async for result in results]))
    await keep(report)
    return Response(ConnectionReportOut.of(report, translate), status_code=200)


async def _as_events(
    results: Results, *, tested_at: datetime, translate: Translator, keep: Keep
) -> AsyncIterator[ServerSentEventMessage]:
    """Each stage as an event ``stage``, then the whole report as ``finished``."""
    walked: list[StageResult] = []
    async for result in results:
        walked.append(result)
        data = msgspec.json.encode(StageOut.of(result, translate)).decode()
        yield ServerSentEventMessage(event="stage", data=data)
    report = Report(tested_at=tested_at, stages=tuple(walked))
    await keep(report)
    whole = msgspec.json.encode(ConnectionReportOut.of(report, translate)).decode()
    yield ServerSentEventMessage(event="finished", data=whole)
