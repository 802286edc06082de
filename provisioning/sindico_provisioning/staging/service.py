"""The only writer of the staging."""

from collections.abc import AsyncIterable, AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from sqlalchemy import any_, delete, insert, literal, update

from sindico_platform.database.tx import Tx
from sindico_platform.errors import FieldError
from sindico_provisioning.erp_tables.schemas import Checked, ErpTable, Rejection, encode_rows
from sindico_provisioning.staging import queries
from sindico_provisioning.staging.lines import COPY_OPTIONS, render_lines
from sindico_provisioning.staging.models import STAGING, SeenKey, StagingRejection
from sindico_provisioning.staging.schemas import Counts, Stored
from sindico_provisioning.staging.statements import (
    COUNT_REJECTED,
    FIND_REJECTED,
    FORGET_REJECTED,
    INCOMING,
    KEEP_REJECTED,
    LIST_REJECTED,
    REMOVE_INCOMING,
    statements_of,
)

MOST_BY_ARRAYS = 1000
"""Above this many rows a temporary table and COPY are quicker than arrays."""

COPIED_AT_ONCE = 1 << 18
"""Bytes that are handed to the driver at a time."""

MARKED_AT_ONCE = 10_000
MAX_RAW_CHARACTERS = 16_384
MOST_KEPT = 20_000
"""Rejected rows of a pushed table that are kept apart: every further push looks at them."""
KEPT_REASONS = 25
"""Of each: about as many as a table has fields."""

Rows = Sequence[tuple[Any, ...]]


async def upsert_page(tx: Tx, *, table: ErpTable, integration_id: UUID, rows: Rows) -> Counts:
    """Store checked rows; repeating the call changes nothing.

    A row older than the stored one, by `atualizado_em`, counts as unchanged.

    Args:
        rows: as `check_rows` gives them: in COPY order, each key once.
    """
    if not rows:
        return Counts()
    if len(rows) <= MOST_BY_ARRAYS:
        return (await upsert_few(tx, table=table, integration_id=integration_id, rows=rows)).counts
    await open_incoming(tx, table=table)
    await copy_incoming(tx, table=table, lines=in_parts(render_lines(encode_rows(rows))))
    stored = await merge_incoming(
        tx, table=table, integration_id=integration_id, count=len(rows), with_keys=False
    )
    await (await driver_of(tx)).execute(f"DROP TABLE {INCOMING}")
    return stored.counts


async def upsert_few(tx: Tx, *, table: ErpTable, integration_id: UUID, rows: Rows) -> Stored:
    """Store at most `MOST_BY_ARRAYS` checked rows, in one statement."""
    arrays = [list(column) for column in zip(*rows, strict=True)]
    bound = (tx.tenant_id, integration_id, tx.now, len(rows))
    connection = await driver_of(tx)
    answer = await connection.fetchrow(statements_of(table).upsert_arrays, *bound, *arrays)
    return _stored(answer, len(rows))


async def open_incoming(tx: Tx, *, table: ErpTable) -> None:
    """Make the place for rows that `merge_incoming` stores; it goes with the transaction."""
    await (await driver_of(tx)).execute(statements_of(table).create_incoming)


async def copy_incoming(tx: Tx, *, table: ErpTable, lines: AsyncIterable[bytes]) -> None:
    """Add rows, as `render_lines` gives them, to those that will be stored."""
    connection = await driver_of(tx)
    await connection.copy_to_table(
        INCOMING, source=lines, columns=statements_of(table).columns, **COPY_OPTIONS
    )


async def in_parts(lines: bytes) -> AsyncIterator[bytes]:
    """What the driver takes at a time."""
    view = memoryview(lines)
    for first in range(0, len(lines), COPIED_AT_ONCE):
        yield bytes(view[first : first + COPIED_AT_ONCE])


async def remove_incoming(tx: Tx, keys: Collection[str]) -> None:
    """Take rows back that were added but must not be stored."""
    if not keys:
        return
    await (await driver_of(tx)).execute(REMOVE_INCOMING, list(keys))


async def merge_incoming(
    tx: Tx, *, table: ErpTable, integration_id: UUID, count: int, with_keys: bool = True
) -> Stored:
    """Store the rows that were added, `count` of them, as `upsert_page` does.

    Args:
        with_keys: tell which rows were created and updated, where not all did the same.
    """
    bound = (tx.tenant_id, integration_id, tx.now, count if with_keys else 0)
    connection, statements = await driver_of(tx), statements_of(table)
    if not await connection.fetchval(statements.find_known, tx.tenant_id, integration_id):
        with suppress(asyncpg.UniqueViolationError):  # one of them came meanwhile
            async with connection.transaction():
                answer = await connection.fetchrow(statements.insert_incoming, *bound)
            return _stored(answer, count)
    return _stored(await connection.fetchrow(statements.upsert_incoming, *bound), count)


