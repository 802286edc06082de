"""Tests of file servers, made outside any transaction."""

from collections.abc import AsyncIterator

from sindico_platform.connection_tests.schemas import StageResult
from sindico_platform.connection_tests.walk import Watch, observe
from sindico_platform.egress import EgressGuard
from sindico_platform.file_transport import open_file_server
from sindico_platform.file_transport.check import PLANS, check_file_server
from sindico_tenants.ftp_settings.trials.schemas import Trial


def walk_trial(guard: EgressGuard, trial: Trial) -> AsyncIterator[StageResult]:
    """Write the test file, read it back and compare; each stage's result as soon as it is known."""

    async def walk(watch: Watch) -> None:
        await check_file_server(guard, trial.server, watch, path=trial.path, content=trial.content)

    return observe(PLANS[trial.server.connection], walk)


async def remove_file(guard: EgressGuard, trial: Trial) -> None:
    """Remove the test file from the folder. Repeatable.

    Raises:
        Terminal, Transient: the server could not be reached or does not let us.
    """
    async with open_file_server(guard, trial.server) as server:
        await server.delete(trial.path)
