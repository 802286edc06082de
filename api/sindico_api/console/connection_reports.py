"""Connection tests on the screens: their stages, in the reader's language, also while they run."""

from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from litestar.response import ServerSentEvent
from litestar.response.sse import ServerSentEventMessage

from sindico_api.console.labels import status_label
from sindico_api.console.rendering import render_block
from sindico_api.console.view import View
from sindico_api.console.widgets import StepView
from sindico_api.i18n import Translator
from sindico_platform.connection_tests.schemas import (
    ConnectionReportOut,
    Report,
    Stage,
    StageOut,
    StageResult,
)
from sindico_platform.words import translatable

STAGES: dict[Stage, str] = {
    Stage.RESOLVE: translatable("Find the host"),
    Stage.CONNECT: translatable("Connect to the port"),
    Stage.TLS: translatable("Set up encryption and verify the certificate"),
    Stage.GREETING: translatable("Greet the server"),
    Stage.HOST_KEY: translatable("Compare the server's key"),
    Stage.AUTHENTICATE: translatable("Sign in"),
    Stage.MAIL_FROM: translatable("Announce the sender"),
    Stage.RCPT_TO: translatable("Announce the recipient"),
    Stage.DATA: translatable("Hand over the message"),
    Stage.FOLDER: translatable("Open the folder"),
    Stage.WRITE: translatable("Write a file"),
    Stage.READ_BACK: translatable("Read it back"),
    Stage.COMPARE: translatable("Compare what was read"),
    Stage.TRANSACTION: translatable("Begin a read-only transaction"),
    Stage.VIEWS: translatable("List views and tables"),
    Stage.READ: translatable("Read a little"),
}
MILLISECONDS = 1000
UNREACHED = "unreached"
REPORT_TEMPLATE = "connection_tests/report.html"
REPORT_EVENT = "report"

Finish = Callable[[Report], Awaitable[dict[str, Any]]]


async def nothing_more(_report: Report) -> dict[str, Any]:
    """For tests whose report belongs to nothing that is stored."""
    return {}


def report_block(report: Report, view: View, **facts: Any) -> dict[str, Any]:
    """What ``connection_tests/report.html`` shows of a test that has ended."""
    return report_out_block(ConnectionReportOut.of(report, view.tell), view, **facts)


def report_out_block(report: ConnectionReportOut, view: View, **facts: Any) -> dict[str, Any]:
    """The same of a report that is in the reader's language already."""
    stages = stage_views(report, view.translate)
    files = {
        "json": _file("application/json", msgspec.json.format(msgspec.json.encode(report))),
        "text": _file("text/plain;charset=utf-8", report_text(report, stages, view).encode()),
    }
    return {"report": report, "stages": stages, "files": files, **facts}


def report_text(report: ConnectionReportOut, stages: Sequence[StepView], view: View) -> str:
    """The report for a letter to whoever runs the server."""
    _ = view.translate
    lines = [_("Tested at {at}.", at=report.tested_at.isoformat(timespec="seconds")), ""]
    for stage in stages:
        time = "" if stage.duration_seconds is None else f" ({stage.duration_seconds:.3f} s)"
        lines.append(f"{stage.label}: {_(status_label(stage.status).text)}{time}")
        said = (stage.detail, stage.problem, stage.advice, stage.code)
        lines += [f"    {text}" for text in said if text]
    return "\n".join(lines) + "\n"


def _file(media_type: str, content: bytes) -> str:
    """An address that holds the whole file: what was tested need not be stored anywhere."""
    return f"data:{media_type};base64,{b64encode(content).decode()}"


def stage_views(report: ConnectionReportOut, _: Translator) -> list[StepView]:
    return [stage_view(item, _) for item in report.stages]


def stage_view(item: StageOut, _: Translator) -> StepView:
    """A stage whose result is known; one skipped without a reason was not reached."""
    return StepView(
        id=item.stage,
        label=_(STAGES[item.stage]),
        status=UNREACHED if item.status == "skipped" and not item.evidence else item.status,
        duration_seconds=None if item.duration_ms is None else item.duration_ms / MILLISECONDS,
        detail=item.evidence,
        problem=item.detail,
        advice=item.advice,
        code=item.code,
    )


def stream_test(
    view: View,
    planned: Sequence[Stage],
    results: AsyncIterator[StageResult],
    *,
    tested_at: datetime,
    finish: Finish = nothing_more,
    template: str = REPORT_TEMPLATE,
    **facts: Any,
) -> ServerSentEvent:
    """The report's block anew with every stage, for a button with `data-live-test`.

    Args:
        finish: is given the whole report and gives what its block shows besides.
        facts: what every block takes besides, such as `done`, what a success means.
        template: has the block ``report``.
    """
    facts = {"files": None, **facts}

    def show(**shown: Any) -> ServerSentEventMessage:
        text = render_block(view, template, "report", **{**facts, **shown})
        return ServerSentEventMessage(event=REPORT_EVENT, data=text)

    async def tell() -> AsyncIterator[ServerSentEventMessage]:
        known: dict[Stage, StageResult] = {}
        yield show(report=None, stages=[*_under_way(planned, known, view)])
        async for result in results:
            known[result.stage] = result
            yield show(report=None, stages=[*_under_way(planned, known, view)])
        report = Report(tested_at=tested_at, stages=tuple(known.values()))
        yield show(**report_block(report, view, **await finish(report)))

    return ServerSentEvent(tell())


def _under_way(
    planned: Sequence[Stage], known: Mapping[Stage, StageResult], view: View
) -> Iterator[StepView]:
    """What is known, the stage that is being walked, and those that come."""
    _ = view.translate
    is_failed = any(result.code for result in known.values())
    coming = "pending" if is_failed else "running"
    for stage in planned:
        if stage in known:
            yield stage_view(StageOut.of(known[stage], view.tell), _)
        else:
            yield StepView(id=stage, label=_(STAGES[stage]), status=coming)
            coming = "pending"
