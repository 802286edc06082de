"""What happens to mail servers' settings in the background."""

from uuid import UUID

from sindico_platform.connection_tests.schemas import Report
from sindico_platform.jobs.context import JobContext
from sindico_platform.jobs.registry import job
from sindico_platform.settings import Secret
from sindico_tenants.smtp_settings import service
from sindico_tenants.smtp_settings.errors import SmtpSettingsNotFound
from sindico_tenants.smtp_settings.trials import walk_trial


@job(timeout_seconds=300, lease_seconds=360, max_attempts=2)
async def test_settings(ctx: JobContext, *, tenant_id: UUID, settings_id: UUID) -> None:  # noqa: ARG001 (every job names its tenant)
    """Test one mail server and keep the report. Safe to run twice; a failed test is a report."""
    async with ctx.uow.begin(ctx.actor) as tx:
        try:
            trial = await service.begin_test(tx, ctx.secrets, settings_id=settings_id)
        except SmtpSettingsNotFound:  # removed since
            return
        tested_at = tx.now

    async def keep_token(token: Secret[str]) -> None:
        async with ctx.uow.begin(ctx.actor) as tx:
            await service.keep_refresh_token(tx, ctx.secrets, settings_id=settings_id, token=token)

    results = walk_trial(ctx.mail_transport, trial, keep_token=keep_token)
    stages = tuple([result async for result in results])
    async with ctx.uow.begin(ctx.actor) as tx:
        try:
            await service.finish_test(tx, trial, report=Report(tested_at=tested_at, stages=stages))
        except SmtpSettingsNotFound:
            return
