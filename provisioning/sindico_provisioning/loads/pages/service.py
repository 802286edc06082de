"""What one page or batch writes: rows, counts, log and the cursor after it, all or nothing."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Table

from sindico_platform.database.tx import Tx
from sindico_platform.errors import field_error
from sindico_platform.jobs.context import JobContext
from sindico_platform.telemetry import metrics
from sindico_provisioning.connectors.schemas import Page
from sindico_provisioning.erp_tables.schemas import Checked, Rejection
from sindico_provisioning.exchanges import service as exchanges
from sindico_provisioning.exchanges.schemas import Pull
from sindico_provisioning.loads import queries
from sindico_provisioning.loads.errors import LoadStopped
from sindico_provisioning.loads.logbook import service as logbook
from sindico_provisioning.loads.models import Load, LoadPhase, LoadStatus, LogLevel
from sindico_provisioning.loads.pages import queries as incoming
from sindico_provisioning.loads.pages.schemas import MAX_KEPT_REJECTIONS, Stretch
from sindico_provisioning.loads.schemas import PhaseState, Stint
from sindico_provisioning.loads.stints.service import hold_load, touch_load
from sindico_provisioning.staging import queries as staged
from sindico_provisioning.staging import service as staging
from sindico_provisioning.staging.schemas import Counts
from sindico_tenants.accounts import service as accounts
from sindico_tenants.companies import service as companies
from sindico_tenants.erp_links.schemas import MergeCounts
from sindico_tenants.sales import service as sales


@dataclass(frozen=True, kw_only=True, slots=True)
class Mapping:
    """Where the rows of one CRM table come from, and who writes them."""

    staged: Table
    select_rows: Callable[[Tx, Stretch], Select[Any]]
    bring_in: Callable[..., Awaitable[MergeCounts]]
    list_orphans: Callable[[Tx, Stretch], Awaitable[list[dict[str, Any]]]] | None = None


MAPPINGS = {
    "companies": Mapping(
        staged=incoming.COMPANIES,
        select_rows=incoming.select_companies,
        bring_in=companies.import_companies,
    ),
    "branches": Mapping(
        staged=incoming.BRANCHES,
        select_rows=incoming.select_branches,
        bring_in=companies.import_branches,
        list_orphans=incoming.list_orphan_branches,
    ),
    "sellers": Mapping(
        staged=incoming.SELLERS,
        select_rows=incoming.select_sellers,
        bring_in=sales.import_sellers,
    ),
    "accounts": Mapping(
        staged=incoming.ACCOUNTS,
        select_rows=incoming.select_accounts,
        bring_in=accounts.import_accounts,
    ),
    "contacts": Mapping(
        staged=incoming.CONTACTS,
        select_rows=incoming.select_contacts,
        bring_in=accounts.import_contacts,
    ),
    "sales_orders": Mapping(
        staged=incoming.ORDERS,
        select_rows=incoming.select_orders,
        bring_in=sales.import_orders,
    ),
    "fiscal_notes": Mapping(
        staged=incoming.NOTES,
        select_rows=incoming.select_notes,
        bring_in=sales.import_notes,
    ),
    "trade_bills": Mapping(
        staged=incoming.BILLS,
        select_rows=incoming.select_bills,
        bring_in=sales.import_bills,
    ),
}


async def store_page(
    tx: Tx,
    ctx: JobContext,
    *,
    stint: Stint,
    at: PhaseState,
    page: Page,
    checked: Checked,
    is_snapshot: bool,
    pulls: Sequence[Pull] = (),
) -> PhaseState:
    """Store a fetched page together with the cursor after it.

    Args:
        at: where the phase stood when the page was asked for.
        checked: the page's rows.
        pulls: what was exchanged for the page, for the ledger.
        is_snapshot: all pages of the table together are everything that the ERP has.

    Returns:
        Where the phase stands now.

    Raises:
        LeaseLost, LoadStopped: somebody else goes on; nothing was written.
    """
    load, phase = await hold_phase(tx, ctx, stint, at)
    stored = await _store_rows(tx, stint.integration_id, checked)
    await _keep_rejections(tx, phase, stint.integration_id, checked.rejections)
    counts = replace(stored, rejected=len(checked.rejections))
    advance_phase(tx, load, phase, counts, cursor=page.next_cursor, progress=page.progress)
    facts = page.facts | count_facts(counts)
    await note_phase(tx, phase, "page-stored", detail=page.detail, **facts)
    await exchanges.record_pulls(
        tx,
        integration_id=stint.integration_id,
        load_id=stint.load_id,
        resource=phase.resource,
        pulls=pulls,
        counts=counts,
    )
    if is_snapshot:
        await _follow_snapshot(tx, stint, phase, page, checked)
    if page.done:
        phase.reached, phase.is_whole = page.reached, page.is_whole
        await finish_phase(tx, phase)
    return state_of(phase)


async def _store_rows(tx: Tx, integration_id: UUID, checked: Checked) -> Counts:
    stored = await staging.upsert_page(
        tx, table=checked.table, integration_id=integration_id, rows=checked.rows
    )
    right = (row[0] for row in checked.rows)
    await staging.settle_rejections(
        tx, integration_id=integration_id, resource=checked.table.name, keys=right
    )
    return stored


async def synchronise_batch(
    tx: Tx, ctx: JobContext, *, stint: Stint, at: PhaseState
) -> PhaseState | None:
    """Bring the next rows of the staging into the CRM.

    Returns:
        Where the phase stands now, or None when it is done.

    Raises:
        LeaseLost, LoadStopped: somebody else goes on; nothing was written.
    """
    load, phase = await hold_phase(tx, ctx, stint, at)
    mapping = MAPPINGS[phase.resource]
    after = str((phase.cursor or {}).get("after", ""))
    stretch = await incoming.find_stretch(
        tx, mapping.staged, integration_id=stint.integration_id, after=after
    )
    counts = await _bring_in(tx, phase, mapping, stretch)
    advance_phase(tx, load, phase, counts, cursor={"after": stretch.last}, progress=0.5)
    await note_phase(tx, phase, "rows-synchronised", received=counts.received, last=stretch.last)
    if not stretch.is_end:
        return state_of(phase)
    await finish_phase(tx, phase)
    return None


async def _bring_in(tx: Tx, phase: LoadPhase, mapping: Mapping, stretch: Stretch) -> Counts:
    orphans = await mapping.list_orphans(tx, stretch) if mapping.list_orphans else []
    rejections = [_reject_orphan(phase.received + index, row) for index, row in enumerate(orphans)]
    await _keep_rejections(tx, phase, stretch.integration_id, rejections)
    merged = await mapping.bring_in(
        tx,
        integration_id=stretch.integration_id,
        incoming=mapping.select_rows(tx, stretch),
    )
    return Counts(
        created=merged.created,
        updated=merged.updated,
        unchanged=merged.unchanged,
        rejected=len(rejections),
    )


def _reject_orphan(index: int, row: dict[str, Any]) -> Rejection:
    reason = field_error(
        "cod_empresa",
        "company-missing",
        "The ERP sent no company with the code {company}.",
        company=row["cod_empresa"] or "",
    )
    return Rejection(index=index, id_erp=row["id_erp"], reasons=(reason,), raw=row)


async def hold_phase(
    tx: Tx, ctx: JobContext, stint: Stint, at: PhaseState
) -> tuple[Load, LoadPhase]:
    """Lock the load and its phase as they stood at `at`.

    Raises:
        LeaseLost, LoadStopped: somebody else goes on, or has done this already.
    """
    load = await hold_load(tx, ctx, load_id=stint.load_id)
    phase = await queries.lock_phase(tx, stint.load_id, at.position)
    if phase.pages != at.pages or phase.status == LoadStatus.SUCCEEDED:
        raise LoadStopped
    if phase.status != LoadStatus.RUNNING:
        phase.status, phase.finished_at = LoadStatus.RUNNING, None
        phase.started_at = phase.started_at or tx.now
        await note_phase(
            tx, phase, "phase-started", position=phase.position, resource=phase.resource
        )
    return load, phase


def advance_phase(
    tx: Tx,
    load: Load,
    phase: LoadPhase,
    counts: Counts,
    *,
    cursor: dict[str, Any] | None,
    progress: float,
) -> None:
    """Count what was done, and remember where to go on."""
    phase.cursor, phase.progress = cursor, max(phase.progress, min(progress, 1))
    phase.pages += 1
    phase.received += counts.received
    phase.created += counts.created
    phase.updated += counts.updated
    phase.unchanged += counts.unchanged
    phase.rejected += counts.rejected
    for outcome in ("created", "updated", "unchanged", "rejected"):
        if rows := getattr(counts, outcome):
            figure = metrics.load_rows_total.labels(phase.resource, outcome)
            tx.after_commit(partial(figure.inc, rows))
    load.tries_without_progress, load.error = 0, None
    touch_load(tx, load)


async def finish_phase(tx: Tx, phase: LoadPhase) -> None:
    """Note that a phase is done."""
    phase.status, phase.finished_at, phase.progress = LoadStatus.SUCCEEDED, tx.now, 1
    counts = Counts(
        created=phase.created,
        updated=phase.updated,
        unchanged=phase.unchanged,
        rejected=phase.rejected,
    )
    await note_phase(tx, phase, "phase-succeeded", **count_facts(counts))


async def _keep_rejections(
    tx: Tx, phase: LoadPhase, integration_id: UUID, rejections: list[Rejection]
) -> None:
    if not rejections:
        return
    room = max(0, MAX_KEPT_REJECTIONS - phase.rejected)
    kept = rejections[:room]
    anew = (each.id_erp for each in kept)
    await staging.settle_rejections(
        tx, integration_id=integration_id, resource=phase.resource, keys=anew
    )
    await staging.reject_rows(
        tx,
        integration_id=integration_id,
        load_id=phase.load_id,
        resource=phase.resource,
        rejections=kept,
    )
    await note_phase(tx, phase, "rows-rejected", level=LogLevel.WARNING, count=len(rejections))
    if 0 < room < len(rejections):
        await note_phase(
            tx, phase, "rejections-dropped", level=LogLevel.WARNING, kept=MAX_KEPT_REJECTIONS
        )


async def _follow_snapshot(
    tx: Tx, stint: Stint, phase: LoadPhase, page: Page, checked: Checked
) -> None:
    """Remember what a complete snapshot has and, at its end, mark what it has not."""
    await staging.note_seen_keys(tx, load_id=stint.load_id, checked=checked)
    if not page.done:
        return
    present = await staged.count_present(
        tx, integration_id=stint.integration_id, resource=phase.resource
    )
    if phase.received == 0 and present:
        await note_phase(tx, phase, "snapshot-empty", level=LogLevel.WARNING, present=present)
        return
    dropped = phase.rejected > MAX_KEPT_REJECTIONS
    if dropped or await staged.has_keyless_rejections(
        tx, load_id=stint.load_id, resource=phase.resource
    ):
        await note_phase(tx, phase, "snapshot-unclear", level=LogLevel.WARNING)
        return
    phase.removed = await staging.mark_removed(
        tx, load_id=stint.load_id, integration_id=stint.integration_id, table=checked.table
    )
    if phase.removed:
        await note_phase(tx, phase, "rows-removed", level=LogLevel.WARNING, count=phase.removed)


async def note_phase(
    tx: Tx,
    phase: LoadPhase,
    code: str,
    *,
    level: LogLevel = LogLevel.INFO,
    detail: str | None = None,
    **facts: Any,
) -> None:
    """Write a line about a phase."""
    await logbook.write(
        tx,
        phase.load_id,
        code,
        level=level,
        detail=detail,
        resource=phase.resource,
        facts=facts,
    )


def count_facts(counts: Counts) -> dict[str, Any]:
    """The counts as the log tells them."""
    return {
        "received": counts.received,
        "created": counts.created,
        "updated": counts.updated,
        "unchanged": counts.unchanged,
        "rejected": counts.rejected,
    }


def state_of(phase: LoadPhase) -> PhaseState:
    return PhaseState(
        position=phase.position,
        step=phase.step,
        resource=phase.resource,
        cursor=phase.cursor,
        pages=phase.pages,
        received=phase.received,
    )
