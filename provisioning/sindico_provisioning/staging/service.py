"""The only writer of the staging."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from sqlalchemy import ARRAY, Text, any_, delete, insert, literal, update

from sindico_platform.database.tx import Tx
from sindico_platform.errors import FieldError
from sindico_provisioning.erp_tables.schemas import Checked, ErpTable, Rejection
from sindico_provisioning.staging import queries
from sindico_provisioning.staging.models import STAGING, SeenKey, StagingRejection
from sindico_provisioning.staging.schemas import Counts
from sindico_provisioning.staging.statements import INCOMING, statements_of

MOST_BY_ARRAYS = 1000
"""Above this many rows a temporary table and COPY are quicker than arrays."""

MARKED_AT_ONCE = 10_000
Keys = ARRAY(Text(collation="C"))
MAX_RAW_CHARACTERS = 16_384

Rows = Sequence[tuple[Any, ...]]


async def upsert_page(tx: Tx, *, table: ErpTable, integration_id: UUID, rows: Rows) -> Counts:
    """Store checked rows; repeating the call changes nothing.

    A row older than the stored one, by `atualizado_em`, counts as unchanged.

    Args:
        rows: as `check_rows` gives them: in COPY order, each key once.
    """
    if not rows:
        return Counts()
    connection = await driver_of(tx)
    said = statements_of(table)
    bound = (tx.tenant_id, integration_id, tx.now)
    if len(rows) <= MOST_BY_ARRAYS:
        arrays = [list(column) for column in zip(*rows, strict=True)]
        created, updated = await connection.fetchrow(said.upsert_arrays, *bound, *arrays)
    else:
        await connection.execute(said.create_incoming)
        await connection.copy_records_to_table(INCOMING, records=rows, columns=said.columns)
        created, updated = await connection.fetchrow(said.upsert_incoming, *bound)
        await connection.execute(f"DROP TABLE {INCOMING}")
    return Counts(created=created, updated=updated, unchanged=len(rows) - created - updated)


async def driver_of(tx: Tx) -> asyncpg.Connection:
    """The transaction's connection as the driver knows it, for COPY and arrays."""
    connection = await tx.session.connection()
    return (await connection.get_raw_connection()).driver_connection


async def reject_rows(
    tx: Tx, *, load_id: UUID, resource: str, rejections: Iterable[Rejection]
) -> None:
    """Keep rows that were not taken, with their reasons."""
    kept = [
        {
            "tenant_id": tx.tenant_id,
            "load_id": load_id,
            "id": tx.new_id(),
            "resource": resource,
            "row_index": rejection.index,
            "id_erp": rejection.id_erp,
            "errors": [describe_reason(item) for item in rejection.reasons],
            "raw": render_raw(rejection.raw),
            "at": tx.now,
        }
        for rejection in rejections
    ]
    if kept:
        await tx.session.execute(insert(StagingRejection), kept)


def describe_reason(error: FieldError) -> dict[str, Any]:
    """The reason with its facts apart, so that it can be told in any language."""
    return {
        "field": error.field,
        "code": error.code,
        "detail": error.detail,
        "facts": msgspec.to_builtins(dict(error.facts), str_keys=True),
    }


def render_raw(raw: Any) -> str:
    """The row as JSON that can be stored and shown, whatever it was."""
    try:
        rendered = msgspec.json.encode(raw).decode()
    except (TypeError, ValueError):  # half a surrogate pair, or a type that JSON has not
        rendered = msgspec.json.encode(repr(raw)).decode()
    if "\\u0000" in rendered:
        rendered = rendered.replace("\\u0000", "")
    if len(rendered) > MAX_RAW_CHARACTERS:
        rendered = msgspec.json.encode(rendered[:MAX_RAW_CHARACTERS]).decode()
    return rendered


async def note_seen_keys(tx: Tx, *, load_id: UUID, checked: Checked) -> None:
    """Remember which keys a complete snapshot has; a rejected row is there all the same."""
    keys = {row[0] for row in checked.rows}
    keys.update(item.id_erp for item in checked.rejections if item.id_erp is not None)
    connection = await driver_of(tx)
    await connection.execute(
        """
        INSERT INTO staging.seen_key (tenant_id, load_id, resource, id_erp)
        SELECT $1, $2, $3, key FROM unnest($4::text[]) AS key
        ON CONFLICT DO NOTHING
        """,
        tx.tenant_id,
        load_id,
        checked.table.name,
        sorted(keys),
    )


async def mark_removed(tx: Tx, *, load_id: UUID, integration_id: UUID, table: ErpTable) -> int:
    """Mark the rows that the load's complete snapshot did not have.

    Returns:
        How many were marked now; repeating the call marks none.
    """
    staged = STAGING[table.name]
    gone = await queries.list_unseen(tx, staged, load_id=load_id, integration_id=integration_id)
    for first in range(0, len(gone), MARKED_AT_ONCE):
        await tx.session.execute(
            update(staged)
            .where(
                staged.c.tenant_id == tx.tenant_id,
                staged.c.integration_id == integration_id,
                staged.c.id_erp == any_(literal(gone[first : first + MARKED_AT_ONCE], Keys)),
            )
            .values(removed_at=tx.now)
        )
    return len(gone)


async def forget_seen_keys(tx: Tx, *, load_id: UUID) -> None:
    """Drop what a load remembered, once it has ended."""
    await tx.session.execute(delete(SeenKey).where(SeenKey.load_id == load_id))