def _stored(answer: asyncpg.Record, count: int) -> Stored:
    created, updated, created_keys, updated_keys = answer
    counts = Counts(created=created, updated=updated, unchanged=count - created - updated)
    return Stored(counts=counts, created_keys=created_keys or (), updated_keys=updated_keys or ())


async def remove_rows(
    tx: Tx, *, table: ErpTable, integration_id: UUID, keys: Sequence[str]
) -> frozenset[str]:
    """Mark rows as no longer in the ERP; the CRM follows, and linked data stay.

    Returns:
        The keys that were there; repeating the call gives none.
    """
    connection = await driver_of(tx)
    gone = await connection.fetch(
        statements_of(table).remove, tx.tenant_id, integration_id, tx.now, list(keys)
    )
    return frozenset(row[0] for row in gone)


async def driver_of(tx: Tx) -> asyncpg.Connection:
    """The transaction's connection as the driver knows it, for COPY and arrays."""
    connection = await tx.session.connection()
    return (await connection.get_raw_connection()).driver_connection


async def reject_rows(
    tx: Tx,
    *,
    integration_id: UUID,
    load_id: UUID,
    resource: str,
    rejections: Iterable[Rejection],
) -> None:
    """Keep rows that were not taken, with their reasons."""
    kept = [
        {
            "tenant_id": tx.tenant_id,
            "load_id": load_id,
            "id": tx.new_id(),
            "integration_id": integration_id,
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


async def settle_rejections(
    tx: Tx, *, integration_id: UUID, resource: str, keys: Iterable[str | None]
) -> None:
    """Note that nobody has to mend what loads rejected of these keys so far.

    Each of them came right, or is rejected anew. Which was later is not told by times: clocks may
    be set back.
    """
    kept, known = StagingRejection, sorted({key for key in keys if key is not None})
    if not known:
        return
    await tx.session.execute(
        update(kept)
        .where(
            *queries.is_unsettled(tx, integration_id, resource),
            kept.id_erp == any_(literal(known, queries.KEYS)),
        )
        .values(is_settled=True)
    )


async def note_rejections(
    tx: Tx,
    *,
    table: ErpTable,
    integration_id: UUID,
    errors: Mapping[str, Sequence[Mapping[str, Any]]],
    sent: Collection[str] = (),
    is_right: bool = False,
) -> None:
    """Keep which pushed rows are still to be mended, and forget those that were sent right.

    Args:
        errors: by key, why its row was rejected, as `describe_reason` gives it. Rows without a key
            stand together under an empty one, and so do those beyond `MOST_KEPT`.
        sent: every key that came, or was removed.
        is_right: nothing of a push was wrong, so that rows without a key are taken for mended.
    """
    connection, bound = await driver_of(tx), (tx.tenant_id, integration_id, table.name)
    kept = {_fit_key(table, key): each for key, each in errors.items()}
    if len(sent) <= MOST_BY_ARRAYS:
        found = await connection.fetch(FIND_REJECTED, *bound, ["", *kept, *sent])
    else:
        found = await connection.fetch(LIST_REJECTED, *bound)
    waiting = {row[0] for row in found}
    mended = {key for key in waiting if key in sent or (is_right and not key)} - kept.keys()
    if new := sorted(kept.keys() - waiting - {""}):
        count = await connection.fetchval(COUNT_REJECTED, *bound)
        for key in new[max(0, MOST_KEPT - count + len(mended)) :]:
            kept[""] = kept.pop(key)
        mended -= kept.keys()
    if held := kept | dict.fromkeys(mended, ()):
        rendered = [_render_errors(each) for each in held.values()]
        await connection.execute(KEEP_REJECTED, *bound, tx.now, list(held), rendered)
    if mended:
        await connection.execute(FORGET_REJECTED, *bound, list(mended))


def _fit_key(table: ErpTable, key: str) -> str:
    """A key that is too long to be one is none: under it no row can ever be sent right."""
    longest = table.columns[0].max_length
    return "" if longest is not None and len(key) > longest else key


def _render_errors(errors: Sequence[Mapping[str, Any]]) -> str:
    """As JSON that the database takes: what is quoted of the row may hold a NUL."""
    return msgspec.json.encode(_without_nul(errors[:KEPT_REASONS])).decode()


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, Mapping):
        return {name: _without_nul(each) for name, each in value.items()}
    return [_without_nul(each) for each in value] if isinstance(value, Sequence) else value


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
                staged.c.id_erp
                == any_(literal(gone[first : first + MARKED_AT_ONCE], queries.KEYS)),
            )
            .values(removed_at=tx.now)
        )
    return len(gone)


async def forget_seen_keys(tx: Tx, *, load_id: UUID) -> None:
    """Drop what a load remembered, once it has ended."""
    await tx.session.execute(delete(SeenKey).where(SeenKey.load_id == load_id))
