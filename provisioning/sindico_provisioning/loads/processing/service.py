"""What one batch of each phase after the synchronisation writes, all or nothing."""

from collections.abc import Awaitable, Callable
from typing import Any

from sindico_platform.audit import service as audit
from sindico_platform.database.planning import join_by_hash
from sindico_platform.database.tx import Tx
from sindico_platform.jobs.context import JobContext
from sindico_provisioning.classification import service as classification
from sindico_provisioning.loads.pages.service import (
    advance_phase,
    finish_phase,
    hold_phase,
    note_phase,
    state_of,
)
from sindico_provisioning.loads.schemas import PhaseState, Stint
from sindico_provisioning.staging.retention import service as retention
from sindico_provisioning.staging.schemas import Counts
from sindico_tenants.abc_curve import queries as abc_queries
from sindico_tenants.accounts import service as accounts
from sindico_tenants.erp_links.schemas import MergeCounts
from sindico_tenants.portfolios import service as portfolios
from sindico_tenants.portfolios.schemas import Kind

UPDATES: dict[str, Callable[[Tx], Awaitable[MergeCounts]]] = {
    "account_owners": accounts.update_accounts,
    "contact_owners": accounts.update_contacts,
}
KINDS = {"categories": Kind.CATEGORY, "portfolios": Kind.PORTFOLIO}


async def analyse(tx: Tx, ctx: JobContext, *, stint: Stint, at: PhaseState) -> None:
    """Draw the ABC curves of the tenant.

    Raises:
        LeaseLost, LoadStopped: somebody else goes on; nothing was written.
    """
    load, phase = await hold_phase(tx, ctx, stint, at)
    await join_by_hash(tx)
    run = await classification.draw_curves(tx, load_id=stint.load_id)
    counts = Counts(
        created=run.classified,
        updated=run.moved,
        unchanged=run.accounts - run.classified - run.moved,
    )
    advance_phase(tx, load, phase, counts, cursor=None, progress=1)
    facts: dict[str, Any] = {
        "accounts": run.accounts,
        "moved": run.moved,
        "curves": len(run.curves),
    }
    await note_phase(tx, phase, "curves-drawn", **facts)
    await finish_phase(tx, phase)


async def bring_up_to_date(tx: Tx, ctx: JobContext, *, stint: Stint, at: PhaseState) -> None:
    """Bring accounts, or contacts, up to date with what is known now.

    Raises:
        LeaseLost, LoadStopped: somebody else goes on; nothing was written.
    """
    load, phase = await hold_phase(tx, ctx, stint, at)
    await join_by_hash(tx)
    merged = await UPDATES[phase.resource](tx)
    counts = Counts(updated=merged.updated, unchanged=merged.unchanged)
    advance_phase(tx, load, phase, counts, cursor=None, progress=1)
    await finish_phase(tx, phase)


async def categorise(tx: Tx, ctx: JobContext, *, stint: Stint, at: PhaseState) -> None:
    """Put every account into its category, or its portfolio.

    Raises:
        LeaseLost, LoadStopped: somebody else goes on; nothing was written.
    """
    load, phase = await hold_phase(tx, ctx, stint, at)
    await join_by_hash(tx)
    placed = await portfolios.place_accounts(tx, KINDS[phase.resource])
    counts = Counts(
        created=placed.placed,
        updated=placed.moved,
        unchanged=placed.accounts - placed.placed - placed.moved,
    )
    advance_phase(tx, load, phase, counts, cursor=None, progress=1)
    await finish_phase(tx, phase)


async def retire_batch(
    tx: Tx, ctx: JobContext, *, stint: Stint, at: PhaseState
) -> PhaseState | None:
    """Take what is too old, or paid, out of the next stretch of a staging table.

    Returns:
        Where the phase stands now, or None when it is done.

    Raises:
        LeaseLost, LoadStopped: somebody else goes on; nothing was written.
    """
    load, phase = await hold_phase(tx, ctx, stint, at)
    retired = await retention.retire_stretch(
        tx,
        phase.resource,
        integration_id=stint.integration_id,
        after=(phase.cursor or {}).get("after"),
        today=await abc_queries.read_today(tx),
    )
    phase.removed += retired.removed
    advance_phase(tx, load, phase, Counts(), cursor={"after": retired.last}, progress=0.5)
    if not retired.is_end:
        return state_of(phase)
    if phase.removed:
        facts: dict[str, Any] = {"table": phase.resource, "count": phase.removed}
        code = "rows-aged" if retention.is_by_age(phase.resource) else "rows-paid"
        await note_phase(tx, phase, code, **facts)
        await audit.record(
            tx, "staging:retire", target_type="load", target_id=stint.load_id, **facts
        )
    await finish_phase(tx, phase)
    return None
