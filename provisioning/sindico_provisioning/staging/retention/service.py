"""The only writer that takes rows out of the staging because they are old, paid or settled.

A load clears what it has read as its last phase. A job clears every integration once a day, so that
what is only pushed, or paused, does not stay for ever.
"""

from datetime import date
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text

from sindico_platform.audit import service as audit
from sindico_platform.database.tx import Tx
from sindico_platform.jobs import service as jobs
from sindico_platform.jobs.context import JobContext
from sindico_provisioning.erp_tables.queries import get_table, parent_of
from sindico_provisioning.erp_tables.schemas import ErpTable, earliest_date
from sindico_provisioning.integrations.queries import get_recorded
from sindico_provisioning.loads.processing.queries import LINKED, RETIRED, SYNCHRONISED
from sindico_provisioning.staging.retention import queries
from sindico_provisioning.staging.retention.models import Retirement
from sindico_provisioning.staging.retention.rejections import service as rejections
from sindico_provisioning.staging.retention.schemas import Retired
from sindico_tenants.abc_curve.queries import read_today

STRETCH_ROWS = 20_000
REJECTIONS = "rejections"
CLEARED = (REJECTIONS, *RETIRED)
"""What a day's clearing goes through. Rejected rows come first: whether one came right is told by
the staging, which may let the right one go."""


async def begin_retirement(tx: Tx, *, integration_id: UUID, job: Any) -> bool:
    """Begin an integration's daily clearing, unless it was begun within the last day.

    Returns:
        Whether it was begun.
    """
    await get_recorded(tx, integration_id, lock=True)
    row = await queries.lock_retirement(tx, integration_id)
    if row is not None and row.begun_at > tx.now - queries.EVERY:
        return False
    row = row or Retirement(tenant_id=tx.tenant_id, integration_id=integration_id)
    row.job_id = await jobs.add(tx, job, integration_id=integration_id)
    row.begun_at, row.ended_at = tx.now, None
    row.resource, row.after, row.removed = CLEARED[0], None, {}
    tx.session.add(row)
    await tx.session.flush()
    return True


async def retire_next(tx: Tx, ctx: JobContext, *, integration_id: UUID) -> bool:
    """Clear the next stretch of an integration's staging, and note how many rows that were.

    Returns:
        Whether nothing is left to do for this job.

    Raises:
        LeaseLost: another worker goes on; nothing was written.
    """
    await jobs.keep_lease(tx, ctx)
    row = await queries.lock_retirement(tx, integration_id)
    if row is None or row.resource is None or row.job_id != ctx.job_id:
        return True
    retired = await _clear_stretch(tx, row.resource, integration_id=integration_id, after=row.after)
    count = row.removed.get(row.resource, 0) + retired.removed
    row.removed = row.removed | {row.resource: count}
    if not retired.is_end:
        row.after = retired.last
        return False
    if count:
        await _record(tx, row.resource, integration_id=integration_id, count=count)
    following = CLEARED[CLEARED.index(row.resource) + 1 :]
    row.resource, row.after = (following or (None,))[0], None
    row.ended_at = None if following else tx.now
    return not following


async def _clear_stretch(tx: Tx, name: str, *, integration_id: UUID, after: str | None) -> Retired:
    if name == REJECTIONS:
        return await rejections.clear_stretch(tx, integration_id=integration_id, after=after)
    return await retire_stretch(
        tx, name, integration_id=integration_id, after=after, today=await read_today(tx)
    )


async def _record(tx: Tx, name: str, *, integration_id: UUID, count: int) -> None:
    """Tell the audit trail how many rows were removed."""
    told: dict[str, Any] = {"target_type": "integration", "target_id": integration_id}
    if name == REJECTIONS:
        await audit.record(tx, "staging:forget-rejections", **told, count=count)
    else:
        await audit.record(tx, "staging:retire", **told, table=name, count=count)


async def retire_stretch(
    tx: Tx, name: str, *, integration_id: UUID, after: str | None, today: date
) -> Retired:
    """Remove what the next rows of a table, in key order, no longer belong in it.

    That is what is older than the table keeps, by its own date or by that of the document it is
    part of (R-385), and bills without a balance or gone from the ERP (R-386), once the CRM has
    learnt of that or if it never knew them. What has no date stays. Repeating the call removes
    nothing more.

    Args:
        after: the last key that was looked at; None begins, and ends at once where nothing is due.
        today: the date it is where the tenant is.
    """
    table = get_table(name)
    values: dict[str, Any] = {
        "tenant_id": tx.tenant_id,
        "integration_id": integration_id,
        "earliest": earliest_date(table, today=today),
    }
    if table.closed_when_zero is not None:
        until = await queries.find_brought_until(tx, integration_id, resource=SYNCHRONISED[name])
        values |= {"linked": LINKED[name], "brought_until": until}
    if after is None and not await _is_due(tx, table, values):
        return Retired(last="", removed=0, is_end=True)
    bounds: dict[str, Any] = {"after": after or "", "rows": STRETCH_ROWS}
    row = (await tx.session.execute(_removal(table), values | bounds)).one()
    return Retired(
        last=row.last or after or "", removed=row.removed, is_end=row.rows < STRETCH_ROWS
    )


