"""What happens to outgoing mails in the background."""

from uuid import UUID

from sindico_platform.jobs.context import JobContext, RunAgain
from sindico_platform.jobs.registry import job
from sindico_tenants.outgoing_mails.delivery import courier


@job(queue="mail", timeout_seconds=500, lease_seconds=600)
async def deliver_mails(ctx: JobContext, *, tenant_id: UUID) -> RunAgain | None:  # noqa: ARG001 (every job names its tenant)
    """Send the tenant's mails that are due, server by server.

    Safe to run twice and to be killed anywhere: mails in hand are taken back, and sent again under
    the same Message-ID.
    """
    return await courier.carry(ctx)
