"""The SQL that writes a stretch of rows and takes it back, built once from each definition.

Every name in it comes from the definition, every value is bound.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from sqlalchemy import Dialect
from sqlalchemy.dialects import postgresql

from sindico_platform.database.base import table_of
from sindico_tenants.companies.linked.queries import referrers_of
from sindico_tenants.imports.definitions import Importable, get_importable

DIALECT: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # it has no types

COLUMNS = (
    "number",
    "cells",
    "outcome",
    "reasons",
    "keys",
    "target_id",
    "target_revision",
    "values",
    "before",
)
INCOMING = "incoming_rows"
"""Temporary table that COPY fills: COPY into a table with row-level security is refused."""
CREATE_INCOMING = f"""
    CREATE TEMPORARY TABLE {INCOMING} (
        number bigint, cells text[], outcome text, reasons text, keys text[], target_id uuid,
        target_revision bigint, "values" text, before text
    ) ON COMMIT DROP
"""
KEEP_ROWS = f"""
    INSERT INTO crm.import_row (
        tenant_id, import_id, number, cells, outcome, reasons, keys, target_id, target_revision,
        "values", before
    )
    SELECT $1, $2, number, cells, outcome, reasons::jsonb, keys, target_id, target_revision,
        "values"::jsonb, before::jsonb
    FROM {INCOMING}
"""  # noqa: S608  (names of ours alone)

REJECT_DUPLICATES = """
    WITH said AS MATERIALIZED (
        SELECT number, key FROM crm.import_row, unnest(keys) AS key
        WHERE tenant_id = $1 AND import_id = $2
    ), twice AS MATERIALIZED (
        SELECT key, min(number) AS first, max(number) AS last
        FROM said GROUP BY key HAVING count(*) > 1
    ), affected AS (
        SELECT DISTINCT ON (s.number) s.number, s.key,
            CASE WHEN t.first = s.number THEN t.last ELSE t.first END AS other
        FROM twice AS t JOIN said AS s ON s.key = t.key
        ORDER BY s.number, s.key
    )
    UPDATE crm.import_row AS r
    SET outcome = 'rejected', "values" = NULL, before = NULL, target_revision = NULL,
        reasons = COALESCE(r.reasons, '[]') || jsonb_build_array(jsonb_build_object(
            'field', CASE WHEN a.key LIKE 'id:%' THEN '' ELSE split_part(a.key, ':', 1) END,
            'code', 'duplicate-row', 'detail', $3::text,
            'facts', jsonb_build_object('number', a.other)))
    FROM affected AS a
    WHERE r.tenant_id = $1 AND r.import_id = $2 AND r.number = a.number
"""

REJECT_UNWRITTEN = """
    WITH missed AS (
        SELECT number, outcome FROM crm.import_row
        WHERE tenant_id = $1 AND import_id = $2 AND number BETWEEN $3 AND $4
            AND outcome IN ('created', 'updated') AND target_id <> ALL ($5::uuid[])
    ), rejected AS (
        UPDATE crm.import_row AS r
        SET outcome = 'rejected', reasons = $6::jsonb, "values" = NULL, before = NULL
        FROM missed AS m
        WHERE r.tenant_id = $1 AND r.import_id = $2 AND r.number = m.number
    )
    SELECT count(*) FILTER (WHERE outcome = 'created'), count(*) FILTER (WHERE outcome = 'updated')
    FROM missed
"""
"""``$5`` are the ids of the records that were written, ``$6`` the reason as JSON. Answers how many
of each outcome were not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Statements:
    """What is said about one resource, for one stretch of an import's rows.

    ``$1`` to ``$4`` are tenant, import and the first and last number of the stretch, ``$5`` the
    instant, ``$6`` the user.
    """

    hold_to_write: str
    """Holds the records that are written, in the order of their ids as everybody who holds many
    does, so that nobody is caught in a deadlock. It takes ``$1`` to ``$4`` alone."""
    hold_to_undo: str
    """The same, and nothing can be linked to them either."""
    write: str
    """Answers the ids of the records that were created and of those that were changed."""
    undo: str
    """``$7`` to ``$10`` are the details of `KEPT`: changed, gone, linked, taken. Answers how many
    were removed, restored and kept."""


@cache
def statements_of(resource: str) -> Statements:
    maker = _Maker(get_importable(resource))
    return Statements(
        hold_to_write=maker.hold("'updated'", "NO KEY UPDATE"),
        hold_to_undo=maker.hold("'created', 'updated'", "UPDATE"),
        write=maker.write(),
        undo=maker.undo(),
    )