def is_by_age(name: str) -> bool:
    """Whether rows leave the table because of their age, and not because they are paid."""
    return get_table(name).history_years is not None


async def _is_due(tx: Tx, table: ErpTable, values: dict[str, Any]) -> bool:
    return bool(await tx.session.scalar(_search(table), values))


@lru_cache
def _search(table: ErpTable) -> TextClause:
    """Whether anything is to be removed; of items, whether a document is, which goes after them."""
    parent = parent_of(table)
    source = get_table(parent.table) if parent else table
    return text(f"""
        SELECT EXISTS (SELECT FROM staging.{source.name} AS dated
        WHERE dated.tenant_id = :tenant_id AND dated.integration_id = :integration_id
            AND {_gone(source, "dated")})
    """)  # noqa: S608  (names of the definition alone)


@lru_cache
def _removal(table: ErpTable) -> TextClause:
    """Rows are held in key order, as pushes hold them, so that neither is caught in a deadlock.

    A row that somebody changes meanwhile is judged by what it became: the conditions are on the
    held row itself. Nothing is joined: of a table that was just filled the planner knows nothing,
    and compares every row of one side with every row of the other.
    """
    return text(f"""
        WITH walked AS MATERIALIZED (
            SELECT id_erp FROM staging.{table.name}
            WHERE tenant_id = :tenant_id AND integration_id = :integration_id AND id_erp > :after
            ORDER BY id_erp LIMIT :rows
        ), held AS MATERIALIZED (
            SELECT kept.id_erp FROM staging.{table.name} AS kept
            WHERE kept.tenant_id = :tenant_id AND kept.integration_id = :integration_id
                AND kept.id_erp = ANY (ARRAY(SELECT id_erp FROM walked))
                AND {_leaves(table)}
            ORDER BY kept.id_erp FOR UPDATE
        ), gone AS (
            DELETE FROM staging.{table.name} AS leaving
            WHERE leaving.tenant_id = :tenant_id AND leaving.integration_id = :integration_id
                AND leaving.id_erp = ANY (ARRAY(SELECT id_erp FROM held))
            RETURNING leaving.id_erp
        )
        SELECT max(id_erp) AS last, count(*) AS rows, (SELECT count(*) FROM gone) AS removed
        FROM walked
    """)  # noqa: S608  (names of the definition alone)


def _leaves(table: ErpTable) -> str:
    """The condition under which a held row leaves: by itself or with the document it is part of."""
    parent = parent_of(table)
    if parent is None:
        return _gone(table, "kept")
    return f"""EXISTS (
        SELECT FROM staging.{parent.table} AS dated
        WHERE dated.tenant_id = :tenant_id AND dated.integration_id = :integration_id
            AND dated.id_erp = kept.{parent.field} AND {_gone(get_table(parent.table), "dated")}
        OFFSET 0
    )"""


def _gone(table: ErpTable, row: str) -> str:
    """The condition under which a row is not kept.

    Times alone don't tell that the CRM has learnt of it: the clock may have been set back.
    """
    if table.closed_when_zero is not None:
        is_paid = f"{row}.{table.closed_when_zero} <= 0"
        return f"""
            ({is_paid} OR {row}.removed_at IS NOT NULL)
            AND NOT EXISTS (
                SELECT FROM crm.external_ref AS known
                JOIN crm.{LINKED[table.name]} AS ours
                    ON ours.tenant_id = :tenant_id AND ours.id = known.id
                WHERE known.tenant_id = :tenant_id AND known.integration_id = :integration_id
                    AND known.resource = :linked AND known.id_erp = {row}.id_erp
                    AND (
                        (GREATEST({row}.changed_at, {row}.removed_at)
                            <= CAST(:brought_until AS timestamptz)) IS NOT TRUE
                        OR ({is_paid} AND ours.open_cents > 0)
                        OR ({row}.removed_at IS NULL) <> (ours.erp_removed_at IS NULL)
                    )
                OFFSET 0
            )
        """
    return f"{row}.{table.date_field} < CAST(:earliest AS date)"
