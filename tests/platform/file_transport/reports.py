"""How a test of a file server went."""

from dataclasses import dataclass
from typing import Any

from sindico_platform.connection_tests.schemas import Stage, StageResult, StageStatus
from sindico_platform.connection_tests.walk import Watch, observe
from sindico_platform.egress import EgressGuard
from sindico_platform.file_transport import FileServerSettings
from sindico_platform.file_transport.check import PLANS, check_file_server
from tests.support.file_servers import GUARD


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Where a test failed, and as what."""

    stage: Stage
    code: str
    facts: dict[str, Any]
    text: str


async def diagnose(settings: FileServerSettings, *, guard: EgressGuard = GUARD) -> Diagnosis | None:
    """Walk the test; None when it succeeds. A failure has a meaning and advice, both complete."""

    async def walk(watch: Watch) -> None:
        await check_file_server(guard, settings, watch, path="teste.txt", content=b"Funciona.\n")

    results: list[StageResult] = [
        result async for result in observe(PLANS[settings.connection], walk)
    ]
    failed = [result for result in results if result.status is StageStatus.FAILED]
    if not failed:
        return None
    (failure,) = failed
    assert failure.code
    assert failure.detail
    assert failure.advice
    text = f"{failure.detail} {failure.advice}".format(**failure.facts)
    return Diagnosis(failure.stage, failure.code, failure.facts, text)


def expect(diagnosis: Diagnosis | None, stage: Stage, code: str) -> Diagnosis:
    """Whether the test failed there and as that."""
    assert diagnosis is not None
    assert (diagnosis.stage, diagnosis.code) == (stage, code)
    return diagnosis
