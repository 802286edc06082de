"""The only writer of a load's log."""

from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import insert

from sindico_platform.database.tx import Tx
from sindico_platform.words import translatable
from sindico_provisioning.loads.models import LoadLog, LogLevel

LINES: dict[str, str] = {
    "load-requested": translatable(
        "{requested_by} asked for a load of the integration {integration}."
    ),
    "load-started": translatable("The load has started: {phases} phases."),
    "load-resumed": translatable("{requested_by} resumed the load; it goes on where it stopped."),
    "load-cancelled": translatable("{requested_by} cancelled the load. What was stored stays."),
    "load-succeeded": translatable(
        "The load is complete: {received} rows received, {rejected} rejected."
    ),
    "load-empty": translatable("Nothing was pushed since the last run that succeeded."),
    "load-failed": translatable(
        "The load has failed. What was stored stays; resuming goes on from there."
    ),
    "load-waits": translatable("Try {tries} failed; the next one is in {seconds} seconds."),
    "table-not-offered": translatable("The ERP does not offer the table {table}; it is left out."),
    "phase-started": translatable("Phase {position}: {resource}."),
    "phase-succeeded": translatable(
        "{received} rows: {created} created, {updated} updated, {unchanged} unchanged,"
        " {rejected} rejected."
    ),
    "rows-rejected": translatable("{count} rows were rejected; the list of rejections says why."),
    "rejections-dropped": translatable("Only the first {kept} rejected rows of a table are kept."),
    "rows-removed": translatable(
        "{count} rows are no longer in the ERP and are marked as removed."
    ),
    "snapshot-empty": translatable(
        "The ERP sent no row at all, though {present} were there before. Nothing is marked as"
        " removed."
    ),
    "snapshot-unclear": translatable(
        "Rows without a readable key came, so nobody can tell what is missing. Nothing is marked"
        " as removed."
    ),
    "curves-drawn": translatable(
        "{accounts} accounts stand on the ABC curve; {moved} have another class than before."
    ),
    "rows-aged": translatable(
        "{count} rows of {table} are older than two years and were taken out of the intermediate"
        " database."
    ),
    "rows-paid": translatable(
        "{count} rows of {table} are paid, or gone from the ERP, and were taken out of the"
        " intermediate database."
    ),
    "rows-synchronised": translatable("{received} rows, up to the key {last}."),
}
"""Every line of ours by code, as message ids; an ERP's failures and pages bring their own."""


async def write(
    tx: Tx,
    load_id: UUID,
    code: str,
    *,
    detail: str | None = None,
    level: LogLevel = LogLevel.INFO,
    resource: str | None = None,
    facts: dict[str, Any] | None = None,
) -> None:
    """Write one line in the caller's transaction.

    Args:
        detail: an English message id with its ``{facts}`` unfilled; that of `LINES` unless given.
    """
    await tx.session.execute(
        insert(LoadLog).values(
            tenant_id=tx.tenant_id,
            load_id=load_id,
            id=tx.new_id(),
            at=tx.now,
            level=level,
            code=code,
            resource=resource,
            detail=LINES[code] if detail is None else detail,
            facts=msgspec.to_builtins(facts or {}, str_keys=True),
        )
    )
