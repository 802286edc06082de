"""The SQL of storing a page, built once per table from its definition."""

from dataclasses import dataclass
from functools import lru_cache

from sindico_provisioning.erp_tables.queries import list_copy_columns, list_sql_columns
from sindico_provisioning.erp_tables.schemas import ErpTable
from sindico_provisioning.staging.models import CHANGED_AT, KEY, REMOVED_AT

INCOMING = "incoming_page"
"""Temporary table that COPY fills: COPY into a table with row-level security is refused."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PageStatements:
    """Everything said to the driver about one table.

    The upserts take tenant, integration and instant as $1 to $3, and answer ``created, updated``.
    """

    columns: tuple[str, ...]
    create_incoming: str
    upsert_incoming: str
    upsert_arrays: str
    """$4 and on: one array for each column."""


@lru_cache
def statements_of(table: ErpTable) -> PageStatements:
    """Build the statements; every name in them comes from the definition."""
    columns = list_copy_columns(table)
    types = [column.sql_type for column in list_sql_columns(table)]
    arrays = ", ".join(f"${at}::{kind}[]" for at, kind in enumerate(types, start=4))
    defined = ", ".join(f"{name} {kind}" for name, kind in zip(columns, types, strict=True))
    return PageStatements(
        columns=columns,
        create_incoming=f"CREATE TEMPORARY TABLE {INCOMING} ({defined}) ON COMMIT DROP",
        upsert_incoming=_upsert(table, columns, INCOMING),
        upsert_arrays=_upsert(
            table, columns, f"unnest({arrays}) AS {INCOMING} ({', '.join(columns)})"
        ),
    )


def _upsert(table: ErpTable, columns: tuple[str, ...], source: str) -> str:
    """Write what is new or different and not older, in key order so that writers cannot deadlock.

    What would leave again at once, being too old or paid (R-385, R-386), is not let in; a row that
    is here already is brought up to date, so that the CRM hears of it before it leaves.
    The key stays as it is; an unchanged row costs no write. ``xmax`` is 0 in a row just inserted.
    """
    values = [name for name in columns if name != KEY]
    assignments = ", ".join(f"{name} = excluded.{name}" for name in values)
    stored = ", ".join(f"stored.{name}" for name in values)
    excluded = ", ".join(f"excluded.{name}" for name in values)
    return f"""
        WITH written AS (
            INSERT INTO staging.{table.name} AS stored
                (tenant_id, integration_id, {", ".join(columns)}, {CHANGED_AT})
            SELECT $1, $2, {", ".join(columns)}, $3
            FROM {source}{_unless_retired(table)} ORDER BY {KEY} COLLATE "C"
            ON CONFLICT (tenant_id, integration_id, {KEY}) DO UPDATE
            SET {assignments}, {CHANGED_AT} = excluded.{CHANGED_AT}, {REMOVED_AT} = NULL
            WHERE (stored.{REMOVED_AT} IS NOT NULL OR ({stored}) IS DISTINCT FROM ({excluded}))
                AND excluded.atualizado_em < stored.atualizado_em IS NOT TRUE
            RETURNING stored.xmax = 0 AS is_new
        )
        SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM written
    """  # noqa: S608  (names of the definition alone)


def _unless_retired(table: ErpTable) -> str:
    if table.closed_when_zero is not None:
        retired = f"{INCOMING}.{table.closed_when_zero} <= 0"
    elif table.history_years is not None and table.date_field is not None:
        years = f"interval '{table.history_years} years 1 day'"  # a day: zones differ
        retired = f"{INCOMING}.{table.date_field} < ($3::timestamptz - {years})::date"
    else:
        return ""
    return f"""
            WHERE ({retired}) IS NOT TRUE OR EXISTS (SELECT FROM staging.{table.name} AS here
                WHERE here.tenant_id = $1 AND here.integration_id = $2
                    AND here.{KEY} = {INCOMING}.{KEY} COLLATE "C")"""
