"""Write one Excel file in a process of its own: `python -m benchmarks.history_writer WAY …`.

``ours TENANT FOLDER`` runs the tenant's waiting job, ``openpyxl ROWS FOLDER`` writes rows that are
in memory. Prints rows per second and the resident memory's highest mark, in megabytes.
"""

import json
import sys
import time
from pathlib import Path
from uuid import UUID

import openpyxl
import uvloop
from uuid_utils.compat import uuid4

from benchmarks.file_worker import peak_megabytes
from benchmarks.history_export import ROWS, typed
from benchmarks.initial_load import find_job
from sindico_api.context import open_context
from sindico_api.worker import job_services
from sindico_platform.jobs.runner import run_job
from sindico_platform.settings import load_settings


async def write_ours(tenant_id: UUID) -> float:
    """Rows per second of the job."""
    async with open_context(load_settings(), process="benchmark") as context:
        job_id = await find_job(context, tenant_id)
        assert job_id is not None
        begun = time.perf_counter()
        await run_job(job_services(context), tenant_id=tenant_id, job_id=job_id, worker_id=uuid4())
        return ROWS / (time.perf_counter() - begun)


def write_theirs(count: int, folder: Path) -> float:
    rows = [typed(number) for number in range(count)]
    begun = time.perf_counter()
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("itens_pedido")
    for row in rows:
        sheet.append(row)
    book.save(folder / "openpyxl.xlsx")
    return count / (time.perf_counter() - begun)


def main() -> None:
    way, what, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    is_ours = way == "ours"
    rate = uvloop.run(write_ours(UUID(what))) if is_ours else write_theirs(int(what), folder)
    print(json.dumps({"rate": rate, "peak": peak_megabytes()}))


if __name__ == "__main__":
    main()
