"""Walking a server's stages, watched or not.

A transport wraps each step of its way in ``with watch.stage(Stage.…) as seen``. In production
nobody watches; a test hands in a recorder. So a test can only report what production does.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

from sindico_platform.connection_tests.schemas import Stage, StageResult, StageStatus
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
    """Times the stages and tells each result as soon as it is known."""

    def __init__(self, tell: Callable[[StageResult], None]) -> None:
        self._tell = tell

    @contextmanager
    def stage(self, stage: Stage) -> Iterator[Seen]:
        seen, started = Seen(), time.monotonic()
        try:
            yield seen
        except OutsideError as error:
            self._tell(_failed(stage, error, seen, _elapsed_ms(started)))
            raise
        self._tell(
            StageResult(
                stage=stage,
                status=StageStatus.SUCCEEDED,
                duration_ms=_elapsed_ms(started),
                evidence=seen.evidence,
                facts=seen.facts,
            )
        )

    def skip(self, stage: Stage, evidence: str, **facts: Any) -> None:
        self._tell(
            StageResult(stage=stage, status=StageStatus.SKIPPED, evidence=evidence, facts=facts)
        )


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


def _elapsed_ms(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
