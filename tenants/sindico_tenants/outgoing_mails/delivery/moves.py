"""Giving mails that wait to another server: theirs is gone, or lets nobody in."""

from uuid import UUID

from sindico_platform.database.tx import Tx
from sindico_tenants.outgoing_mails import queries
from sindico_tenants.outgoing_mails.choice import first_choice, is_resting
from sindico_tenants.outgoing_mails.delivery import store
from sindico_tenants.smtp_settings import queries as smtp


async def adopt_orphans(tx: Tx) -> None:
    """Give mails whose server was removed to the one that now applies; without any, skip them."""
    for orphan in await queries.list_orphans(tx):
        servers = await smtp.list_candidates(
            tx, company_id=orphan.company_id, branch_id=orphan.branch_id
        )
        chosen = first_choice(servers, tx.now)
        await store.move_mails(
            tx,
            settings_id=orphan.settings_id,
            company_id=orphan.company_id,
            branch_id=orphan.branch_id,
            to=chosen.id if chosen else None,
        )


async def move_to_others(tx: Tx, *, settings_id: UUID) -> None:
    """Give the mails of a server that rests to others that may send them; the rest waits for it."""
    for waiting in await queries.list_waiting_scopes(tx, settings_id):
        servers = await smtp.list_candidates(
            tx, company_id=waiting.company_id, branch_id=waiting.branch_id
        )
        awake = [row for row in servers if row.id != settings_id and not is_resting(row, tx.now)]
        if awake:
            await store.move_mails(
                tx,
                settings_id=settings_id,
                company_id=waiting.company_id,
                branch_id=waiting.branch_id,
                to=awake[0].id,
            )
