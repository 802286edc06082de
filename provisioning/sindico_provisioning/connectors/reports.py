"""Turning a connection test into a staged report."""

import time
from collections.abc import Awaitable, Callable, Mapping

from sindico_platform.errors import OutsideError
from sindico_provisioning.connectors.schemas import CheckReport, CheckStage, StageResult

Step = Callable[[], Awaitable[None]]

_STAGE_OF_CODE = {
    "host": CheckStage.RESOLVE,
    "dns": CheckStage.RESOLVE,
    "egress": CheckStage.RESOLVE,
    "connection": CheckStage.CONNECT,
    "tls": CheckStage.TLS,
    "ca": CheckStage.TLS,
}
"""Stage of a failure on the way, by the first word of its code."""


async def report_check(steps: Mapping[CheckStage, Step]) -> CheckReport:
    """Walk the steps until one fails; what lies before a step has passed when the step has."""
    started = time.monotonic()
    passed: dict[CheckStage, int] = {}
    for stage, step in steps.items():
        try:
            await step()
        except OutsideError as error:
            return _report(passed, _find_stage(error, stage), error, _elapsed(started))
        for earlier in _stages_up_to(stage):
            passed.setdefault(earlier, _elapsed(started))
    return _report(passed, None, None, 0)


def _find_stage(error: OutsideError, stage: CheckStage) -> CheckStage:
    if error.code == "host-unreachable":
        return CheckStage.CONNECT
    return _STAGE_OF_CODE.get(error.code.partition("-")[0], stage)


def _stages_up_to(stage: CheckStage) -> list[CheckStage]:
    stages = list(CheckStage)
    return stages[: stages.index(stage) + 1]


def _report(
    passed: Mapping[CheckStage, int],
    failed: CheckStage | None,
    error: OutsideError | None,
    elapsed_ms: int,
) -> CheckReport:
    before = set(_stages_up_to(failed)) if failed else set()
    results = []
    for stage in CheckStage:
        if stage is failed and error is not None:
            result = StageResult(
                stage=stage,
                passed=False,
                elapsed_ms=elapsed_ms,
                code=error.code,
                detail=error.detail,
                facts=error.facts,
            )
        elif stage in passed or stage in before:
            result = StageResult(stage=stage, passed=True, elapsed_ms=passed.get(stage, elapsed_ms))
        else:
            result = StageResult(stage=stage, passed=None)
        results.append(result)
    return CheckReport(stages=tuple(results))


def _elapsed(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
