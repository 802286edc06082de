"""Jobs as people see them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sindico_platform.schemas import Output


class JobErrorOut(Output, kw_only=True, frozen=True):
    """Why the last attempt failed."""

    code: str
    detail: str
    facts: dict[str, Any]


class JobSummary(Output, kw_only=True, frozen=True):
    """What everybody who may see the job sees of it."""

    id: UUID
    function: str
    """Which kind of work, such as `loads.run_load`."""
    status: str
    """`pending`, `running`, `succeeded`, `failed` or `cancelled`."""
    attempts: int
    max_attempts: int
    error: JobErrorOut | None
    due_at: datetime
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class JobOut(JobSummary, kw_only=True, frozen=True):
    """A background job of the caller's tenant."""

    requested_by: str
    progress: dict[str, Any] | None


class DeadLetterOut(JobSummary, kw_only=True, frozen=True):
    """A job that gave up, of any tenant."""

    tenant_id: UUID
    tenant_name: str
    tenant_domain: str
