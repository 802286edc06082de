"""A test reports what a transport does on its way, as it does it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from sindico_platform.connection_tests.schemas import (
    ConnectionReportOut,
    Mistake,
    Report,
    Stage,
    StageResult,
    StageStatus,
)
from sindico_platform.connection_tests.walk import UNWATCHED, Watch, observe, report_on
from sindico_platform.errors import OutsideError, Terminal, Transient

PLAN = (Stage.RESOLVE, Stage.CONNECT, Stage.TLS, Stage.AUTHENTICATE)
REFUSED = Mistake(
    code="login-refused",
    stage=Stage.AUTHENTICATE,
    detail="{user} was refused.",
    advice="Correct the password of {user}.",
)


async def collect(walk: Callable[[Watch], Awaitable[None]]) -> list[StageResult]:
    return [result async for result in observe(PLAN, walk)]


def summary(results: list[StageResult]) -> list[tuple[Stage, StageStatus]]:
    return [(result.stage, result.status) for result in results]


async def test_a_walk_to_the_end_succeeds_with_evidence_and_time() -> None:
    async def walk(watch: Watch) -> None:
        for stage in PLAN:
            with watch.stage(stage) as seen:
                seen.note("{host} answered", host="mail.example")

    results = await collect(walk)

    assert [result.status for result in results] == [StageStatus.SUCCEEDED] * 4
    assert results[0].evidence == "{host} answered"
    assert results[0].facts == {"host": "mail.example"}
    assert all(result.duration_ms is not None for result in results)


async def test_a_failure_names_its_stage_and_what_follows_is_skipped() -> None:
    async def walk(watch: Watch) -> None:
        with watch.stage(Stage.RESOLVE):
            pass
        watch.skip(Stage.TLS, "No encryption was chosen.")
        with watch.stage(Stage.AUTHENTICATE):
            raise REFUSED.error(user="ana")

    results = await collect(walk)

    assert summary(results) == [
        (Stage.RESOLVE, StageStatus.SUCCEEDED),
        (Stage.TLS, StageStatus.SKIPPED),
        (Stage.AUTHENTICATE, StageStatus.FAILED),
        (Stage.CONNECT, StageStatus.SKIPPED),
    ]
    failed = results[2]
    assert (failed.code, failed.detail, failed.advice, failed.facts) == (
        REFUSED.code,
        REFUSED.detail,
        REFUSED.advice,
        {"user": "ana"},
    )


async def test_a_stage_inside_another_has_its_own_time_and_its_own_failure() -> None:
    async def walk(watch: Watch) -> None:
        with watch.stage(Stage.AUTHENTICATE):
            with watch.stage(Stage.RESOLVE):
                await asyncio.sleep(0)
            with watch.stage(Stage.CONNECT):
                raise REFUSED.error(user="ana")

    results = await collect(walk)

    assert summary(results) == [
        (Stage.RESOLVE, StageStatus.SUCCEEDED),
        (Stage.CONNECT, StageStatus.FAILED),
        (Stage.TLS, StageStatus.SKIPPED),
        (Stage.AUTHENTICATE, StageStatus.SKIPPED),
    ]


async def test_an_outer_stage_does_not_count_the_time_of_inner_ones() -> None:
    async def walk(watch: Watch) -> None:
        with watch.stage(Stage.AUTHENTICATE), watch.stage(Stage.RESOLVE):
            await asyncio.sleep(0.2)

    inner, outer, *_ = await collect(walk)

    assert inner.duration_ms is not None
    assert outer.duration_ms is not None
    assert inner.duration_ms >= 190
    assert outer.duration_ms < inner.duration_ms


async def test_a_second_connection_is_not_told_again_and_its_failure_is_the_outer_stages() -> None:
    async def walk(watch: Watch) -> None:
        with watch.stage(Stage.CONNECT):
            pass
        with watch.stage(Stage.AUTHENTICATE), watch.stage(Stage.CONNECT):
            raise REFUSED.error(user="ana")

    assert summary(await collect(walk))[:2] == [
        (Stage.CONNECT, StageStatus.SUCCEEDED),
        (Stage.AUTHENTICATE, StageStatus.FAILED),
    ]


async def test_a_report_is_read_in_the_readers_language() -> None:
    def in_a_way(message: str, /, **facts: Any) -> str:
        return message.replace("answered", "respondeu").format(**facts)

    async def walk(watch: Watch) -> None:
        with watch.stage(Stage.RESOLVE) as seen:
            seen.note("{host} answered", host="mail.example")
        with watch.stage(Stage.CONNECT):
            raise REFUSED.error(user="{ana}")

    report = await report_on(PLAN, walk, tested_at=datetime(2026, 11, 21, tzinfo=UTC))
    shown = ConnectionReportOut.of(report, in_a_way)

    assert not shown.succeeded
    assert shown.stages[0].evidence == "mail.example respondeu"
    assert shown.stages[1].detail == "{ana} was refused."
    assert shown.stages[1].advice == "Correct the password of {ana}."


async def test_a_failure_between_stages_belongs_to_the_next_one() -> None:
    async def walk(watch: Watch) -> None:
        with watch.stage(Stage.RESOLVE):
            pass
        raise Terminal("closed", "The line is closed.")

    assert summary(await collect(walk))[:2] == [
        (Stage.RESOLVE, StageStatus.SUCCEEDED),
        (Stage.CONNECT, StageStatus.FAILED),
    ]


async def test_results_come_while_the_walk_goes_on() -> None:
    seen_first = asyncio.Event()

    async def walk(watch: Watch) -> None:
        with watch.stage(Stage.RESOLVE):
            pass
        await seen_first.wait()

    async for result in observe(PLAN, walk):
        assert result.stage in PLAN
        seen_first.set()


async def test_who_stops_listening_ends_the_walk() -> None:
    ended = asyncio.Event()

    async def walk(watch: Watch) -> None:
        with watch.stage(Stage.RESOLVE):
            pass
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    results = observe(PLAN, walk)
    await anext(results)
    await results.aclose()  # type: ignore[attr-defined]  # observe is an asynchronous generator

    assert ended.is_set()


async def test_a_bug_is_no_report() -> None:
    async def walk(watch: Watch) -> None:
        with watch.stage(Stage.RESOLVE):
            raise ZeroDivisionError

    try:
        await collect(walk)
    except ZeroDivisionError:
        return
    raise AssertionError("a bug must not pass for a result")


def test_nobody_watching_changes_nothing() -> None:
    with UNWATCHED.stage(Stage.RESOLVE) as seen:
        seen.note("fine")
    UNWATCHED.skip(Stage.TLS, "not chosen")


def test_a_mistake_that_passes_may_be_repeated() -> None:
    busy = Mistake(code="busy", stage=Stage.DATA, detail="Busy.", advice="Wait.", passes=True)

    assert isinstance(busy.error(), Transient)
    lasting: OutsideError = REFUSED.error(user="ana")
    assert isinstance(lasting, Terminal)
    assert str(lasting) == "ana was refused."


def test_a_report_names_its_failure() -> None:
    passed = StageResult(stage=Stage.RESOLVE, status=StageStatus.SUCCEEDED)
    failed = StageResult(stage=Stage.CONNECT, status=StageStatus.FAILED, code="connection-refused")
    tested_at = datetime(2026, 11, 21, tzinfo=UTC)

    assert Report(tested_at=tested_at, stages=(passed,)).succeeded
    assert Report(tested_at=tested_at, stages=(passed, failed)).failure is failed
