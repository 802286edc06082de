r"""An initial load from the sandbox ERP to the CRM, beside `psql \copy` of the same rows.

The sandbox serves pre-rendered bytes over HTTPS from a process of its own; the load is walked by
the job that production runs. The yardstick copies the very rows that arrived, from CSV into bare
tables with the same keys. Plain curl of the same pages is reported beside it.
"""

import gc
import json
import os
import resource
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import asyncpg
import httpx
from sqlalchemy import select
from uuid_utils.compat import uuid4, uuid7

from benchmarks.figures import Figure
from benchmarks.stack import Stack, add_tenant
from sindico_api.context import Context
from sindico_api.worker import job_services
from sindico_platform.database.tx import Actor
from sindico_platform.embedded.binaries import find_postgres_binaries
from sindico_platform.jobs.models import Job, JobState
from sindico_platform.jobs.runner import run_job
from sindico_provisioning.connectors.mega.schemas import ROUTES
from sindico_provisioning.integrations.queries import find_of_kind
from sindico_provisioning.loads import queries, service
from sindico_provisioning.loads.models import LoadKind, LoadLog, LoadStatus
from sindico_provisioning.loads.schemas import LoadOut
from sindico_provisioning.service_properties import service as service_properties
from sindico_provisioning.staging.models import STAGING

SCALE = os.environ.get("BENCH_LOAD_SCALE", "medium")


async def measure(stack: Stack) -> list[Figure]:
    """Rows per second of a first load and of a second one that finds nothing new."""
    gc.freeze()  # as the worker does
    stack.environ["SINDICO_EGRESS_ALLOW"] = "127.0.0.0/8"
    with TemporaryDirectory(prefix="sindico-bench-mega-") as folder:
        with sandbox(stack, Path(folder)) as erp:
            async with stack.context() as context:
                tenant_id = await make_tenant(context, erp)
                first = await run_load(context, tenant_id)
                again = await run_load(context, tenant_id)
                pages = await list_pages(context, tenant_id, first[0])
            curl = fetch_plainly(erp, pages, Path(folder))
        copied = await copy_rows(stack, tenant_id, Path(folder))
    return figures(first, again, curl, copied)


@contextmanager
def sandbox(stack: Stack, folder: Path) -> Iterator[dict[str, Any]]:
    """The ERP in a process of its own; gives where it is and how to get in."""
    command = [sys.executable, "-m", "sindico_api.cli.main", "sandbox", "mega", "--json"]
    command += ["--scale", SCALE, "--port", "0", "--data-dir", str(folder)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ | stack.environ)
    try:
        assert child.stdout is not None
        erp = json.loads(child.stdout.readline())
        yield erp | {"ca_pem": Path(erp["ca_file"]).read_text()}
    finally:
        child.terminate()
        child.wait(30)


async def make_tenant(context: Context, erp: dict[str, Any]) -> UUID:
    """A tenant whose integration reads the sandbox."""
    tenant_id = uuid7()
    async with context.uow.begin(Actor.system(tenant_id)) as tx:
        await add_tenant(tx)
        await service_properties.replace_properties(
            tx,
            context.secrets,
            domain="crm",
            name="integration_mega",
            values={
                "url": erp["url"],
                "tenantId": erp["tenant_id"],
                "username": erp["user"],
                "password": erp["password"],
                "caCertificate": erp["ca_pem"],
            },
        )
    return tenant_id


async def run_load(context: Context, tenant_id: UUID) -> tuple[LoadOut, float]:
    """Start a load and run its job to the end; gives how long that took in seconds."""
    async with context.uow.begin(Actor.system(tenant_id)) as tx:
        integration = await find_of_kind(tx, "mega")
        assert integration is not None
        load = await service.start_load(tx, integration_id=integration.id, kind=LoadKind.INITIAL)
    begun = time.perf_counter()
    while job_id := await find_job(context, tenant_id):
        await run_job(job_services(context), tenant_id=tenant_id, job_id=job_id, worker_id=uuid4())
    took = time.perf_counter() - begun
    async with context.uow.begin(Actor.system(tenant_id)) as tx:
        ended = await queries.get_load(tx, load.id)
    if ended.status != LoadStatus.SUCCEEDED:
        raise RuntimeError(f"the load ended as {ended.status}: {ended.error}")
    return ended, took


