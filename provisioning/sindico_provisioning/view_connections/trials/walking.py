"""Tests of View connections, made outside any transaction."""

from collections.abc import AsyncIterator

from sindico_platform.connection_tests.schemas import StageResult
from sindico_platform.connection_tests.walk import Watch, observe
from sindico_platform.egress import EgressGuard
from sindico_provisioning.connectors.view.check import check_database
from sindico_provisioning.connectors.view.schemas import CHECK_STAGES
from sindico_provisioning.view_connections.trials.schemas import Trial


def walk_trial(guard: EgressGuard, trial: Trial) -> AsyncIterator[StageResult]:
    """Sign in, list views and read a row of each mapped one; each result as soon as it is known."""

    async def walk(watch: Watch) -> None:
        await check_database(guard, trial.server, trial.sources, watch)

    return observe(CHECK_STAGES, walk)
