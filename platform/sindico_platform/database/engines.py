"""One pool per database role a running process may use."""

from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from sindico_platform.database.driver import session_settings
from sindico_platform.database.plain import PlainPool
from sindico_platform.settings import Secret, Settings


@dataclass(frozen=True, slots=True)
class Engines:
    """`app` sees the bound tenant; `fleet` reads named tables across tenants."""

    app: AsyncEngine
    leases: AsyncEngine
    """The role `app` again, for claims, heartbeats and outcomes of jobs alone: they must never wait
    for a connection that the jobs' own transactions hold."""
    fleet: AsyncEngine
    plain: PlainPool | None = None
    """The role `app` again, for `UnitOfWork.ask` and `UnitOfWork.reading`; migrations need none."""

    async def dispose(self) -> None:
        if self.plain is not None:
            await self.plain.dispose()
        for engine in (self.app, self.leases, self.fleet):
            await engine.dispose()


def create_engines(settings: Settings, *, process: str, pool_size: int = 12) -> Engines:
    """Make the pools; no connection is opened yet.

    Args:
        process: shown as ``application_name``, so that a DBA can tell api, worker and clock apart.
        pool_size: connections of either pool of `app`; who finds none free waits for up to 10 s.
    """
    return Engines(
        app=_engine(settings.database_url, process=process, pool_size=pool_size),
        leases=_engine(settings.database_url, process=f"{process}-leases", pool_size=4),
        fleet=_engine(settings.database_fleet_url, process=f"{process}-fleet", pool_size=4),
        plain=PlainPool(settings.database_url.reveal(), process=process, size=pool_size),
    )


def _engine(url: Secret[str], *, process: str, pool_size: int) -> AsyncEngine:
    engine = create_async_engine(
        asyncpg_url(url.reveal()),
        pool_size=pool_size,
        # Connections beyond the pool would be opened and closed anew for every use.
        max_overflow=0,
        pool_timeout=10,
        connect_args={
            "server_settings": session_settings(process),
            "timeout": 10,
        },
        json_serializer=lambda value: msgspec.json.encode(value).decode(),
        json_deserializer=msgspec.json.decode,
    )
    event.listen(engine.sync_engine, "checkout", refuse_closed)
    return engine


def refuse_closed(connection: Any, _record: Any, _proxy: Any) -> None:
    """Replace what the server has closed while it lay in the pool, as after a restart.

    Raises:
        InvalidatePoolError: the pool throws all its connections away and opens a new one.
    """
    if connection.driver_connection.is_closed():
        raise InvalidatePoolError


def asyncpg_url(url: str) -> str:
    """Name the driver in a plain ``postgresql://`` URL."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.split("+")[0] not in {"postgresql", "postgres"}:
        raise ValueError("expected a URL that starts with postgresql://")
    return f"postgresql+asyncpg://{rest}"
