"""Every SELECT on imports, their rows, and what their rows are compared with."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Text, any_, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY

from sindico_platform.database.base import table_of
from sindico_platform.database.tx import Tx
from sindico_platform.identity.errors import NotAllowed
from sindico_platform.jobs.models import Job, JobState
from sindico_platform.paging.keyset import Keyset
from sindico_platform.paging.reading import StructReader
from sindico_platform.paging.schemas import Page, PageRequest
from sindico_platform.spreadsheets.schemas import SheetFacts
from sindico_platform.words import Translate, in_english
from sindico_tenants.imports.checking import Known, Record
from sindico_tenants.imports.definitions import DEFINITIONS, Importable, Parent
from sindico_tenants.imports.errors import ImportNotFound
from sindico_tenants.imports.models import ACTIVE, WORKING, Import, ImportRow, ImportStatus, Outcome
from sindico_tenants.imports.schemas import (
    ImportChangeOut,
    ImportErrorOut,
    ImportFilters,
    ImportItem,
    ImportOut,
    ImportReasonOut,
    ImportRowOut,
    SheetColumn,
)

IMPORT_ORDERS = Keyset(Import.id, default="-created_at", created_at=Import.id)
ROW_ORDERS = Keyset(ImportRow.number, default="number", number=ImportRow.number)
KEPT = "kept"
"""Asked for beside the outcomes: rows whose records an undo left."""
STRETCH_ROWS = 5_000

_items = StructReader(ImportItem, Import)


async def list_imports(tx: Tx, *, request: PageRequest, filters: ImportFilters) -> Page[ImportItem]:
    """List the imports of what the actor may see, newest first unless asked otherwise."""
    seen = [name for name, each in DEFINITIONS.items() if tx.actor.may(each.permission("view"))]
    conditions: list[ColumnElement[bool]] = [Import.resource.in_(seen)]
    if filters.resource is not None:
        conditions.append(Import.resource == filters.resource)
    if filters.status is not None:
        conditions.append(Import.status == filters.status)
    return await _items.page(tx, IMPORT_ORDERS, request, conditions)


async def get_import(tx: Tx, import_id: UUID, *, translate: Translate = in_english) -> ImportOut:
    """Read an import.

    Raises:
        ImportNotFound: no such import, or it is another tenant's.
        NotAllowed: the actor may not see what it brings in.
    """
    found = await tx.session.get(Import, (tx.tenant_id, import_id), populate_existing=True)
    if found is None:
        raise ImportNotFound(import_id=str(import_id))
    demand(tx, found.resource, "view")
    return show_import(found, translate)


def demand(tx: Tx, resource: str, access: str) -> None:
    """See that the actor may do this with what is imported.

    Raises:
        NotAllowed: naming the permission.
    """
    permission = DEFINITIONS[resource].permission(access)
    if not tx.actor.may(permission):
        raise NotAllowed(permission=permission)


async def lock_import(tx: Tx, import_id: UUID) -> Import:
    """Read an import and keep others from changing it.

    Raises:
        ImportNotFound: no such import, or it is another tenant's.
    """
    statement = select(Import).where(Import.tenant_id == tx.tenant_id, Import.id == import_id)
    found: Import | None = await tx.session.scalar(
        statement.with_for_update().execution_options(populate_existing=True)
    )
    if found is None:
        raise ImportNotFound(import_id=str(import_id))
    return found


async def find_active_import(tx: Tx, resource: str) -> UUID | None:
    """The resource's import that has not ended."""
    found: UUID | None = await tx.session.scalar(
        select(Import.id).where(
            Import.tenant_id == tx.tenant_id,
            Import.resource == resource,
            Import.status.in_(ACTIVE),
        )
    )
    return found


