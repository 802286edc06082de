"""The SQL of comparing, built once per table from its definition; set by set, never row by row.

A row's digest is a hash of its typed values as text, so both sides have the same digest when they
hold the same values. A checksum is the sum of the digests with a hash of the keys: equal whatever
the order.
"""

from collections.abc import Sequence
from functools import lru_cache

from sindico_provisioning.erp_tables.queries import list_copy_columns
from sindico_provisioning.erp_tables.schemas import ErpTable
from sindico_provisioning.loads.processing.queries import LINKED
from sindico_provisioning.staging.statements import INCOMING, is_let_in

KEPT_KEYS = 1000
"""Of each kind and table."""
SAME_CLOCK = "SELECT set_config('TimeZone', 'UTC', true)"
"""Instants are digested as text, which must not depend on who connects."""


def _digest(table: ErpTable) -> str:
    return f"hashtextextended(ROW({', '.join(list_copy_columns(table))})::text, 0)"


@lru_cache
def keep_page(table: ErpTable) -> str:
    """Keep keys and digests of the page in the temporary table, of rows that a load would keep.

    $1 tenant, $2 comparison, $3 integration, $4 instant.
    """
    return f"""
        INSERT INTO staging.source_key (tenant_id, reconciliation_id, resource, id_erp, digest)
        SELECT $1, $2, '{table.name}', id_erp, {_digest(table)} FROM {INCOMING}
        WHERE $3::uuid IS NOT NULL AND $4::timestamptz IS NOT NULL
            AND {is_let_in(table, integration="$3", instant="$4")}
        ORDER BY id_erp
        ON CONFLICT (tenant_id, reconciliation_id, resource, id_erp)
        DO UPDATE SET digest = excluded.digest
    """  # noqa: S608  (names of the definition alone)


KEEP_REJECTED = """
    INSERT INTO staging.source_key (tenant_id, reconciliation_id, resource, id_erp)
    SELECT $1, $2, $3, key FROM unnest($4::text[]) AS key ORDER BY key
    ON CONFLICT DO NOTHING
"""


def _outside_crm(table: ErpTable) -> str:
    """The staged keys that stand for no row of ours, each looked up by itself.

    ``OFFSET 0`` keeps the planner from joining them: of rows that came after the last ANALYZE it
    would compare each with each.
    """
    linked = LINKED.get(table.name)
    if linked is None:
        return "SELECT NULL, NULL WHERE false"
    return f"""
        SELECT ours.id_erp, 'outside-crm' FROM ours WHERE NOT EXISTS (
            SELECT FROM crm.external_ref AS ref WHERE ref.tenant_id = $1
            AND ref.integration_id = $3 AND ref.resource = '{linked}' AND ref.id_erp = ours.id_erp
            OFFSET 0
        )
    """  # noqa: S608  (names of our own)


def add_up(table: ErpTable, fields: Sequence[str]) -> str:
    """How many rows are staged, and the sums of fields; $1 tenant, $2 integration."""
    sums = "".join(f", coalesce(sum({field}), 0) AS {field}" for field in fields)
    return f"""
        SELECT count(*) AS rows{sums} FROM staging.{table.name}
        WHERE tenant_id = $1 AND integration_id = $2 AND removed_at IS NULL
    """  # noqa: S608  (names of the definition alone)


@lru_cache
def keep_outside(table: ErpTable) -> str:
    """Keep the keys that are staged and not in the CRM, and count them.

    $1 tenant, $2 comparison, $3 integration.
    """
    return f"""
        WITH ours AS (
            SELECT id_erp FROM staging.{table.name}
            WHERE tenant_id = $1 AND integration_id = $3 AND removed_at IS NULL
        ), outside AS MATERIALIZED ({_outside_crm(table)}), kept AS (
            INSERT INTO control.reconciled_difference
                (tenant_id, reconciliation_id, resource, kind, id_erp)
            SELECT $1, $2, '{table.name}', kind, id_erp
            FROM outside AS each (id_erp, kind) ORDER BY id_erp LIMIT {KEPT_KEYS}
        )
        SELECT count(*) FROM outside WHERE $2::uuid IS NOT NULL AND $3::uuid IS NOT NULL
    """  # noqa: S608  (names of our own)


@lru_cache
def compare(table: ErpTable) -> str:
    """Compare, keep the keys that differ, and answer the figures.

    $1 tenant, $2 comparison, $3 integration.
    """
    return f"""
        WITH source AS MATERIALIZED (
            SELECT id_erp, digest FROM staging.source_key
            WHERE tenant_id = $1 AND reconciliation_id = $2 AND resource = '{table.name}'
        ), ours AS MATERIALIZED (
            SELECT id_erp, {_digest(table)} AS digest FROM staging.{table.name}
            WHERE tenant_id = $1 AND integration_id = $3 AND removed_at IS NULL
        ), differing AS MATERIALIZED (
            SELECT coalesce(source.id_erp, ours.id_erp) AS id_erp, CASE
                WHEN ours.id_erp IS NULL THEN 'missing'
                WHEN source.id_erp IS NULL THEN 'extra' ELSE 'changed' END AS kind
            FROM source FULL JOIN ours ON ours.id_erp = source.id_erp
            WHERE ours.id_erp IS NULL OR source.id_erp IS NULL OR source.digest <> ours.digest
            UNION ALL {_outside_crm(table)}
        ), kept AS (
            INSERT INTO control.reconciled_difference
                (tenant_id, reconciliation_id, resource, kind, id_erp)
            SELECT $1, $2, '{table.name}', kind, id_erp FROM (
                SELECT *, row_number() OVER (PARTITION BY kind ORDER BY id_erp) AS place
                FROM differing
            ) AS counted WHERE place <= {KEPT_KEYS}
        )
        SELECT
            (SELECT count(*) FROM source) AS source_rows,
            (SELECT sum(coalesce(digest, 0)::numeric + hashtextextended(id_erp, 1))
                FROM source)::text AS source_checksum,
            (SELECT count(*) FROM ours) AS staged_rows,
            (SELECT sum(digest::numeric + hashtextextended(id_erp, 1)) FROM ours)::text
                AS staged_checksum,
            count(*) FILTER (WHERE kind = 'missing') AS missing,
            count(*) FILTER (WHERE kind = 'extra') AS extra,
            count(*) FILTER (WHERE kind = 'changed') AS changed,
            count(*) FILTER (WHERE kind = 'outside-crm') AS outside_crm
        FROM differing
    """  # noqa: S608  (names of the definition alone)
