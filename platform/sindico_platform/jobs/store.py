"""Claim, renew and record: one round trip each, through functions that bind the tenant.

They go to the driver directly: a job costs two statements, and the rest is the job's own.
"""

from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from sindico_platform.database.driver import driver

CLAIM = "SELECT * FROM control.claim_job($1, $2, $3, $4)"
RECORD = "SELECT control.record_job($1, $2, $3, $4, $5, $6, $7)"
RENEW = "SELECT control.renew_job($1, $2, $3, $4)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """A job that is ours until its lease ends."""

    tenant_id: UUID
    job_id: UUID
    lease_token: UUID
    function: str
    args: dict[str, Any]
    attempt: int
    max_attempts: int
    request_id: str | None
    queue: str
    waited_seconds: float
    """From being due to being claimed."""


class Leased(Protocol):
    """Whatever names a job and the lease on it."""

    @property
    def tenant_id(self) -> UUID: ...
    @property
    def job_id(self) -> UUID: ...
    @property
    def lease_token(self) -> UUID: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What is written about one claim."""

    state: str
    attempts: int
    """What the row's count becomes."""
    delay_seconds: float = 0
    """Until it is due again, if it is pending."""
    error: dict[str, Any] | None = None


async def claim(
    leases: AsyncEngine, *, tenant_id: UUID, job_id: UUID, lease_token: UUID, worker_id: UUID | None
) -> Claim | None:
    """Take the job, or nothing if it is not due, taken, ended, or its tenant not active."""
    async with driver(leases) as connection:
        row = await connection.fetchrow(CLAIM, tenant_id, job_id, lease_token, worker_id)
    if row is None:
        return None
    return Claim(
        tenant_id=tenant_id,
        job_id=job_id,
        lease_token=lease_token,
        function=row["function"],
        args=row["args"],
        attempt=row["attempts"],
        max_attempts=row["max_attempts"],
        request_id=row["request_id"],
        queue=row["queue"],
        waited_seconds=row["waited_seconds"],
    )


async def record(leases: AsyncEngine, lease: Leased, outcome: Outcome) -> bool:
    """Write the outcome; False, and nothing written, when the lease is not ours any more."""
    error = msgspec.json.encode(outcome.error).decode() if outcome.error else None
    async with driver(leases) as connection:
        recorded: bool = await connection.fetchval(
            RECORD,
            lease.tenant_id,
            lease.job_id,
            lease.lease_token,
            outcome.state,
            outcome.delay_seconds,
            outcome.attempts,
            error,
        )
    return recorded


async def renew(leases: AsyncEngine, lease: Leased, progress: dict[str, Any] | None) -> bool:
    """Move the end of the lease; False when it is not ours any more."""
    told = msgspec.json.encode(progress).decode() if progress else None
    async with driver(leases) as connection:
        renewed: bool = await connection.fetchval(
            RENEW, lease.tenant_id, lease.job_id, lease.lease_token, told
        )
    return renewed
