"""A job that does nothing."""

from uuid import UUID

from sindico_platform.jobs.context import JobContext
from sindico_platform.jobs.registry import job


@job(name="benchmark.empty")
async def empty(ctx: JobContext, *, tenant_id: UUID) -> None:
    """Nothing."""
