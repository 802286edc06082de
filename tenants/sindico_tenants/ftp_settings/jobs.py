"""What happens to file servers' settings in the background."""

from uuid import UUID

from sindico_platform.connection_tests.schemas import Report
from sindico_platform.jobs.context import JobContext
from sindico_platform.jobs.registry import job
from sindico_tenants.ftp_settings.errors import FtpSettingsNotFound, NoServerToTest
from sindico_tenants.ftp_settings.trials import service
from sindico_tenants.ftp_settings.trials.walking import walk_trial


@job(timeout_seconds=180, lease_seconds=240, max_attempts=2)
async def test_settings(ctx: JobContext, *, tenant_id: UUID, settings_id: UUID) -> None:  # noqa: ARG001 (every job names its tenant)
    """Test one file server and keep the report. Safe to run twice; a failed test is a report."""
    async with ctx.uow.begin(ctx.actor) as tx:
        try:
            trial = await service.begin_test(tx, ctx.secrets, settings_id=settings_id)
        except (FtpSettingsNotFound, NoServerToTest):  # changed since
            return
        tested_at = tx.now
    stages = tuple([result async for result in walk_trial(ctx.guard, trial)])
    async with ctx.uow.begin(ctx.actor) as tx:
        try:
            await service.finish_test(tx, trial, report=Report(tested_at=tested_at, stages=stages))
        except FtpSettingsNotFound:
            return