class _Maker:
    def __init__(self, definition: Importable) -> None:
        self.definition, self.table = definition, table_of(definition.table)
        parent = definition.parent
        self.names = [*definition.stored, *([parent.column] if parent else [])]
        """The columns that are written."""
        alone = [definition.alone] if definition.alone else []
        owned = [*(key.field for key in definition.keys), *alone]
        self.told = [*owned, *([parent.column] if parent else [])]
        """The columns by which records are told apart; `stretch` has them as ``key_…``."""

    def hold(self, outcomes: str, strength: str) -> str:
        return f"""
            SELECT count(*) FROM (
                SELECT FROM {self.table.fullname} AS o
                WHERE o.tenant_id = $1 AND o.id = ANY (ARRAY(
                    SELECT target_id FROM crm.import_row
                    WHERE tenant_id = $1 AND import_id = $2 AND outcome IN ({outcomes})
                        AND number BETWEEN $3 AND $4))
                ORDER BY o.id FOR {strength} OF o
            ) AS held
        """  # noqa: S608  (names of ours alone)

    def write(self) -> str:
        table, columns = self.table.fullname, ", ".join(self.names)
        values = ", ".join(self._value(name, "r.values") for name in self.names)
        parent = self.definition.parent
        # Foreign keys hold the parents in the order of the rows. Those that are free are found
        # before they are put in order: else the planner compares all of one parent by pairs.
        order = f"r.key_{parent.column}, r.number" if parent else "r.number"
        return f"""
            WITH {self._stretch('"values"')}, fresh AS MATERIALIZED (
                SELECT r.* FROM stretch AS r
                WHERE r.outcome = 'created' AND {self._free("r.target_id")}
                    AND {self._has_parent()}
            ), created AS (
                INSERT INTO {table} (tenant_id, id, {columns}, pinned_fields, revision,
                    created_at, created_by, updated_at, updated_by)
                SELECT $1, r.target_id, {values}, '{{}}', 1, $5, $6, $5, $6
                FROM fresh AS r
                ORDER BY {order}
                RETURNING id
            ), changed AS (
                UPDATE {table} AS o
                SET {self._changes("r.values")}, pinned_fields = {self._pins()},
                    revision = o.revision + 1, updated_at = $5, updated_by = $6
                FROM stretch AS r
                WHERE r.outcome = 'updated' AND o.tenant_id = $1 AND o.id = r.target_id
                    AND o.revision = r.target_revision AND {self._free("o.id", "o")}
                RETURNING o.id
            )
            SELECT ARRAY(SELECT id FROM created), ARRAY(SELECT id FROM changed)
        """  # noqa: S608  (names of the definition alone)

    def undo(self) -> str:
        table = self.table.fullname
        return f"""
            WITH {self._stretch("before")}, removed AS (
                DELETE FROM {table} AS o USING stretch AS r
                WHERE r.outcome = 'created' AND o.tenant_id = $1 AND o.id = r.target_id
                    AND o.revision = 1 AND ({self._links("o.id")}) = 0
                RETURNING o.id
            ), restored AS (
                UPDATE {table} AS o
                SET {self._changes("r.before")},
                    pinned_fields = ARRAY(
                        SELECT jsonb_array_elements_text(r.before -> 'pinned_fields')),
                    revision = o.revision + 1, updated_at = $5, updated_by = $6
                FROM stretch AS r
                WHERE r.outcome = 'updated' AND o.tenant_id = $1 AND o.id = r.target_id
                    AND o.revision = r.target_revision + 1 AND {self._free("o.id", "o")}
                RETURNING o.id
            ), done AS MATERIALIZED (
                SELECT ARRAY(SELECT id FROM removed UNION ALL SELECT id FROM restored) AS ids
            ), left_over AS (
                SELECT s.number, o.id IS NULL AS is_gone,
                    o.revision <> COALESCE(s.target_revision + 1, 1) AS is_changed,
                    CASE WHEN s.outcome = 'created' THEN ({self._links("s.target_id")}) END AS links
                FROM stretch AS s
                LEFT JOIN {table} AS o ON o.tenant_id = $1 AND o.id = s.target_id
                WHERE s.target_id <> ALL ((SELECT ids FROM done)::uuid[])
            ), kept AS (
                UPDATE crm.import_row AS r
                SET kept_because = jsonb_build_object('field', '', 'facts',
                    jsonb_build_object('count', COALESCE(l.links, 0))) || CASE
                        WHEN l.is_gone THEN
                            jsonb_build_object('code', 'kept-gone', 'detail', $8::text)
                        WHEN l.is_changed THEN
                            jsonb_build_object('code', 'kept-changed', 'detail', $7::text)
                        WHEN l.links > 0 THEN
                            jsonb_build_object('code', 'kept-linked', 'detail', $9::text)
                        ELSE jsonb_build_object('code', 'kept-taken', 'detail', $10::text) END
                FROM left_over AS l
                WHERE r.tenant_id = $1 AND r.import_id = $2 AND r.number = l.number
                RETURNING r.number
            )
            SELECT (SELECT count(*) FROM removed), (SELECT count(*) FROM restored),
                (SELECT count(*) FROM kept)
        """  # noqa: S608  (names of the definition alone)

    def _stretch(self, source: str) -> str:
        """The rows, with the values by which records are told apart as plain columns.

        Only plain columns meet an index under row-level security: reading JSON is not leakproof.
        """
        told = ", ".join(f"{self._value(name, source)} AS key_{name}" for name in self.told)
        return f"""
            stretch AS MATERIALIZED (
                SELECT number, outcome, target_id, target_revision, "values", before, {told}
                FROM crm.import_row
                WHERE tenant_id = $1 AND import_id = $2 AND outcome IN ('created', 'updated')
                    AND number BETWEEN $3 AND $4
            )"""  # noqa: S608  (names of the definition alone)

    def _changes(self, source: str) -> str:
        return ",\n".join(
            f"{name} = CASE WHEN {source} ? '{name}' THEN {self._value(name, source)}"
            f" ELSE o.{name} END"
            for name in self.definition.stored
        )

    def _value(self, name: str, source: str) -> str:
        kind = self.table.c[name].type.compile(dialect=DIALECT)
        return f"({source} ->> '{name}')::{kind}"

    def _free(self, own: str, record: str | None = None) -> str:
        """That nobody else has what is one record's own."""
        return " AND ".join(self._taken(own, record)) or "true"

    def _taken(self, own: str, record: str | None) -> Iterator[str]:
        for key in self.definition.keys:
            same = f"x.{key.field} = r.key_{key.field}"
            if key.within:
                same += f" AND x.{key.within} = {_of(key.within, record)}"
            yield self._no_other(own, same)
        parent, alone = self.definition.parent, self.definition.alone
        if parent and alone:
            whose = f"x.{parent.column} = {_of(parent.column, record)}"
            yield self._no_other(own, f"x.{alone} AND r.key_{alone} AND {whose}")

    def _no_other(self, own: str, condition: str) -> str:
        return (
            f"NOT EXISTS (SELECT FROM {self.table.fullname} AS x"
            f" WHERE x.tenant_id = $1 AND x.id <> {own} AND {condition})"
        )

    def _has_parent(self) -> str:
        parent = self.definition.parent
        if parent is None:
            return "true"
        return (
            f"EXISTS (SELECT FROM {table_of(parent.table).fullname} AS p WHERE p.tenant_id = $1"
            f" AND p.id = r.key_{parent.column})"
        )

    def _pins(self) -> str:
        """As an edit by hand: of a record that an ERP brought, what changes is pinned."""
        return f"""CASE WHEN EXISTS (
                SELECT FROM crm.external_ref AS e
                WHERE e.tenant_id = $1 AND e.resource = '{self.table.name}' AND e.id = o.id
            ) THEN ARRAY(
                SELECT unnest(o.pinned_fields) UNION SELECT jsonb_object_keys(r.values) ORDER BY 1
            ) ELSE o.pinned_fields END"""

    def _links(self, row_id: str) -> str:
        """How many records of any kind depend on one."""
        counts = []
        for table, columns in referrers_of(self.definition.table).items():
            those = " OR ".join(f"x.{column.name} = {row_id}" for column in columns)
            of_tenant = f"FROM {table.fullname} AS x WHERE x.tenant_id = $1"
            counts.append(f"(SELECT count(*) {of_tenant} AND ({those}))")
        return " + ".join(counts) or "0"


def _of(column: str, record: str | None) -> str:
    """The parent of a new record stands in its row; that of one that is there stays."""
    return f"{record}.{column}" if record else f"r.key_{column}"
