"""What a running job is given, and what it may return."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from redis.asyncio import Redis

from sindico_platform.blobs.stores import ByteStore
from sindico_platform.database.engines import Engines
from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.egress import EgressGuard, GuardedHttp
from sindico_platform.jobs import store
from sindico_platform.jobs.errors import LeaseLost
from sindico_platform.mail_transport import MailTransport
from sindico_platform.secrets import KeyRing
from sindico_platform.settings import Settings
from sindico_platform.words import Translate


@dataclass(frozen=True, slots=True)
class RunAgain:
    """Go on in a fresh claim. Progress was made, so the attempts start from zero."""

    after_seconds: float = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class JobServices:
    """What a process offers to its jobs; built once."""

    settings: Settings
    engines: Engines
    uow: UnitOfWork
    secrets: KeyRing
    blobs: ByteStore
    http: GuardedHttp
    """Clients for hosts that customers typed."""
    guard: EgressGuard
    """For mail and file servers that customers typed; refuses the vendor's own too."""
    mail_transport: MailTransport
    """The way to customers' own mail servers."""
    translator: Callable[[str], Translate]
    """For what a job writes for people: gives the words of a language, such as ``pt-BR``."""
    redis: Redis | None = None
    """Live progress and wake-ups; a job works without it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class JobContext:
    """One claim of one job."""

    services: JobServices = field(repr=False)
    tenant_id: UUID
    job_id: UUID
    function: str
    attempt: int
    """1 for the first."""
    lease_token: UUID
    request_id: str | None = None

    @property
    def uow(self) -> UnitOfWork:
        return self.services.uow

    @property
    def settings(self) -> Settings:
        return self.services.settings

    @property
    def secrets(self) -> KeyRing:
        return self.services.secrets

    @property
    def blobs(self) -> ByteStore:
        return self.services.blobs

    @property
    def http(self) -> GuardedHttp:
        return self.services.http

    @property
    def guard(self) -> EgressGuard:
        return self.services.guard

    @property
    def mail_transport(self) -> MailTransport:
        return self.services.mail_transport

    @property
    def actor(self) -> Actor:
        """The product itself in the job's tenant, named after the function."""
        return Actor.system(self.tenant_id, self.function, request_id=self.request_id)

    async def heartbeat(self, **progress: Any) -> None:
        """Renew the lease and tell people how far the job is. Call it outside a transaction.

        Args:
            progress: JSON; replaces what was told before, unless empty.

        Raises:
            LeaseLost: the job was cancelled or is somebody else's; let it pass through.
        """
        if not await store.renew(self.services.engines.leases, self, progress or None):
            raise LeaseLost(job_id=self.job_id)
