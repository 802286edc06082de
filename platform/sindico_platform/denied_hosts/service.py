"""The only writer of denied hosts. Every process follows within seconds."""

from uuid import UUID

from sqlalchemy import text

from sindico_platform.audit import service as audit
from sindico_platform.database.conflicts import refusing
from sindico_platform.database.tx import Tx
from sindico_platform.denied_hosts import queries
from sindico_platform.denied_hosts.entries import read_entry
from sindico_platform.denied_hosts.errors import HostDeniedAlready
from sindico_platform.denied_hosts.schemas import DeniedHostOut
from sindico_platform.errors import InvalidInput
from sindico_platform.texts import find_text_fault, squeeze

LONGEST_REASON = 200
DENY = text("SELECT control.deny_host(:id, :entry, :reason, :created_by)")
ALLOW = text("SELECT control.allow_host(:id)")


async def deny_host(tx: Tx, *, entry: str, reason: str) -> DeniedHostOut:
    """Refuse a host, domain, address or range to every customer, for mail and files.

    Raises:
        InvalidInput: the entry is none of these or too wide, or the reason too long.
        HostDeniedAlready: the list has it.
    """
    wanted = read_entry(entry)
    if fault := find_text_fault(reason, field="reason", most=LONGEST_REASON):
        raise InvalidInput(fault)
    new, said = tx.new_id(), {"reason": squeeze(reason), "created_by": tx.actor.name}
    async with refusing(tx, "uq_denied_host_entry", error=HostDeniedAlready(entry=wanted)):
        await tx.session.execute(DENY, {"id": new, "entry": wanted, **said})
    await audit.record(
        tx, "denied-host:add", target_type="denied_host", target_id=new, entry=wanted
    )
    return await queries.get_denied_host(tx, new)


async def allow_host(tx: Tx, *, denied_host_id: UUID) -> None:
    """Take a line off the list.

    Raises:
        DeniedHostNotFound: no such line.
    """
    denied = await queries.get_denied_host(tx, denied_host_id)
    await tx.session.execute(ALLOW, {"id": denied_host_id})
    await audit.record(
        tx,
        "denied-host:remove",
        target_type="denied_host",
        target_id=denied_host_id,
        entry=denied.entry,
    )
