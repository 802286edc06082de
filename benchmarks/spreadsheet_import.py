"""50,000 branches from an .xlsx, from the stored file to the records, beside openpyxl reading it.

Ours stores the file, unpacks and reads it in a process of its own, checks every row against what
is registered, keeps it for preview and undo, and writes it; openpyxl, in its read-only mode, only
gives the cells. Then the same file again, which finds nothing to change, and the undo.
"""

import asyncio
import resource
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import openpyxl
from sqlalchemy import insert, select
from uuid_utils.compat import uuid4, uuid7

from benchmarks.figures import Figure, tell
from benchmarks.stack import Stack
from sindico_api.context import Context
from sindico_api.worker import job_services
from sindico_platform.blobs.transfer import write_blob
from sindico_platform.database.base import table_of
from sindico_platform.database.tx import Actor
from sindico_platform.jobs.models import Job, JobState
from sindico_platform.jobs.runner import run_job
from sindico_platform.spreadsheets.inspection import inspect_upload
from sindico_platform.spreadsheets.writing import Column, SheetOut, in_one, write_xlsx
from sindico_platform.tenancy.models import Tenant, TenantState
from sindico_provisioning.sandbox.documents import complete_cnpj
from sindico_tenants.companies.models import Company
from sindico_tenants.imports import queries, service
from sindico_tenants.imports.jobs import PURPOSE
from sindico_tenants.imports.schemas import ImportOut

ROWS, COMPANIES = 50_000, 40
HEADER = (
    "CNPJ",
    "Código da filial",
    "CNPJ da empresa",
    "Matriz",
    "Razão social",
    "Nome fantasia",
    "Inscrição estadual",
    "Em atividade",
    "E-mail",
    "Telefone",
    "CEP",
    "Logradouro",
    "Número",
    "Complemento",
    "Bairro",
    "Município",
    "Código IBGE",
    "UF",
)
PLACES = (
    ("80010000", "Rua XV de Novembro", "Centro", "Curitiba", "4106902", "PR", "41"),
    ("89010025", "Rua 7 de Setembro", "Centro", "Blumenau", "4202404", "SC", "47"),
    ("90010000", "Rua dos Andradas", "Centro Histórico", "Porto Alegre", "4314902", "RS", "51"),
)


async def measure(stack: Stack) -> list[Figure]:
    """Rows per second of a first import, of the same again, and of the undo."""
    with TemporaryDirectory(prefix="sindico-bench-sheet-") as folder:
        path = Path(folder) / "branches.xlsx"
        await write_file(path)
        read = await asyncio.to_thread(read_with_openpyxl, path)
        async with stack.context() as context:
            tenant_id = await make_tenant(context)
            first, import_id = await import_file(context, tenant_id, path)
            again, _ = await import_file(context, tenant_id, path)
            undo = await undo_file(context, tenant_id, import_id)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    tell(f"this process held {peak_mb:.0f} MB at most, with openpyxl in it")
    return [
        figure("spreadsheet import, 50,000 branches", first, read, at_least=0.7),
        figure("the same file again", again, read),
        figure("undo of the import", undo, read),
    ]


def figure(name: str, took: float, read: float, at_least: float | None = None) -> Figure:
    return Figure(
        name=name,
        value=ROWS / took,
        unit="rows/s",
        yardstick="openpyxl reading",
        yardstick_value=ROWS / read,
        at_least=at_least,
    )


def cnpj_of(number: int) -> str:
    return complete_cnpj(f"{number + 1:012d}")


def branch_row(number: int) -> list[str]:
    cep, street, district, city, ibge, state, area = PLACES[number % len(PLACES)]
    return [
        cnpj_of(number + 1_000),
        str(number),
        cnpj_of(number % COMPANIES),
        "Não",
        f"Filial {number} Comércio de Materiais Ltda.",
        f"Filial {number}",
        f"{number:09d}",
        "Sim",
        f"filial{number}@example.com.br",
        f"({area}) 9{number + 10_000_000:08d}",
        cep,
        street,
        str(number % 3000),
        f"Sala {number % 90}",
        district,
        city,
        ibge,
        state,
    ]


