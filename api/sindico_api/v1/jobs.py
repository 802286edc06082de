"""Background jobs: a tenant's own, a customer's for the vendor, and what gave up anywhere."""

from typing import Annotated
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, QueryParameter
from litestar.status_codes import HTTP_200_OK

from sindico_api.dependencies import AskedPage, CurrentActor, Translate, Uow
from sindico_api.guards import requires
from sindico_platform.jobs import queries, service
from sindico_platform.jobs.models import JobState
from sindico_platform.jobs.schemas import DeadLetterOut, JobOut
from sindico_platform.paging.schemas import Page

MAY_VIEW, MAY_EDIT = requires("jobs:view"), requires("jobs:edit")
VENDOR_MAY_VIEW, VENDOR_MAY_EDIT = requires("dead_letters:view"), requires("dead_letters:edit")
TAGS, VENDOR_TAGS = ["jobs"], ["tenants"]

Status = Annotated[JobState | None, QueryParameter(name="status")]


@get("/jobs", tags=TAGS, guards=[MAY_VIEW])
async def list_jobs(
    *,
    actor: CurrentActor,
    uow: Uow,
    page: AskedPage,
    translate: Translate,
    job_status: Status = None,
) -> Page[JobOut]:
    """List the tenant's background jobs, newest first; the order is `created_at`."""
    async with uow.begin(actor) as tx:
        return await queries.list_jobs(tx, page, status=job_status, translate=translate)


@get("/jobs/{job_id:uuid}", tags=TAGS, guards=[MAY_VIEW])
async def read_job(
    job_id: FromPath[UUID], actor: CurrentActor, uow: Uow, translate: Translate
) -> JobOut:
    """Read one background job."""
    async with uow.begin(actor) as tx:
        return await queries.get_job(tx, job_id, translate=translate)


@post("/jobs/{job_id:uuid}/retry", tags=TAGS, guards=[MAY_EDIT], status_code=HTTP_200_OK)
async def retry_job(
    job_id: FromPath[UUID], actor: CurrentActor, uow: Uow, translate: Translate
) -> JobOut:
    """Run a failed or cancelled job again, with all its attempts."""
    async with uow.begin(actor) as tx:
        return queries.show_job(await service.retry_job(tx, job_id=job_id), translate)


@post("/jobs/{job_id:uuid}/cancel", tags=TAGS, guards=[MAY_EDIT], status_code=HTTP_200_OK)
async def cancel_job(
    job_id: FromPath[UUID], actor: CurrentActor, uow: Uow, translate: Translate
) -> JobOut:
    """End a job that waits or runs, or set one aside that failed."""
    async with uow.begin(actor) as tx:
        return queries.show_job(await service.cancel_job(tx, job_id=job_id), translate)


@get("/dead-letters", tags=VENDOR_TAGS, guards=[VENDOR_MAY_VIEW])
async def list_dead_letters(
    actor: CurrentActor, uow: Uow, page: AskedPage, translate: Translate
) -> Page[DeadLetterOut]:
    """List what gave up, of every customer, newest first; the order is `created_at`."""
    async with uow.begin_fleet(actor, reason="dead_letters:view") as fleet:
        return await queries.list_dead_letters(fleet, page, translate=translate)


@get("/tenants/{tenant_id:uuid}/jobs", tags=VENDOR_TAGS, guards=[VENDOR_MAY_VIEW])
async def list_jobs_of_tenant(
    *,
    tenant_id: FromPath[UUID],
    actor: CurrentActor,
    uow: Uow,
    page: AskedPage,
    translate: Translate,
    job_status: Status = None,
) -> Page[JobOut]:
    """List a customer's background jobs, newest first; the order is `created_at`."""
    async with uow.begin(actor, tenant=tenant_id) as tx:
        return await queries.list_jobs(tx, page, status=job_status, translate=translate)


@post(
    "/tenants/{tenant_id:uuid}/jobs/{job_id:uuid}/retry",
    tags=VENDOR_TAGS,
    guards=[VENDOR_MAY_EDIT],
    status_code=HTTP_200_OK,
)
async def retry_job_of_tenant(
    *,
    tenant_id: FromPath[UUID],
    job_id: FromPath[UUID],
    actor: CurrentActor,
    uow: Uow,
    translate: Translate,
) -> JobOut:
    """Run a customer's failed or cancelled job again, with all its attempts."""
    async with uow.begin(actor, tenant=tenant_id) as tx:
        return queries.show_job(await service.retry_job(tx, job_id=job_id), translate)


@post(
    "/tenants/{tenant_id:uuid}/jobs/{job_id:uuid}/cancel",
    tags=VENDOR_TAGS,
    guards=[VENDOR_MAY_EDIT],
    status_code=HTTP_200_OK,
)
async def cancel_job_of_tenant(
    *,
    tenant_id: FromPath[UUID],
    job_id: FromPath[UUID],
    actor: CurrentActor,
    uow: Uow,
    translate: Translate,
) -> JobOut:
    """End a customer's job that waits or runs, or set one aside that failed."""
    async with uow.begin(actor, tenant=tenant_id) as tx:
        return queries.show_job(await service.cancel_job(tx, job_id=job_id), translate)