async def find_import_without_job(tx: Tx, resource: str) -> UUID | None:
    """The resource's import that a job should move on, though the job has ended."""
    found: UUID | None = await tx.session.scalar(
        select(Import.id)
        .join(Job, (Job.tenant_id == Import.tenant_id) & (Job.id == Import.job_id))
        .where(
            Import.tenant_id == tx.tenant_id,
            Import.resource == resource,
            Import.status.in_(WORKING),
            Job.state.not_in((JobState.PENDING, JobState.RUNNING)),
        )
    )
    return found


async def list_rows(
    tx: Tx,
    import_id: UUID,
    *,
    request: PageRequest,
    outcome: str | None = None,
    translate: Translate = in_english,
) -> Page[ImportRowOut]:
    """List the rows of the sheet in its order.

    Args:
        outcome: one of `Outcome`, or `KEPT`.
    """
    conditions = [ImportRow.tenant_id == tx.tenant_id, ImportRow.import_id == import_id]
    if outcome == KEPT:
        conditions.append(ImportRow.kept_because.is_not(None))
    elif outcome is not None:
        conditions.append(ImportRow.outcome == outcome)
    columns = select(ImportRow, ImportRow.number.label("order_value"), ImportRow.number)
    rows = (await tx.session.execute(ROW_ORDERS.apply(columns.where(*conditions), request))).all()
    return ROW_ORDERS.page(rows, request, lambda row: show_row(row[0], translate))


async def count_outcomes(tx: Tx, import_id: UUID) -> dict[str, int]:
    """How many rows have which outcome; none is left out."""
    found = await tx.session.execute(
        select(ImportRow.outcome, func.count())
        .where(ImportRow.tenant_id == tx.tenant_id, ImportRow.import_id == import_id)
        .group_by(ImportRow.outcome)
    )
    return dict.fromkeys(Outcome, 0) | dict(found.all())


async def find_stretch(
    tx: Tx, import_id: UUID, *, after: int | None = None, before: int | None = None
) -> tuple[int, int] | None:
    """First and last number of the next rows that are written: after one, or back from before one.

    Returns:
        None when there are no more.
    """
    conditions = [
        ImportRow.tenant_id == tx.tenant_id,
        ImportRow.import_id == import_id,
        ImportRow.outcome.in_((Outcome.CREATED, Outcome.UPDATED)),
    ]
    order = ImportRow.number.asc() if before is None else ImportRow.number.desc()
    if after is not None:
        conditions.append(ImportRow.number > after)
    if before is not None:
        conditions.append(ImportRow.number < before)
    following = select(ImportRow.number).where(*conditions).order_by(order).limit(STRETCH_ROWS)
    numbers = following.subquery()
    found = await tx.session.execute(select(func.min(numbers.c.number), func.max(numbers.c.number)))
    first, last = found.one()
    return None if first is None else (first, last)


async def look_up(tx: Tx, definition: Importable, wanted: Mapping[str, Sequence[str]]) -> Known:
    """Find the records and parents that a batch names by its keys, in one statement for each."""
    known = Known()
    for key in definition.keys:
        known.records[key.field] = _by(
            key.field, await _records(tx, definition, key.field, wanted[key.field])
        )
    if definition.parent is not None:
        for name, column in definition.parent.by.items():
            known.parents[name] = await _parents(tx, definition.parent, column, wanted[name])
        if definition.alone is not None:
            known.holders = await _holders(tx, definition, definition.parent)
    return known


def _by(name: str, records: Iterable[Record]) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for record in records:
        found.setdefault(record.values[name], []).append(record)
    return found


async def _records(
    tx: Tx, definition: Importable, name: str, values: Sequence[str]
) -> list[Record]:
    if not values:
        return []
    table, parent = table_of(definition.table), definition.parent
    names = [*definition.stored, *([parent.column] if parent else [])]
    columns = [table.c[each] for each in ("id", "revision", "pinned_fields", *names)]
    rows = await tx.session.execute(
        select(*columns).where(
            table.c.tenant_id == tx.tenant_id,
            table.c[name] == any_(literal(list(values), ARRAY(Text))),
        )
    )
    return [
        Record(row[0], row[1], row[2], record["name"], record)
        for row in rows
        for record in (dict(zip(names, row[3:], strict=True)),)
    ]


