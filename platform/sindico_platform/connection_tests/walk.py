"""Walking a server's stages, watched or not.

A transport wraps each step of its way in ``with watch.stage(Stage.…) as seen``. In production
nobody watches; a test hands in a recorder. So a test can only report what production does.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Any, Protocol

from sindico_platform.connection_tests.schemas import Report, Stage, StageResult, StageStatus
from sindico_platform.errors import OutsideError
from sindico_platform.tasks import cancel_all


class Seen:
    """What a stage leaves as evidence while it is walked."""

    def __init__(self) -> None:
        self.evidence: str | None = None
        self.facts: dict[str, Any] = {}

    def note(self, evidence: str, **facts: Any) -> None:
        """Keep `evidence`, an English message id that `facts` fill; never a secret."""
        self.evidence, self.facts = evidence, facts


class Watch(Protocol):
    """Looks on while a transport walks its stages."""

    def stage(self, stage: Stage) -> AbstractContextManager[Seen]:
        """Around one stage; what is raised inside passes through."""

    def skip(self, stage: Stage, evidence: str, **facts: Any) -> None:
        """Say that the settings have no such stage, and why."""


class Unwatched:
    """Looks away: production's watch."""

    @contextmanager
    def stage(self, stage: Stage) -> Iterator[Seen]:  # noqa: ARG002 (the protocol's signature)
        yield Seen()

    def skip(self, stage: Stage, evidence: str, **facts: Any) -> None:
        """Nobody is there to be told."""


UNWATCHED = Unwatched()


class Recorder:
    """Times the stages and tells each result as soon as it is known.

    Stages may be nested, as when signing in is what opens the connection: an outer stage's time
    is its own, and a failure belongs to the innermost stage. A stage walked again, over a second
    connection, is told the first time only.
    """

    def __init__(self, tell: Callable[[StageResult], None]) -> None:
        self._tell = tell
        self._passed: set[Stage] = set()
        self._failed = False
        self._inner_seconds = [0.0]
        """Time spent in stages inside each stage that is open, outermost first."""

    @contextmanager
    def stage(self, stage: Stage) -> Iterator[Seen]:
        seen, started = Seen(), time.monotonic()
        if stage in self._passed:
            yield seen
            return
        self._inner_seconds.append(0.0)
        try:
            yield seen
        except OutsideError as error:
            if not self._failed:
                self._failed = True
                self._tell(_failed(stage, error, seen, self._own_ms(started)))
            raise
        else:
            self._passed.add(stage)
            self._tell(_succeeded(stage, seen, self._own_ms(started)))
        finally:
            self._inner_seconds.pop()
            self._inner_seconds[-1] += time.monotonic() - started

    def skip(self, stage: Stage, evidence: str, **facts: Any) -> None:
        self._tell(
            StageResult(stage=stage, status=StageStatus.SKIPPED, evidence=evidence, facts=facts)
        )

    def _own_ms(self, started: float) -> int:
        return round((time.monotonic() - started - self._inner_seconds[-1]) * 1000)


async def observe(
    planned: Sequence[Stage], walk: Callable[[Watch], Awaitable[None]]
) -> AsyncIterator[StageResult]:
    """Walk, and give each stage's result as soon as it is known.

    The walk ends at the first failure. Stages of the plan that it did not reach come last, as
    skipped; a failure outside any stage belongs to the first of these. Closing the iterator
    early ends the walk.
    """
    told: asyncio.Queue[StageResult | None] = asyncio.Queue()
    task = asyncio.create_task(_walk_to_end(walk, told))
    reached: set[Stage] = set()
    try:
        while (result := await told.get()) is not None:
            reached.add(result.stage)
            yield result
        error = await task
        for stage in (item for item in planned if item not in reached):
            yield _failed(stage, error, Seen(), 0) if error else _unreached(stage)
            error = None
    finally:
        await cancel_all([task])


async def report_on(
    planned: Sequence[Stage], walk: Callable[[Watch], Awaitable[None]], *, tested_at: datetime
) -> Report:
    """Walk to the end, and give the whole report."""
    results = [result async for result in observe(planned, walk)]
    return Report(tested_at=tested_at, stages=tuple(results))


async def _walk_to_end(
    walk: Callable[[Watch], Awaitable[None]], told: asyncio.Queue[StageResult | None]
) -> OutsideError | None:
    """The failure that no stage has told, if any."""
    failures: list[StageResult] = []

    def tell(result: StageResult) -> None:
        if result.status is StageStatus.FAILED:
            failures.append(result)
        told.put_nowait(result)

    try:
        await walk(Recorder(tell))
    except OutsideError as error:
        return None if failures else error
    finally:
        told.put_nowait(None)
    return None


def _succeeded(stage: Stage, seen: Seen, duration_ms: int) -> StageResult:
    return StageResult(
        stage=stage,
        status=StageStatus.SUCCEEDED,
        duration_ms=duration_ms,
        evidence=seen.evidence,
        facts=seen.facts,
    )


def _failed(stage: Stage, error: OutsideError, seen: Seen, duration_ms: int) -> StageResult:
    return StageResult(
        stage=stage,
        status=StageStatus.FAILED,
        duration_ms=duration_ms,
        evidence=seen.evidence,
        code=error.code,
        detail=error.detail,
        advice=error.advice,
        facts={**seen.facts, **error.facts},
    )


def _unreached(stage: Stage) -> StageResult:
    return StageResult(stage=stage, status=StageStatus.SKIPPED)