async def find_job(context: Context, tenant_id: UUID) -> UUID | None:
    async with context.uow.begin(Actor.system(tenant_id)) as tx:
        found: UUID | None = await tx.session.scalar(
            select(Job.id).where(Job.state == JobState.PENDING)
        )
        return found


async def list_pages(context: Context, tenant_id: UUID, load: LoadOut) -> list[str]:
    """The paths that the load asked for, in order, from its log."""
    async with context.uow.begin(Actor.system(tenant_id)) as tx:
        lines = await tx.session.execute(
            select(LoadLog.resource, LoadLog.facts)
            .where(LoadLog.load_id == load.id, LoadLog.code == "page-stored")
            .order_by(LoadLog.id)
        )
    return [
        facts.get("path") or ROUTES[table].path.format(inicio=facts["first"], fim=facts["last"])
        for table, facts in lines
    ]


def fetch_plainly(erp: dict[str, Any], paths: list[str], folder: Path) -> float:
    """Seconds that curl takes for the same pages over one connection."""
    base, ca_file = erp["url"].rstrip("/"), erp["ca_file"]
    signed_in = httpx.post(
        f"{base}/api/Auth/SignIn",
        headers={"tenantId": erp["tenant_id"], "grantType": "Api"},
        json={"userName": erp["user"], "password": erp["password"]},
        verify=ssl.create_default_context(cafile=ca_file),
        trust_env=False,
    ).json()
    config = folder / "pages"
    config.write_text("".join(f'url = "{base}{path}"\noutput = /dev/null\n' for path in paths))
    token = f"Authorization: Bearer {signed_in['accessToken']}"
    command = ["curl", "--silent", "--fail", "--noproxy", "*", "--cacert", ca_file]
    begun = time.perf_counter()
    subprocess.run([*command, "--header", token, "--config", str(config)], check=True)
    return time.perf_counter() - begun


async def copy_rows(stack: Stack, tenant_id: UUID, folder: Path) -> float:
    """Seconds that psql takes to copy the same rows into bare tables with the same keys."""
    connection = await asyncpg.connect(stack.urls.owner)
    script: list[str] = []
    try:
        await connection.execute("CREATE SCHEMA yardstick")
        for name in STAGING:
            file = folder / f"{name}.csv"
            await connection.execute(
                f"CREATE TABLE yardstick.{name} (LIKE staging.{name},"
                " PRIMARY KEY (tenant_id, integration_id, id_erp))"
            )
            query = f"SELECT * FROM staging.{name} WHERE tenant_id = '{tenant_id}'"
            await connection.copy_from_query(query, output=file, format="csv")
            script.append(f"\\copy yardstick.{name} FROM '{file}' (FORMAT csv)")
    finally:
        await connection.close()
    return time_psql(stack, script, folder / "copy.sql")


def time_psql(stack: Stack, script: list[str], file: Path) -> float:
    file.write_text("\n".join(script) + "\n")
    command = [str(find_postgres_binaries().path("psql")), "-X", "-q", "-v", "ON_ERROR_STOP=1"]
    begun = time.perf_counter()
    subprocess.run([*command, "-f", str(file), stack.urls.owner], check=True)
    return time.perf_counter() - begun


def figures(
    first: tuple[LoadOut, float], again: tuple[LoadOut, float], curl: float, copied: float
) -> list[Figure]:
    fetched = [phase for phase in first[0].phases if phase.step == "fetch"]
    rows = sum(phase.received for phase in fetched)
    stored = rows - sum(phase.rejected for phase in fetched)
    beside_psql = partial(
        Figure,
        unit="rows/s",
        yardstick="psql \\copy of the same rows",
        yardstick_value=stored / copied,
    )
    return [
        beside_psql(
            name=f"initial load of {rows:,} rows, ERP to CRM", value=rows / first[1], at_least=0.05
        ),
        beside_psql(name="the same load again, nothing new", value=rows / again[1]),
        beside_psql(name="plain curl of the same pages", value=rows / curl),
        Figure(
            name="memory of the loading process, at most", value=peak_mb(), unit="MB", at_most=300
        ),
    ]


def peak_mb() -> float:
    """The most memory this process ever had, other benchmarks of the same run included."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
