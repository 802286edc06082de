"""What a running process is made of, built once from the settings."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from sindico_api.request_limits import RequestLimits
from sindico_platform.blobs.stores import ByteStore, open_store
from sindico_platform.connection_tests.throttle import (
    ConnectionTestThrottle,
    DatabaseLookThrottle,
)
from sindico_platform.database.engines import Engines, create_engines
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.denied_hosts.watch import DeniedHosts
from sindico_platform.egress import DenyList, EgressGuard, GuardedHttp, any_of
from sindico_platform.identity.passwords.hasher import PasswordHasher
from sindico_platform.identity.sign_in.counters import OwnCounters, RedisCounters
from sindico_platform.identity.sign_in.service import Doors
from sindico_platform.identity.sign_in.throttle import SignInThrottle
from sindico_platform.mail import Mailer, MailRoute
from sindico_platform.mail_transport import MailTransport
from sindico_platform.rate_limit.counter import RequestCounter
from sindico_platform.secrets import KeyRing
from sindico_platform.settings import Settings
from sindico_provisioning.pushes.limits import PushLanes

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """Shared by api, worker and clock."""

    settings: Settings
    engines: Engines
    redis: Redis
    uow: UnitOfWork
    secrets: KeyRing
    doors: Doors
    request_limits: RequestLimits
    push_lanes: PushLanes
    blobs: ByteStore
    http: GuardedHttp
    """Clients for hosts that customers typed."""
    guard: EgressGuard
    """For mail and file servers that customers typed; refuses the vendor's own too."""
    mail_transport: MailTransport
    """The way to customers' own mail servers."""
    connection_tests: ConnectionTestThrottle
    database_looks: DatabaseLookThrottle
    mailer: Mailer | None
    """None without ``SINDICO_MAIL_URL``: then links are shown to whoever made them."""


@asynccontextmanager
async def open_context(settings: Settings, *, process: str) -> AsyncIterator[Context]:
    """Open pools and clients, and close them at the end."""
    engines = create_engines(settings, process=process)
    redis: Redis = Redis.from_url(settings.redis_url.reveal(), socket_timeout=5)

    async def wake(channels: frozenset[str]) -> None:
        """Tell sleepers that rows are due. Redis may be gone: then their poll finds the rows."""
        try:
            for channel in channels:
                await redis.publish(f"sindico:wake:{channel}", b"1")
        except (RedisError, OSError):
            log.warning("wake_up_lost", channels=sorted(channels))

    uow = UnitOfWork(engines, wake=wake)
    counter = RequestCounter(redis)
    own = own_hosts(settings)
    guard = EgressGuard.from_settings(settings, deny=any_of(own, DeniedHosts(uow)))
    http = GuardedHttp(EgressGuard.from_settings(settings, deny=own))
    passwords = PasswordHasher()
    throttle = SignInThrottle(RedisCounters(redis), OwnCounters())
    try:
        yield Context(
            settings=settings,
            engines=engines,
            redis=redis,
            uow=uow,
            secrets=KeyRing.parse(settings.key_ring),
            doors=Doors(uow=uow, passwords=passwords, throttle=throttle),
            request_limits=RequestLimits(uow, counter),
            push_lanes=PushLanes(),
            blobs=open_store(settings.blob_url),
            http=http,
            guard=guard,
            mail_transport=MailTransport(guard, http, own_name=own_name(settings)),
            connection_tests=ConnectionTestThrottle(counter),
            database_looks=DatabaseLookThrottle(counter),
            mailer=Mailer.from_settings(settings),
        )
    finally:
        passwords.close()
        await redis.aclose()
        await engines.dispose()


def own_hosts(settings: Settings) -> DenyList:
    """The product's own mail server, which no tenant may use; on loopback the guard refuses it."""
    host = MailRoute.parse(settings.mail_url).host if settings.mail_url else "localhost"
    return DenyList([] if host in {"localhost", "127.0.0.1", "::1"} else [host])


def own_name(settings: Settings) -> str:
    """The host by which we present ourselves to customers' mail servers."""
    return urlsplit(settings.public_url).hostname or "localhost"
