"""Who acts, and the open transaction they act in."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from sindico_platform.database.driver import Row, as_database_errors

RANDOM_BITS = 80
"""Of a UUIDv7, with its version: what follows the 48 bits of milliseconds."""


class ActorKind(StrEnum):
    """What kind of principal a credential stands for."""

    USER = "user"
    API_CLIENT = "api_client"
    SYSTEM = "system"


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """The authenticated principal of a request, or the system in a job."""

    tenant_id: UUID
    """The actor's own tenant, which need not be the one it works in."""
    kind: ActorKind
    name: str
    """Shown in the audit trail: a login, a client's name, or the job's function."""
    id: UUID | None = None
    permissions: frozenset[str] = frozenset()
    """``resource:access`` pairs."""
    is_master: bool = False
    """Whether the own tenant is the master tenant, whose users may reach the vendor's routes."""
    locale: str = "pt-BR"
    timezone: str = "America/Sao_Paulo"
    request_id: str | None = None
    support_session_id: UUID | None = None
    """Set while vendor staff act inside a customer's tenant."""

    @classmethod
    def system(
        cls, tenant_id: UUID, name: str = "system", *, request_id: str | None = None
    ) -> Self:
        """The product itself, inside one tenant; it holds every permission."""
        return cls(tenant_id=tenant_id, kind=ActorKind.SYSTEM, name=name, request_id=request_id)

    def may(self, permission: str) -> bool:
        return self.kind is ActorKind.SYSTEM or permission in self.permissions


@dataclass(kw_only=True, slots=True)
class Tx:
    """An open transaction, bound to one tenant.

    ``now`` is the database's clock at the start of the transaction, so that leases do not break
    when a process's own clock is wrong.
    """

    session: AsyncSession
    actor: Actor
    tenant_id: UUID
    now: datetime
    wakes: set[str] = field(default_factory=set)
    gathered_events: list[dict[str, Any]] | None = None
    """Rows of the audit trail that `audit.gathered` will write; None when each is written alone."""

    async def fetch(self, statement: str, *values: Any) -> list[Row]:
        """Read rows without SQLAlchemy in between.

        Args:
            statement: in PostgreSQL's own form, with ``$1`` and on for the values.
        """
        connection = await self.session.connection()
        plain: Any = (await connection.get_raw_connection()).driver_connection
        with as_database_errors(statement):
            rows: list[Row] = await plain.fetch(statement, *values, record_class=Row)
        return rows

    figures: list[Callable[[], object]] = field(default_factory=list)

    def new_id(self) -> UUID:
        """A UUIDv7: ordered by time, made here because PostgreSQL has it only from 18 on."""
        return uuid7()

    def new_id_after(self, last: UUID | None) -> UUID:
        """A new id above `last`, whatever the clocks say of this host and of the one that made it.

        Where ids tell what came later, each is made after the last one of its kind.
        """
        new = self.new_id()
        if last is None or new > last:
            return new
        next_millisecond = (last.int >> RANDOM_BITS) + 1
        return UUID(int=next_millisecond << RANDOM_BITS | new.int & (1 << RANDOM_BITS) - 1)

    def wake(self, channel: str) -> None:
        """Publish one wake-up on `channel` after the commit; losing it costs one poll."""
        self.wakes.add(channel)

    def after_commit(self, tell: Callable[[], object]) -> None:
        """Call `tell` once this is committed; for metrics alone: a crash loses it."""
        self.figures.append(tell)
