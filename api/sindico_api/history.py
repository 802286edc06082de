"""The history of the integrations as a file, through either door."""

from uuid import UUID
from zoneinfo import ZoneInfo

from litestar.response import Stream

from sindico_api.context import Context
from sindico_api.downloads import send_file
from sindico_api.i18n import Translator
from sindico_platform.blobs import queries as blobs
from sindico_platform.blobs.transfer import read_blob
from sindico_platform.database.tx import Actor, Tx
from sindico_platform.spreadsheets.inspection import CONTENT_TYPES
from sindico_platform.spreadsheets.schemas import SheetFormat
from sindico_provisioning.exchanges.masking import sees_all
from sindico_provisioning.history_exports import queries, service
from sindico_provisioning.history_exports.errors import HistoryExportNotReady
from sindico_provisioning.history_exports.jobs import PURPOSE
from sindico_provisioning.history_exports.models import HistoryExport
from sindico_provisioning.history_exports.schemas import Asked
from sindico_provisioning.history_exports.sheets import Reader
from sindico_provisioning.history_exports.words import FILE_NAME
from sindico_provisioning.history_exports.writing import HistoryFile

XLSX = CONTENT_TYPES[SheetFormat.XLSX]


async def send_history(
    context: Context, actor: Actor, asked: Asked, translate: Translator
) -> Stream:
    """Write the file while it is sent.

    Raises:
        HistoryTooLarge, PackageLimitReached: not a byte is sent.
    """
    async with context.uow.begin(actor) as tx:
        await service.record_at_once(tx, asked)
    reader = Reader(
        translate=translate,
        locale=translate.locale,
        zone=ZoneInfo(actor.timezone),
        sees_personal=sees_all(actor),
    )
    file = HistoryFile(lambda: context.uow.begin(actor), asked, reader)
    return send_file(name_of(asked, actor, translate), XLSX, file.pieces())


async def start_export(tx: Tx, asked: Asked, translate: Translator) -> HistoryExport:
    """Let a job write the file, in the reader's language and zone.

    Raises:
        HistoryExportsUnderWay, PackageLimitReached: as `service.add_export`.
    """
    return await service.add_export(
        tx,
        asked=asked,
        locale=translate.locale,
        timezone=tx.actor.timezone,
        filename=name_of(asked, tx.actor, translate),
    )


async def send_export(context: Context, actor: Actor, export_id: UUID) -> Stream:
    """A file that a job has written.

    Raises:
        HistoryExportNotFound: there is none that the actor may open.
        HistoryExportNotReady: it is not written.
        BlobNotFound: it is kept no longer.
    """
    async with context.uow.begin(actor) as tx:
        blob_id, status = await queries.find_blob_id(tx, export_id)
        if blob_id is None:
            raise HistoryExportNotReady(export_status=status)
        blob = await blobs.get_blob(tx, blob_id, purpose=PURPOSE)
        tenant_id = tx.tenant_id
    return send_file(blob.filename, XLSX, read_blob(context.blobs, tenant_id, blob))


def name_of(asked: Asked, actor: Actor, translate: Translator) -> str:
    return service.file_name(asked.period, actor.timezone, translate(FILE_NAME))
