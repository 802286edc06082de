"""Spreadsheets through either door: taken in once, and given out as people can open them."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import datetime, timedelta
from typing import IO, TypeVar
from uuid import UUID

from litestar import Response
from litestar.datastructures import UploadFile
from litestar.response import Stream

from sindico_api.context import Context
from sindico_api.downloads import export_rows, send_file
from sindico_api.i18n import Locale, Translator
from sindico_api.once import REPLAYED, Once
from sindico_platform.blobs import service as blobs
from sindico_platform.blobs.schemas import BlobOut
from sindico_platform.blobs.transfer import write_blob
from sindico_platform.database.tx import Actor, Tx
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.paging.schemas import MAX_LIMIT, PageRequest
from sindico_platform.spreadsheets.errors import refusal
from sindico_platform.spreadsheets.inspection import CONTENT_TYPES, inspect_upload
from sindico_platform.spreadsheets.limits import MAX_FILE_BYTES
from sindico_platform.spreadsheets.schemas import SheetFormat, Upload
from sindico_platform.spreadsheets.writing import Column, Row, SheetOut, write_csv, write_xlsx
from sindico_platform.words import translatable
from sindico_tenants.imports import queries, service
from sindico_tenants.imports.definitions import get_importable
from sindico_tenants.imports.jobs import PURPOSE
from sindico_tenants.imports.models import Import, Outcome
from sindico_tenants.imports.schemas import ImportOut
from sindico_tenants.imports.template import REASONS_TITLE, ROW_TITLE, write_template

MAX_UPLOAD_BYTES = MAX_FILE_BYTES + 64_000
"""Of a request; the rest of the form is small."""
FILE_DAYS = 60
"""An uploaded file is kept no longer, whatever becomes of its import."""
PIECE_BYTES = 1 << 20
REASONS_WIDTH = 80
REJECTED = translatable("Rejected rows")
FILES: dict[str, str] = {
    "companies": translatable("companies"),
    "branches": translatable("branches"),
}
"""What files are called that have to do with a resource."""

T = TypeVar("T")


async def take_spreadsheet(
    context: Context,
    actor: Actor,
    *,
    resource: str,
    file: UploadFile | None,
    key: str | None = None,
    answer: Callable[[Import], Response[T]],
) -> Response[T]:
    """Look at a file, store it, and have it read; once per key.

    Raises:
        InvalidInput: the file is none that can be read.
        ImportableNotFound, NotAllowed, ImportUnderWay: as `service.add_import`.
    """
    try:
        definition = get_importable(resource)
        async with context.uow.begin(actor) as tx:
            service.demand_import(tx, definition)
            until = tx.now + timedelta(days=FILE_DAYS)
        if file is None or not file.filename:
            raise refusal("file-missing")
        upload, digest = await asyncio.to_thread(_look_at, file.file, file.filename)
        blob = await _store(context, actor, file, upload, until)
    finally:
        if file is not None:
            await file.close()
    once = Once(
        context=context,
        actor=actor,
        method="POST",
        path="/api/v1/imports",
        body=f"{resource} {file.filename} {digest}".encode(),
        key=key,
    )
    return await _add_once(once, resource, blob, upload, answer)


async def _store(
    context: Context, actor: Actor, file: UploadFile, upload: Upload, until: datetime
) -> BlobOut:
    return await write_blob(
        context.uow,
        context.blobs,
        actor,
        _pieces(file),
        purpose=PURPOSE,
        filename=file.filename,
        content_type=upload.content_type,
        expires_at=until,
        max_bytes=MAX_FILE_BYTES,
    )


async def _add_once(
    once: Once,
    resource: str,
    blob: BlobOut,
    upload: Upload,
    answer: Callable[[Import], Response[T]],
) -> Response[T]:
    async def add(tx: Tx) -> Response[T]:
        found = await service.add_import(
            tx,
            resource=resource,
            blob_id=blob.id,
            filename=blob.filename,
            kind=upload.format,
            size_bytes=upload.size_bytes,
        )
        return answer(found)

    try:
        response = await once.run(add)
    except Exception:
        await _drop(once, blob)
        raise
    if REPLAYED in response.headers:
        await _drop(once, blob)
    return response


async def _drop(once: Once, blob: BlobOut) -> None:
    async with once.context.uow.begin(once.actor) as tx:
        await blobs.remove_blob(tx, blob_id=blob.id)


def _look_at(file: IO[bytes], name: str) -> tuple[Upload, str]:
    upload = inspect_upload(file, name)
    digest = hashlib.sha256()
    while piece := file.read(PIECE_BYTES):
        digest.update(piece)
    file.seek(0)
    return upload, digest.hexdigest()


async def _pieces(file: UploadFile) -> AsyncIterator[bytes]:
    while piece := await file.read(PIECE_BYTES):
        yield piece


def download_template(resource: str, kind: SheetFormat, translate: Translator) -> Stream:
    """The file to fill in.

    Raises:
        ImportableNotFound: nothing of that name can be imported.
    """
    definition = get_importable(resource)
    pieces = write_template(definition, kind, translate, delimiter=delimiter_for(translate))
    name = translate(FILES.get(resource, definition.label))
    return send_file(f"{name}.{kind}", CONTENT_TYPES[kind], pieces)


async def download_rejections(
    uow: UnitOfWork, actor: Actor, import_id: UUID, kind: SheetFormat, translate: Translator
) -> Stream:
    """The rejected rows as they came, with their reasons in a column of their own.

    Raises:
        ImportNotFound, NotAllowed: as `queries.get_import`.
        PackageLimitReached: they are more than the tenant may export at once.
    """
    async with uow.begin(actor) as tx:
        found = await queries.get_import(tx, import_id)

    async def count(_tx: Tx) -> int:
        return found.rejected

    columns = [Column(title=column.title) for column in found.columns]
    columns += [
        Column(title=translate(ROW_TITLE), width=8),
        Column(title=translate(REASONS_TITLE), width=REASONS_WIDTH, wraps=True),
    ]
    rows = rejected_rows(uow, actor, found, translate)
    if kind is SheetFormat.CSV:
        pieces = write_csv(columns, rows, delimiter=delimiter_for(translate))
    else:
        sheet = SheetOut(name=translate(REJECTED), columns=columns, batches=rows)
        pieces = write_xlsx(sheet)
    name = f"{translate(FILES.get(found.resource, found.resource))}-{translate(REJECTED).lower()}"
    return await export_rows(
        uow,
        actor,
        name=f"{name.replace(' ', '-')}.{kind}",
        media_type=CONTENT_TYPES[kind],
        count=count,
        pieces=pieces,
    )


async def rejected_rows(
    uow: UnitOfWork, actor: Actor, found: ImportOut, translate: Translator
) -> AsyncIterator[Iterable[Row]]:
    """Page after page, so that no transaction stays open while a client is slow."""
    labels = {each.name: translate(each.label) for each in get_importable(found.resource).fields}
    width, after = len(found.columns), None
    while True:
        async with uow.begin(actor) as tx:
            page = await queries.list_rows(
                tx,
                found.id,
                request=PageRequest(limit=MAX_LIMIT, after=after),
                outcome=Outcome.REJECTED,
                translate=translate,
            )
        yield [
            [
                *(row.cells + [""] * width)[:width],
                str(row.number),
                "\n".join(
                    f"{labels[reason.field]}: {reason.detail}"
                    if reason.field in labels
                    else reason.detail
                    for reason in row.reasons
                ),
            ]
            for row in page.items
        ]
        if (after := page.next_cursor) is None:
            return


def delimiter_for(translate: Translator) -> str:
    """What Excel expects in the reader's country."""
    return ";" if translate.locale is Locale.PORTUGUESE else ","
