"""The only writer that takes rows out of the staging because they are old, or paid."""

from datetime import date
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text

from sindico_platform.database.tx import Tx
from sindico_provisioning.erp_tables.queries import get_table, parent_of
from sindico_provisioning.erp_tables.schemas import ErpTable, earliest_date
from sindico_provisioning.staging.retention.schemas import Retired

STRETCH_ROWS = 20_000


async def retire_stretch(
    tx: Tx, name: str, *, integration_id: UUID, after: str | None, today: date
) -> Retired:
    """Remove what the next rows of a table, in key order, no longer belong in it.

    That is what is older than the table keeps, by its own date or by that of the document it is
    part of (R-385), and bills without a balance or gone from the ERP (R-386). What has no date
    stays. Repeating the call removes nothing more.

    Args:
        after: the last key that was looked at; None begins, and ends at once where nothing is due.
        today: the date it is where the tenant is.
    """
    table = get_table(name)
    values = {
        "tenant_id": tx.tenant_id,
        "integration_id": integration_id,
        "earliest": earliest_date(table, today=today),
    }
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
            AND {_gone(source)})
    """)  # noqa: S608  (names of the definition alone)


@lru_cache
def _removal(table: ErpTable) -> TextClause:
    parent = parent_of(table)
    source = get_table(parent.table) if parent else table
    joined = (
        f"""
        JOIN staging.{source.name} AS dated ON dated.tenant_id = :tenant_id
            AND dated.integration_id = :integration_id AND dated.id_erp = walked.{parent.field}
    """
        if parent
        else f"""
        JOIN staging.{table.name} AS dated ON dated.tenant_id = :tenant_id
            AND dated.integration_id = :integration_id AND dated.id_erp = walked.id_erp
    """
    )
    field = f", {parent.field}" if parent else ""
    return text(f"""
        WITH walked AS MATERIALIZED (
            SELECT id_erp{field} FROM staging.{table.name}
            WHERE tenant_id = :tenant_id AND integration_id = :integration_id AND id_erp > :after
            ORDER BY id_erp LIMIT :rows
        ), gone AS (
            DELETE FROM staging.{table.name} AS kept USING walked {joined}
            WHERE kept.tenant_id = :tenant_id AND kept.integration_id = :integration_id
                AND kept.id_erp = walked.id_erp AND {_gone(source)}
            RETURNING kept.id_erp
        )
        SELECT max(id_erp) AS last, count(*) AS rows, (SELECT count(*) FROM gone) AS removed
        FROM walked
    """)  # noqa: S608  (names of the definition alone)


def _gone(table: ErpTable) -> str:
    """The condition under which a row, called ``dated``, is not kept."""
    if table.closed_when_zero is not None:
        return f"(dated.{table.closed_when_zero} <= 0 OR dated.removed_at IS NOT NULL)"
    return f"dated.{table.date_field} < CAST(:earliest AS date)"
