"""Uploading, naming columns, starting, cancelling and undoing; the rest is written by the jobs."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.exc import IntegrityError

from sindico_platform.audit import service as audit
from sindico_platform.database.conflicts import constraint_of
from sindico_platform.database.tx import ActorKind, Tx
from sindico_platform.identity.errors import NotAllowed
from sindico_platform.jobs import service as jobs
from sindico_platform.spreadsheets.schemas import SheetFormat
from sindico_tenants.imports import queries
from sindico_tenants.imports.columns import choose
from sindico_tenants.imports.definitions import Importable, get_importable
from sindico_tenants.imports.errors import (
    ImportEnded,
    ImportForgotten,
    ImportNotMappable,
    ImportNotReady,
    ImportNotUndoable,
    ImportUnderWay,
)
from sindico_tenants.imports.jobs import analyse_import
from sindico_tenants.imports.jobs import run_import as run_job
from sindico_tenants.imports.jobs import undo_import as undo_job
from sindico_tenants.imports.models import ACTIVE, WAITING, Import, ImportStatus
from sindico_tenants.imports.retention.service import (
    KEPT_DAYS,
    delete_rows,
    end_import,
    schedule_expiry,
    touch_import,
)
from sindico_tenants.imports.schemas import ColumnChoice, SheetColumn

COUNTS = (
    "read_through",
    "rows",
    "created",
    "updated",
    "unchanged",
    "rejected",
    "written_through",
    "written_created",
    "written_updated",
    "removed",
    "restored",
    "kept",
)


def demand_import(tx: Tx, definition: Importable) -> None:
    """See that the actor may make or change at least some of the records.

    Raises:
        NotAllowed: neither.
    """
    wanted = [definition.permission(access) for access in ("include", "edit")]
    if not any(tx.actor.may(permission) for permission in wanted):
        raise NotAllowed(permission=wanted[0])


async def add_import(
    tx: Tx,
    *,
    resource: str,
    blob_id: UUID,
    filename: str,
    kind: SheetFormat,
    size_bytes: int,
) -> Import:
    """Take a spreadsheet on; a job reads it and says what it would do.

    Raises:
        ImportableNotFound: nothing of that name can be imported.
        NotAllowed: the actor may neither make nor change such records.
        ImportUnderWay: naming the import of the resource that has not ended.
    """
    definition = get_importable(resource)
    demand_import(tx, definition)
    await _retire_dead_import(tx, resource)
    import_id = tx.new_id()
    found = Import(
        tenant_id=tx.tenant_id,
        id=import_id,
        resource=resource,
        status=ImportStatus.UPLOADED,
        blob_id=blob_id,
        filename=filename,
        format=kind,
        size_bytes=size_bytes,
        requested_by=tx.actor.name,
        job_id=await jobs.add(tx, analyse_import, import_id=import_id),
        revision=1,
        created_at=tx.now,
        **dict.fromkeys(COUNTS, 0),
    )
    await _insert_as_only_one(tx, found)
    await schedule_expiry(tx, found)
    await _record(tx, found, "import:upload", resource=resource, filename=filename)
    return found


async def choose_columns(tx: Tx, *, import_id: UUID, choices: Sequence[ColumnChoice]) -> Import:
    """Say what columns are; the file is then read anew.

    Raises:
        ImportNotFound, NotAllowed: as `queries.get_import`.
        ImportNotMappable: it is being read, or was started.
        InvalidInput: saying what is wrong with the choices.
    """
    found = await _lock_importable(tx, import_id)
    if found.status not in WAITING:
        raise ImportNotMappable(import_status=found.status)
    definition = get_importable(found.resource)
    columns = msgspec.convert(found.columns, list[SheetColumn])
    found.columns = msgspec.to_builtins(choose(definition, columns, choices))
    await delete_rows(tx, import_id)
    for name in COUNTS:
        setattr(found, name, 0)
    found.status, found.analysed_at = ImportStatus.ANALYSING, None
    found.job_id = await jobs.add(tx, analyse_import, import_id=import_id)
    touch_import(tx, found)
    await _record(tx, found, "import:map")
    return found


async def start_import(tx: Tx, *, import_id: UUID) -> Import:
    """Let an import write what its preview shows. Repeating the call changes nothing.

    Raises:
        ImportNotFound: no such import.
        ImportNotReady: it shows no preview.
        NotAllowed: it would make or change records, which the actor may not.
    """
    found = await queries.lock_import(tx, import_id)
    queries.demand(tx, found.resource, "view")
    if found.status in (ImportStatus.RUNNING, ImportStatus.SUCCEEDED):
        return found
    if found.status != ImportStatus.READY:
        raise ImportNotReady(import_status=found.status)
    if found.created:
        queries.demand(tx, found.resource, "include")
    if found.updated:
        queries.demand(tx, found.resource, "edit")
    found.status, found.started_at = ImportStatus.RUNNING, tx.now
    found.run_by = tx.actor.id if tx.actor.kind is ActorKind.USER else None
    found.job_id = await jobs.add(tx, run_job, import_id=import_id)
    touch_import(tx, found)
    await _record(tx, found, "import:start", created=found.created, updated=found.updated)
    return found


async def cancel_import(tx: Tx, *, import_id: UUID) -> Import:
    """End an import now; what it has written stays until it is undone.

    Repeating the call on a cancelled import changes nothing.

    Raises:
        ImportNotFound, NotAllowed: as `choose_columns`.
        ImportEnded: it has ended otherwise, or is being undone.
    """
    found = await _lock_importable(tx, import_id)
    if found.status == ImportStatus.CANCELLED:
        return found
    if found.status not in ACTIVE or found.status == ImportStatus.UNDOING:
        raise ImportEnded(import_status=found.status)
    await end_import(tx, found, ImportStatus.CANCELLED)
    await _record(tx, found, "import:cancel")
    return found


async def undo_import(tx: Tx, *, import_id: UUID) -> Import:
    """Take back what an import has written. Repeating the call changes nothing.

    Raises:
        ImportNotFound: no such import.
        NotAllowed: it made or changed records, which the actor may not.
        ImportForgotten: its rows are not kept any more.
        ImportNotUndoable: it wrote nothing, or has not ended.
        ImportUnderWay: another import of the resource has not ended.
    """
    found = await queries.lock_import(tx, import_id)
    queries.demand(tx, found.resource, "view")
    if found.status in (ImportStatus.UNDOING, ImportStatus.UNDONE):
        return found
    if found.forgotten_at is not None:
        raise ImportForgotten(days=KEPT_DAYS)
    if not queries.is_undoable(found):
        raise ImportNotUndoable(import_status=found.status)
    if found.written_created:
        queries.demand(tx, found.resource, "include")
    if found.written_updated:
        queries.demand(tx, found.resource, "edit")
    await _retire_dead_import(tx, found.resource)
    job_id = await jobs.add(tx, undo_job, import_id=import_id)
    await _begin_undo(tx, found, job_id)
    await _record(tx, found, "import:undo")
    return found


async def _lock_importable(tx: Tx, import_id: UUID) -> Import:
    found = await queries.lock_import(tx, import_id)
    queries.demand(tx, found.resource, "view")
    demand_import(tx, get_importable(found.resource))
    return found


async def _begin_undo(tx: Tx, found: Import, job_id: UUID) -> None:
    resource = found.resource  # the row cannot be read any more when its change was refused
    try:
        async with tx.session.begin_nested():
            found.status, found.job_id, found.error = ImportStatus.UNDOING, job_id, None
            touch_import(tx, found)
            await tx.session.flush()
    except IntegrityError as clash:
        await _refuse_second(tx, resource, clash)


async def _insert_as_only_one(tx: Tx, found: Import) -> None:
    """Let the database decide: at most one import of a resource has not ended."""
    try:
        async with tx.session.begin_nested():
            tx.session.add(found)
            await tx.session.flush()
    except IntegrityError as clash:
        await _refuse_second(tx, found.resource, clash)


async def _refuse_second(tx: Tx, resource: str, clash: IntegrityError) -> None:
    active = await queries.find_active_import(tx, resource)
    if constraint_of(clash) != "uq_import_active" or active is None:
        raise clash
    raise ImportUnderWay(import_id=active) from clash


async def _retire_dead_import(tx: Tx, resource: str) -> None:
    """End an import whose job was given up or cancelled: nobody moves it on any more."""
    dead = await queries.find_import_without_job(tx, resource)
    if dead is not None:
        await end_import(tx, await queries.lock_import(tx, dead), ImportStatus.FAILED)
        await tx.session.flush()


async def _record(tx: Tx, found: Import, tag: str, **facts: Any) -> None:
    await audit.record(tx, tag, target_type="import", target_id=found.id, **facts)
