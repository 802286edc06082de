from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update
from uuid_utils.compat import uuid7

from sindico_api.context import Context
from sindico_platform.blobs import queries, service
from sindico_platform.blobs.errors import BlobDamaged, BlobNotFound, BlobTooLarge
from sindico_platform.blobs.models import Blob
from sindico_platform.blobs.schemas import BlobOut, content_disposition
from sindico_platform.blobs.transfer import read_blob, write_blob
from sindico_platform.database.tx import Actor
from sindico_platform.errors import Terminal
from tests.support.jobs import kill_after, run_jobs


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def write(
    context: Context,
    tenant: UUID,
    *parts: bytes,
    expires_at: datetime | None = None,
    max_bytes: int | None = None,
) -> BlobOut:
    return await write_blob(
        context.uow,
        context.blobs,
        Actor.system(tenant),
        chunks(*(parts or (b"linha 1\n", b"linha 2\n"))),
        purpose="load-log",
        filename="carga  2026.log\r\n",
        content_type="text/plain",
        expires_at=expires_at,
        max_bytes=max_bytes,
    )


async def get(context: Context, tenant: UUID, blob_id: UUID, purpose: str = "load-log") -> BlobOut:
    async with context.uow.begin(Actor.system(tenant)) as tx:
        return await queries.get_blob(tx, blob_id, purpose=purpose)


async def count_rows(context: Context, tenant: UUID) -> int:
    async with context.uow.begin(Actor.system(tenant)) as tx:
        return len((await tx.session.scalars(select(Blob.id))).all())


async def bytes_of(context: Context, tenant: UUID, blob: BlobOut) -> bytes:
    return b"".join([chunk async for chunk in read_blob(context.blobs, tenant, blob)])


async def test_a_blob_is_written_and_read_by_its_tenant_and_purpose_alone(
    context: Context,
) -> None:
    alpha, beta = uuid7(), uuid7()

    blob = await write(context, alpha)

    assert (blob.filename, blob.size_bytes) == ("carga 2026.log", 16)
    assert await get(context, alpha, blob.id) == blob
    assert await bytes_of(context, alpha, blob) == b"linha 1\nlinha 2\n"
    for tenant, purpose in ((beta, "load-log"), (alpha, "export")):
        with pytest.raises(BlobNotFound):
            await get(context, tenant, blob.id, purpose)


async def test_a_half_written_blob_cannot_be_read_and_is_removed(context: Context) -> None:
    tenant = uuid7()

    with pytest.raises(BlobTooLarge):
        await write(context, tenant, b"x" * 100, max_bytes=50)
    async with context.uow.begin(Actor.system(tenant)) as tx:
        (blob_id,) = await tx.session.scalars(select(Blob.id))
        with pytest.raises(BlobNotFound):
            await queries.get_blob(tx, blob_id, purpose="load-log")
        await tx.session.execute(update(Blob).values(expires_at=tx.now))
    await run_jobs(context, tenant, at_once=True)

    assert await count_rows(context, tenant) == 0


async def test_an_expired_blob_is_gone_at_once_and_its_bytes_soon(context: Context) -> None:
    tenant = uuid7()
    async with context.uow.begin(Actor.system(tenant)) as tx:
        soon = tx.now + timedelta(milliseconds=1)

    with pytest.raises(BlobNotFound):  # it expired while it was written
        await write(context, tenant, expires_at=soon)
    async with context.uow.begin(Actor.system(tenant)) as tx:
        await tx.session.execute(update(Blob).values(expires_at=tx.now))
    await run_jobs(context, tenant, at_once=True)

    assert await count_rows(context, tenant) == 0


@pytest.mark.kills("blobs.remove_expired_blob")
@pytest.mark.parametrize(
    ("point", "times"),
    [("claimed", 1), ("committed", 1), ("committed", 2), ("acted", 1), ("recorded", 1)],
)
async def test_removal_killed_anywhere_leaves_neither_bytes_nor_row(
    context: Context, point: str, times: int
) -> None:
    tenant = uuid7()
    blob = await write(context, tenant)
    async with context.uow.begin(Actor.system(tenant)) as tx:
        await service.remove_blob(tx, blob_id=blob.id)
    with pytest.raises(BlobNotFound):
        await get(context, tenant, blob.id)

    killed = await run_jobs(context, tenant, kill=kill_after(point, times))
    await run_jobs(context, tenant)

    assert killed.killed
    assert await count_rows(context, tenant) == 0
    with pytest.raises(Terminal, match="missing"):
        await bytes_of(context, tenant, blob)


async def test_a_blob_that_is_kept_survives_its_first_date(context: Context) -> None:
    tenant = uuid7()
    blob = await write(context, tenant)

    await run_jobs(context, tenant, at_once=True)

    assert await bytes_of(context, tenant, await get(context, tenant, blob.id))


async def test_keeping_what_took_too_long_is_refused(context: Context) -> None:
    tenant = uuid7()
    async with context.uow.begin(Actor.system(tenant)) as tx:
        blob_id = await service.announce_blob(
            tx, purpose="load-log", filename="", content_type="text/plain"
        )
        await tx.session.execute(update(Blob).values(expires_at=tx.now))
    stored = await context.blobs.write(service.key_of(tenant, blob_id), chunks(b"late"))

    with pytest.raises(BlobNotFound):
        async with context.uow.begin(Actor.system(tenant)) as tx:
            await service.keep_blob(tx, blob_id=blob_id, stored=stored, expires_at=None)


async def test_damage_is_noticed(context: Context) -> None:
    tenant = uuid7()
    blob = await write(context, tenant)
    await context.blobs.write(service.key_of(tenant, blob.id), chunks(b"other bytes here"))

    with pytest.raises(BlobDamaged):
        await bytes_of(context, tenant, blob)


def test_a_filename_cannot_add_headers() -> None:
    header = content_disposition('relatório "março";\r\nX: 1/../á.xlsx')

    assert "\r" not in header
    assert header.count('"') == 2
    assert header.isascii()
    assert "filename*=UTF-8''relat%C3%B3rio" in header
