"""Which clock process ticks: a row with a lease, by the database's clock."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from sindico_platform.database.driver import driver

LEAD = """
    INSERT INTO control.clock_leader AS leader (id, holder, until)
    VALUES (1, $1, clock_timestamp() + make_interval(secs => $2))
    ON CONFLICT (id) DO UPDATE SET holder = excluded.holder, until = excluded.until
    WHERE leader.holder = excluded.holder OR leader.until < clock_timestamp()
    RETURNING true
"""
RESIGN = "DELETE FROM control.clock_leader WHERE holder = $1"


async def lead(fleet: AsyncEngine, holder: UUID, *, lease_seconds: float) -> bool:
    """Take or renew the lead. Of several that ask at once, one gets it."""
    async with driver(fleet, patience_seconds=max(lease_seconds / 2, 1)) as connection:
        return bool(await connection.fetchval(LEAD, holder, lease_seconds))


async def resign(fleet: AsyncEngine, holder: UUID) -> None:
    """Let another lead at once. Does nothing for one that does not lead."""
    async with driver(fleet) as connection:
        await connection.execute(RESIGN, holder)
