"""What a caller of the job routes may be told."""

from typing import Any

from sindico_platform.errors import SindicoError


class JobNotFound(SindicoError):
    """No such job in this tenant."""

    code, status, title = "job-not-found", 404, "There is no such background job"
    detail = "It may have been removed after its retention."


class JobNotFailed(SindicoError):
    """Only what has failed or was cancelled can be tried again."""

    code, status, title = "job-not-failed", 409, "The job has not failed"
    detail = "It is {state}; only a failed or cancelled job can be tried again."

    def __init__(self, *, state: str) -> None:
        super().__init__(state=state)


class JobFinished(SindicoError):
    """A job that has ended well, or was cancelled, cannot be cancelled."""

    code, status, title = "job-finished", 409, "The job has already ended"
    detail = "It is {state}; only a pending, running or failed job can be cancelled."

    def __init__(self, *, state: str) -> None:
        super().__init__(state=state)


class JobOfClosedTenant(SindicoError):
    """Nothing of a tenant that was closed for good runs any more."""

    code, status, title = "job-tenant-closed", 409, "The tenant of the job is closed"
    detail = "Jobs of a tenant that was closed for good do not run any more."


class LeaseLost(Exception):
    """Somebody else owns the job by now, or it was cancelled: stop, and record nothing."""

    def __init__(self, **facts: Any) -> None:
        super().__init__(f"the lease is lost: {facts}")