async def write_file(path: Path) -> None:
    rows = in_one(branch_row(number) for number in range(ROWS))
    sheet = SheetOut(name="Filiais", columns=[Column(title=each) for each in HEADER], batches=rows)
    content = b"".join([piece async for piece in write_xlsx(sheet)])
    await asyncio.to_thread(path.write_bytes, content)


def read_with_openpyxl(path: Path) -> float:
    """Seconds to see every cell once."""
    begun = time.perf_counter()
    book = openpyxl.load_workbook(path, read_only=True)
    rows = sum(1 for _row in book.active.iter_rows(values_only=True))
    book.close()
    assert rows == ROWS + 1
    return time.perf_counter() - begun


async def make_tenant(context: Context) -> UUID:
    tenant_id = uuid7()
    async with context.uow.begin(Actor.system(tenant_id)) as tx:
        tx.session.add(
            Tenant(
                tenant_id=tenant_id,
                name="Benchmark",
                domain="sheet.test",
                is_master=False,
                state=TenantState.ACTIVE,
                state_at=tx.now,
                timezone="America/Sao_Paulo",
                locale="pt-BR",
                created_at=tx.now,
            )
        )
        await tx.session.flush()
        kept = {"is_active": True, "created_at": tx.now, "updated_at": tx.now}
        companies = [
            {"tenant_id": tenant_id, "id": uuid7(), "name": f"Empresa {n}", "cnpj": cnpj_of(n)}
            for n in range(COMPANIES)
        ]
        await tx.session.execute(insert(table_of(Company)), [each | kept for each in companies])
    return tenant_id


async def import_file(context: Context, tenant_id: UUID, path: Path) -> tuple[float, UUID]:
    """Seconds from the file on disk to the records; nobody thinks about the preview."""
    actor = Actor.system(tenant_id)
    begun = time.perf_counter()
    with path.open("rb") as file:
        upload = await asyncio.to_thread(inspect_upload, file, path.name)
    blob = await write_blob(
        context.uow,
        context.blobs,
        actor,
        pieces(path),
        purpose=PURPOSE,
        filename=path.name,
        content_type=upload.content_type,
        expires_at=None,
    )
    async with context.uow.begin(actor) as tx:
        made = await service.add_import(
            tx,
            resource="branches",
            blob_id=blob.id,
            filename=path.name,
            kind=upload.format,
            size_bytes=upload.size_bytes,
        )
    await run_jobs(context, tenant_id)
    shown = await read(context, tenant_id, made.id)
    assert (shown.status, shown.rejected) == ("ready", 0), shown
    tell(f"read and checked after {time.perf_counter() - begun:.1f} s")
    await command(context, tenant_id, service.start_import, made.id)
    took = time.perf_counter() - begun
    assert (await read(context, tenant_id, made.id)).status == "succeeded"
    return took, made.id


async def undo_file(context: Context, tenant_id: UUID, import_id: UUID) -> float:
    begun = time.perf_counter()
    await command(context, tenant_id, service.undo_import, import_id)
    took = time.perf_counter() - begun
    assert (await read(context, tenant_id, import_id)).removed == ROWS
    return took


async def command(
    context: Context, tenant_id: UUID, act: Callable[..., Awaitable[object]], import_id: UUID
) -> None:
    async with context.uow.begin(Actor.system(tenant_id)) as tx:
        await act(tx, import_id=import_id)
    await run_jobs(context, tenant_id)


async def run_jobs(context: Context, tenant_id: UUID) -> None:
    """Run what is due, as the worker does."""
    while True:
        async with context.uow.begin(Actor.system(tenant_id)) as tx:
            due = (Job.state == JobState.PENDING) & (Job.due_at <= tx.now)
            job_id = await tx.session.scalar(select(Job.id).where(due).order_by(Job.due_at))
        if job_id is None:
            return
        await run_job(job_services(context), tenant_id=tenant_id, job_id=job_id, worker_id=uuid4())


async def read(context: Context, tenant_id: UUID, import_id: UUID) -> ImportOut:
    async with context.uow.begin(Actor.system(tenant_id)) as tx:
        return await queries.get_import(tx, import_id)


async def pieces(path: Path) -> AsyncIterator[bytes]:
    yield await asyncio.to_thread(path.read_bytes)
