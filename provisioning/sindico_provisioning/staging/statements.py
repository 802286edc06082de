"""The SQL of storing a page, built once per table from its definition."""

from dataclasses import dataclass
from functools import lru_cache

from sindico_provisioning.erp_tables.queries import list_copy_columns, list_sql_columns
from sindico_provisioning.erp_tables.schemas import ErpTable
from sindico_provisioning.staging.models import CHANGED_AT, KEY, REMOVED_AT

INCOMING = "incoming_page"
"""Temporary table that COPY fills: COPY into a table with row-level security is refused."""

ALWAYS = "true"

REMOVE_INCOMING = f"DELETE FROM {INCOMING} WHERE {KEY} = ANY ($1::text[])"  # noqa: S608

_REJECTED_OF_TABLE = """
    FROM staging.push_rejection WHERE tenant_id = $1 AND integration_id = $2 AND resource = $3
"""
LIST_REJECTED = f"SELECT id_erp {_REJECTED_OF_TABLE}"
COUNT_REJECTED = f"SELECT count(*) {_REJECTED_OF_TABLE}"
FIND_REJECTED = f"{LIST_REJECTED} AND id_erp = ANY ($4::text[])"
FORGET_REJECTED = """
    DELETE FROM staging.push_rejection
    WHERE tenant_id = $1 AND integration_id = $2 AND resource = $3 AND id_erp = ANY ($4::text[])
"""
KEEP_REJECTED = """
    INSERT INTO staging.push_rejection (tenant_id, integration_id, resource, at, id_erp, errors)
    SELECT $1, $2, $3, $4, id_erp, errors
    FROM unnest($5::text[], $6::jsonb[]) AS rejected (id_erp, errors)
    ORDER BY id_erp COLLATE "C"
    ON CONFLICT (tenant_id, integration_id, resource, id_erp)
        DO UPDATE SET errors = EXCLUDED.errors, at = EXCLUDED.at
"""
"""Every key that a push has to do with, those to be forgotten too: they are held by this statement
alone, one after the other in key order, so that pushes cannot deadlock."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PageStatements:
    """Everything said to the driver about one table.

    The upserts take tenant, integration, instant and the number of rows as $1 to $4, and answer
    ``created, updated`` and the keys of both, each only where it is some of the rows and not all.
    Without keys, as with 0 for the number, these are null.
    """

    columns: tuple[str, ...]
    create_incoming: str
    find_known: str
    """Whether any incoming key is stored: tenant and integration as $1 and $2."""
    insert_incoming: str
    """As `upsert_incoming`, where no key is stored; fails if one is stored meanwhile."""
    upsert_incoming: str
    upsert_arrays: str
    """$5 and on: one array for each column."""
    remove: str
    """Mark rows as removed: tenant, integration, instant and an array of keys as $1 to $4. Answers
    the keys that were there."""


@lru_cache
def statements_of(table: ErpTable) -> PageStatements:
    """Build the statements; every name in them comes from the definition."""
    columns = list_copy_columns(table)
    types = [column.sql_type for column in list_sql_columns(table)]
    arrays = ", ".join(f"${at}::{kind}[]" for at, kind in enumerate(types, start=5))
    defined = ", ".join(f"{name} {kind}" for name, kind in zip(columns, types, strict=True))
    return PageStatements(
        columns=columns,
        create_incoming=f"CREATE TEMPORARY TABLE {INCOMING} ({defined}) ON COMMIT DROP",
        find_known=_find_known(table),
        insert_incoming=_insert(table, columns),
        upsert_incoming=_upsert(table, columns, INCOMING),
        upsert_arrays=_upsert(
            table, columns, f"unnest({arrays}) AS {INCOMING} ({', '.join(columns)})"
        ),
        remove=_remove(table),
    )


def _find_known(table: ErpTable) -> str:
    """Each key is looked up only if some row stands between the first and the last of them.

    ``OFFSET 0`` for the reason told at `_upsert`.
    """
    return f"""
        WITH ends AS MATERIALIZED (
            SELECT min({KEY} COLLATE "C") AS first, max({KEY} COLLATE "C") AS last FROM {INCOMING}
        )
        SELECT EXISTS (
            SELECT FROM staging.{table.name} AS near
            WHERE near.tenant_id = $1 AND near.integration_id = $2
                AND near.{KEY} >= (SELECT first FROM ends)
                AND near.{KEY} <= (SELECT last FROM ends)
        ) AND EXISTS (
            SELECT FROM {INCOMING} AS incoming
            WHERE EXISTS (
                SELECT FROM staging.{table.name} AS found
                WHERE found.tenant_id = $1 AND found.integration_id = $2
                    AND found.{KEY} = incoming.{KEY} COLLATE "C"
                OFFSET 0
            )
        )
    """  # noqa: S608  (names of the definition alone)


def _insert(table: ErpTable, columns: tuple[str, ...]) -> str:
    """Write rows of which none is here, in key order, for about half of what an upsert costs.

    An upsert looks each key up in the index once more and logs each row twice.
    """
    names = ", ".join(columns)
    return f"""
        WITH written AS (
            INSERT INTO staging.{table.name} (tenant_id, integration_id, {names}, {CHANGED_AT})
            SELECT $1, $2, {names}, $3
            FROM (
                SELECT {names} FROM {INCOMING} WHERE {_stays(table)}
                ORDER BY {KEY} COLLATE "C" OFFSET 0
            ) AS incoming
            RETURNING 1
        ), told AS (
            SELECT count(*) AS created FROM written
        )
        SELECT created, 0 AS updated,
            CASE WHEN $4::bigint > 0 AND created < $4 THEN (
                SELECT array_agg({KEY}) FROM {INCOMING} WHERE {_stays(table)}
            ) END AS created_keys,
            NULL AS updated_keys
        FROM told
    """  # noqa: S608  (names of the definition alone)


def _upsert(table: ErpTable, columns: tuple[str, ...], source: str) -> str:
    """Write what is new or different and not older, in key order so that writers cannot deadlock.

    What would leave again at once, being too old or paid (R-385, R-386), is not let in; a row that
    is here already is brought up to date, so that the CRM hears of it before it leaves.
    The key stays as it is. What is stored is looked up row by row and first, so that an unchanged
    row is neither written nor locked, and so that the cost of a page does not grow with the table:
    ``OFFSET 0`` keeps the planner from reading the whole table instead, which it would for a
    temporary table whose size it can only guess. ``xmax`` is 0 in a row just inserted.
    """
    names = ", ".join(columns)
    values = [name for name in columns if name != KEY]
    assignments = ", ".join(f"{name} = excluded.{name}" for name in values)
    mine = ", ".join(f"incoming.{name}" for name in columns)
    return f"""
        WITH written AS (
            INSERT INTO staging.{table.name} AS stored
                (tenant_id, integration_id, {names}, {CHANGED_AT})
            SELECT $1, $2, {mine}, $3
            FROM (
                SELECT {names} FROM {source} WHERE {is_let_in(table)}
                ORDER BY {KEY} COLLATE "C" OFFSET 0
            ) AS incoming
            WHERE NOT EXISTS (
                SELECT FROM staging.{table.name} AS found
                WHERE found.tenant_id = $1 AND found.integration_id = $2
                    AND found.{KEY} = incoming.{KEY} COLLATE "C"
                    AND NOT ({_is_news("found", "incoming", values)})
                OFFSET 0
            )
            ON CONFLICT (tenant_id, integration_id, {KEY}) DO UPDATE
            SET {assignments}, {CHANGED_AT} = excluded.{CHANGED_AT}, {REMOVED_AT} = NULL
            WHERE {_is_news("stored", "excluded", values)}
            RETURNING {KEY}, stored.xmax = 0 AS is_new
        ), told AS (
            SELECT count(*) FILTER (WHERE is_new) AS created,
                count(*) FILTER (WHERE NOT is_new) AS updated,
                array_agg({KEY}) FILTER (WHERE is_new) AS created_keys,
                array_agg({KEY}) FILTER (WHERE NOT is_new) AS updated_keys
            FROM written
        )
        SELECT created, updated,
            CASE WHEN $4::bigint > 0 AND created < $4 THEN created_keys END AS created_keys,
            CASE WHEN $4::bigint > 0 AND updated < $4 THEN updated_keys END AS updated_keys
        FROM told
    """  # noqa: S608  (names of the definition alone)


def _is_news(stored: str, incoming: str, values: list[str]) -> str:
    theirs = ", ".join(f"{stored}.{name}" for name in values)
    ours = ", ".join(f"{incoming}.{name}" for name in values)
    return (
        f"({stored}.{REMOVED_AT} IS NOT NULL OR ({theirs}) IS DISTINCT FROM ({ours}))"
        f" AND {incoming}.atualizado_em < {stored}.atualizado_em IS NOT TRUE"
    )


def _remove(table: ErpTable) -> str:
    """Rows are held in key order, as pushes hold them.

    Nothing is joined: of rows that came after the last ANALYZE the planner would compare each with
    each.
    """
    return f"""
        WITH held AS MATERIALIZED (
            SELECT {KEY} FROM staging.{table.name}
            WHERE tenant_id = $1 AND integration_id = $2 AND {REMOVED_AT} IS NULL
                AND {KEY} = ANY ($4::text[])
            ORDER BY {KEY} FOR UPDATE
        )
        UPDATE staging.{table.name} AS gone SET {REMOVED_AT} = $3, {CHANGED_AT} = $3
        WHERE gone.tenant_id = $1 AND gone.integration_id = $2
            AND gone.{KEY} = ANY (ARRAY(SELECT {KEY} FROM held))
        RETURNING gone.{KEY}
    """  # noqa: S608  (names of the definition alone)


def is_let_in(table: ErpTable, *, integration: str = "$2", instant: str = "$3") -> str:
    """The condition on an incoming row: neither too old nor paid (R-385, R-386), or here already.

    Args:
        table: what the row is of.
        integration: the parameter that binds it; the tenant is $1.
        instant: likewise.
    """
    stays = _stays(table, instant)
    if stays == ALWAYS:
        return stays
    return f"""({stays} OR EXISTS (SELECT FROM staging.{table.name} AS here
                WHERE here.tenant_id = $1 AND here.integration_id = {integration}
                    AND here.{KEY} = {INCOMING}.{KEY} COLLATE "C" OFFSET 0))"""


def _stays(table: ErpTable, instant: str = "$3") -> str:
    """The condition on an incoming row that it would not leave again at once."""
    if table.closed_when_zero is not None:
        retired = f"{INCOMING}.{table.closed_when_zero} <= 0"
    elif table.history_years is not None and table.date_field is not None:
        years = f"interval '{table.history_years} years 1 day'"  # a day: zones differ
        retired = f"{INCOMING}.{table.date_field} < ({instant}::timestamptz - {years})::date"
    else:
        return ALWAYS
    return f"({retired}) IS NOT TRUE"