async def _parents(
    tx: Tx, parent: Parent, column: str, values: Sequence[str]
) -> dict[str, list[UUID]]:
    found: dict[str, list[UUID]] = {}
    if not values:
        return found
    table = table_of(parent.table)
    rows = await tx.session.execute(
        select(table.c[column], table.c.id).where(
            table.c.tenant_id == tx.tenant_id,
            table.c[column] == any_(literal(list(values), ARRAY(Text))),
        )
    )
    for value, row_id in rows:
        found.setdefault(value, []).append(row_id)
    return found


async def _holders(tx: Tx, definition: Importable, parent: Parent) -> dict[UUID, UUID]:
    table = table_of(definition.table)
    rows = await tx.session.execute(
        select(table.c[parent.column], table.c.id).where(
            table.c.tenant_id == tx.tenant_id, table.c[str(definition.alone)]
        )
    )
    return dict(rows.all())


def wake_channel(import_id: UUID) -> str:
    """What a transaction that changes the import wakes, for those who follow it live."""
    return f"import:{import_id}"


def is_at_rest(shown: ImportOut) -> bool:
    """Whether it stays as it is until a person does something."""
    return shown.status not in WORKING


def show_import(found: Import, translate: Translate = in_english) -> ImportOut:
    taken = {
        name: getattr(found, name)
        for name in ImportOut.__struct_fields__
        if name not in {"facts", "columns", "percent", "is_undoable", "error"}
    }
    return ImportOut(
        **taken,
        facts=None if found.facts is None else msgspec.convert(found.facts, SheetFacts),
        columns=msgspec.convert(found.columns or [], list[SheetColumn]),
        percent=percent_of(found),
        is_undoable=is_undoable(found),
        error=None if found.error is None else _show_error(found.error, translate),
    )


def percent_of(found: Import) -> int | None:
    """How much of the running step is done, by rows."""
    wanted = found.created + found.updated
    if found.status == ImportStatus.RUNNING and wanted:
        return (found.written_created + found.written_updated) * 100 // wanted
    written = found.written_created + found.written_updated
    if found.status == ImportStatus.UNDOING and written:
        return min(99, (found.removed + found.restored + found.kept) * 100 // written)
    return None


def is_undoable(found: Import) -> bool:
    """Whether it has written something, has ended, and still has its before-images."""
    ended = (ImportStatus.SUCCEEDED, ImportStatus.FAILED, ImportStatus.CANCELLED)
    wrote = found.written_created + found.written_updated
    return found.status in ended and wrote > 0 and found.forgotten_at is None


def _show_error(error: dict[str, Any], translate: Translate) -> ImportErrorOut:
    detail = translate(error["detail"], **error["facts"])
    return ImportErrorOut(code=error["code"], detail=detail, facts=error["facts"])


def show_row(row: ImportRow, translate: Translate = in_english) -> ImportRowOut:
    before, after = row.before or {}, row.values or {}
    return ImportRowOut(
        number=row.number,
        outcome=row.outcome,
        cells=row.cells,
        changes=[
            ImportChangeOut(field=name, before=before[name], after=value)
            for name, value in after.items()
            if name in before
        ],
        reasons=[show_reason(each, translate) for each in row.reasons or []],
        record_id=None if row.outcome == Outcome.REJECTED else row.target_id,
        kept_because=show_reason(row.kept_because, translate) if row.kept_because else None,
    )


def show_reason(kept: Mapping[str, Any], translate: Translate) -> ImportReasonOut:
    return ImportReasonOut(
        field=kept["field"],
        code=kept["code"],
        detail=translate(kept["detail"], **kept["facts"]),
    )
