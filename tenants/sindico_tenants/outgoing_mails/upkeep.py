"""What the clock does for mails, of every tenant: sends somebody for them, and forgets old ones."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from sindico_platform.database.uow import UnitOfWork
from sindico_tenants.outgoing_mails.delivery.lanes import send_somebody
from sindico_tenants.outgoing_mails.queries import list_tenants_waiting

MOST_TENANTS, PURGE_BATCH = 500, 5_000
PURGE = text("SELECT crm.purge_outgoing_mails(:batch)")


async def look_after_mails(fleet: AsyncEngine, uow: UnitOfWork) -> int:
    """Appoint a run wherever mails are due that nobody came for.

    Returns:
        How many runs were appointed.
    """
    waiting = await list_tenants_waiting(fleet, most=MOST_TENANTS)
    return sum([await send_somebody(uow, tenant_id) for tenant_id in waiting])


async def purge_mails(fleet: AsyncEngine) -> int:
    """Delete the mails of all tenants that ended and are older than 90 days.

    Returns:
        How many were deleted.
    """
    total = 0
    while True:
        async with fleet.begin() as connection:
            deleted: int = (await connection.execute(PURGE, {"batch": PURGE_BATCH})).scalar_one()
        total += deleted
        if deleted < PURGE_BATCH:
            return total
