"""How imports end that nobody finishes, that fail, or that are too old to be undone."""

import pytest
from sqlalchemy import select, update

from sindico_platform.blobs.errors import BlobNotFound
from sindico_platform.blobs.models import Blob
from sindico_platform.blobs.queries import get_blob
from sindico_platform.blobs.service import key_of
from sindico_platform.jobs import service as jobs
from sindico_platform.jobs.models import Job
from sindico_tenants.companies.models import Company
from sindico_tenants.imports import service
from sindico_tenants.imports.errors import (
    ImportEnded,
    ImportForgotten,
    ImportNotMappable,
    ImportNotUndoable,
    ImportUnderWay,
)
from sindico_tenants.imports.jobs import PURPOSE
from sindico_tenants.imports.stages import service as stages
from tests.support.jobs import POINTS, run_jobs, run_through_kills
from tests.support.workbooks import csv_of
from tests.tenants.imports.conftest import ACME, BETA, Customer

HEADER = ["CNPJ", "Código", "Razão social"]
ROW = [ACME, "1", "Acme"]


async def let_time_pass(customer: Customer) -> None:
    """Run what waits for a later day."""
    await run_jobs(customer.context, customer.tenant.tenant_id, at_once=True)


async def let_time_pass_through_kills(customer: Customer, point: str, *, only: str) -> None:
    await run_through_kills(customer.context, customer.tenant.tenant_id, point=point, only=only)


@pytest.mark.kills("imports.expire_import")
@pytest.mark.parametrize("point", POINTS)
async def test_a_preview_that_nobody_starts_expires(customer: Customer, point: str) -> None:
    shown = await customer.preview(HEADER, ROW)

    await let_time_pass_through_kills(customer, point, only="imports.expire_import")

    assert (await customer.read(shown.id)).status == "cancelled"
    assert await customer.rows(shown.id) == []
    assert await customer.all(Company) == []
    again = await customer.preview(HEADER, ROW)
    assert again.status == "ready"


@pytest.mark.kills("imports.forget_import")
@pytest.mark.parametrize("point", POINTS)
async def test_rows_and_file_are_forgotten_and_the_records_stay(
    customer: Customer, point: str
) -> None:
    done = await customer.bring_in(HEADER, ROW)

    await let_time_pass_through_kills(customer, point, only="imports.forget_import")

    old = await customer.read(done.id)
    assert (old.status, old.created, old.is_undoable) == ("succeeded", 1, False)
    assert await customer.rows(done.id) == []
    assert len(await customer.all(Company)) == 1
    with pytest.raises(ImportForgotten):
        await customer.undo(done.id)
    async with customer.context.uow.begin(customer.actor) as tx:
        for blob_id in await tx.session.scalars(select(Blob.id)):
            with pytest.raises(BlobNotFound):
                await get_blob(tx, blob_id, purpose=PURPOSE)


async def test_an_import_whose_file_is_gone_fails_with_its_reason(customer: Customer) -> None:
    import_id = await customer.upload(csv_of(HEADER, ROW))
    async with customer.context.uow.begin(customer.actor) as tx:
        blob_id = (await tx.session.scalars(select(Blob.id))).one()
    await customer.context.blobs.delete(key_of(customer.tenant.tenant_id, blob_id))

    await customer.work()

    failed = await customer.read(import_id)
    assert failed.error is not None
    assert (failed.status, failed.error.code) == ("failed", "blob-bytes-missing")


async def test_a_fault_of_ours_is_tried_again_and_then_ends_the_import(
    customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = await customer.preview(HEADER, ROW)
    await customer.start(shown.id)

    async def break_down(*_args: object) -> bool:
        raise RuntimeError("a bug")

    with monkeypatch.context() as patched:
        patched.setattr(stages, "write_stretch", break_down)
        states = []
        for _ in range(8):
            async with customer.context.uow.begin(customer.actor) as tx:
                await tx.session.execute(
                    update(Job).where(Job.function == "imports.run_import").values(due_at=tx.now)
                )
            states += (await customer.work()).states

    failed = await customer.read(shown.id)
    assert states == ["pending"] * 7 + ["succeeded"]
    assert failed.error is not None
    assert (failed.status, failed.error.code) == ("failed", "internal-fault")


async def test_an_import_whose_job_was_cancelled_stands_in_nobodys_way(customer: Customer) -> None:
    import_id = await customer.upload(csv_of(HEADER, ROW))
    async with customer.context.uow.begin(customer.actor) as tx:
        job_id = await tx.session.scalar(
            select(Job.id).where(Job.function == "imports.analyse_import")
        )
        assert job_id is not None
        await jobs.cancel_job(tx, job_id=job_id)

    again = await customer.preview(HEADER, ROW)

    assert again.status == "ready"
    assert (await customer.read(import_id)).status == "failed"


async def test_one_import_is_not_undone_while_another_is_under_way(customer: Customer) -> None:
    done = await customer.bring_in(HEADER, ROW)
    waiting = await customer.preview(HEADER, [BETA, "2", "Beta"])

    with pytest.raises(ImportUnderWay) as refused:
        await customer.undo(done.id)

    assert refused.value.facts == {"import_id": str(waiting.id)}
    assert (await customer.read(done.id)).status == "succeeded"


async def test_what_has_ended_can_be_neither_cancelled_nor_mapped(customer: Customer) -> None:
    done = await customer.bring_in(HEADER, ROW)

    with pytest.raises(ImportEnded):
        await customer.cancel(done.id)
    with pytest.raises(ImportNotMappable):
        await customer.choose(done.id, c0="cnpj")


async def test_what_wrote_nothing_has_nothing_to_take_back(customer: Customer) -> None:
    shown = await customer.preview(HEADER, ROW)

    with pytest.raises(ImportNotUndoable):
        await customer.undo(shown.id)
    await customer.cancel(shown.id)
    with pytest.raises(ImportNotUndoable):
        await customer.undo(shown.id)


async def test_asking_twice_changes_nothing(customer: Customer) -> None:
    shown = await customer.preview(HEADER, ROW)
    for _ in range(2):
        await customer.start(shown.id)
    await customer.work()
    for _ in range(2):
        await customer.undo(shown.id)
    await customer.work()

    undone = await customer.read(shown.id)
    assert (undone.written_created, undone.removed) == (1, 1)
    async with customer.context.uow.begin(customer.actor) as tx:
        assert (await service.undo_import(tx, import_id=shown.id)).status == "undone"
