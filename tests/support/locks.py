"""Letting two transactions meet: one holds what the other waits for."""

from collections.abc import Awaitable, Callable

from sqlalchemy import text

from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork

WAITING = text(
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE wait_event_type = 'Lock' AND datname = current_database()"
)


def somebody_waits(
    uow: UnitOfWork, actor: Actor, *, at_least: int = 1
) -> Callable[[], Awaitable[bool]]:
    """Tell whether transactions of this database stand before a lock; for `eventually`."""

    async def is_waiting() -> bool:
        async with uow.begin(actor) as tx:
            return bool(await tx.session.scalar(WAITING) >= at_least)

    return is_waiting
