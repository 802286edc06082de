"""The only writer of sign-offs."""

from uuid import UUID

import msgspec

from sindico_platform.audit import service as audit
from sindico_platform.database.tx import Tx
from sindico_provisioning.erp_tables.queries import get_table
from sindico_provisioning.integrations.queries import get_integration
from sindico_provisioning.loads.queries import find_active_load
from sindico_provisioning.onboarding import queries
from sindico_provisioning.onboarding.errors import LoadUnderWay, NotSignedOff
from sindico_provisioning.onboarding.models import TableSignOff
from sindico_provisioning.onboarding.rules import BY_HAND, Counts, find_reason


async def sign_off(tx: Tx, *, integration_id: UUID, table: str, note: str | None) -> None:
    """Give one's word that nothing of a table was left behind, for the counts as they are now.

    Repeating the call on a table that is signed off changes nothing.

    Raises:
        IntegrationNotFound, ErpTableNotFound: there is no such thing to sign.
        LoadUnderWay: the counts are moving.
    """
    await get_integration(tx, integration_id, lock=True)
    name = get_table(table).name
    if await queries.find_valid(tx, integration_id, name) is not None:
        return
    if await find_active_load(tx, integration_id) is not None:
        raise LoadUnderWay
    counts = (await queries.count_now(tx, integration_id))[name]
    new = tx.new_id_after(await queries.find_last_sign_off(tx, integration_id, name))
    tx.session.add(
        TableSignOff(
            tenant_id=tx.tenant_id,
            id=new,
            integration_id=integration_id,
            resource=name,
            counts=msgspec.to_builtins(counts),
            note=(note or "").strip() or None,
            signed_at=tx.now,
            signed_by=tx.actor.name,
        )
    )
    await tx.session.flush()
    await audit.record(
        tx,
        "table:sign-off",
        target_type="integration",
        target_id=integration_id,
        table=name,
        **msgspec.to_builtins(counts),
    )


async def withdraw(tx: Tx, *, integration_id: UUID, table: str, reason: str) -> None:
    """Take a sign-off back, and say why.

    Raises:
        IntegrationNotFound, ErpTableNotFound: there is no such thing.
        NotSignedOff: nobody has signed, or it was withdrawn before.
    """
    await get_integration(tx, integration_id)
    name = get_table(table).name
    found = await queries.find_valid(tx, integration_id, name)
    if found is None:
        raise NotSignedOff(table=name)
    await _withdraw(tx, found, code=BY_HAND, note=reason.strip() or None)


async def review_sign_offs(tx: Tx, *, integration_id: UUID) -> int:
    """Withdraw the sign-offs that the counts no longer bear out; repeatable.

    Returns:
        How many were withdrawn.
    """
    valid = await queries.list_valid(tx, integration_id)
    if not valid:
        return 0
    now, withdrawn = await queries.count_now(tx, integration_id), 0
    for row in valid:
        signed = msgspec.convert(row.counts, Counts)
        code = find_reason(row.resource, signed, now[row.resource])
        if code is not None:
            await _withdraw(tx, row, code=code, note=None)
            withdrawn += 1
    return withdrawn


async def _withdraw(tx: Tx, row: TableSignOff, *, code: str, note: str | None) -> None:
    row.withdrawn_at, row.withdrawn_by = tx.now, tx.actor.name
    row.withdrawn_code, row.withdrawn_note = code, note
    await tx.session.flush()
    await audit.record(
        tx,
        "table:withdraw",
        target_type="integration",
        target_id=row.integration_id,
        table=row.resource,
        reason=code,
    )
