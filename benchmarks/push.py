r"""Pushes over HTTP from a program's first byte to the last answer, beside psql and dlt.

Orders and their items come as NDJSON in requests of 50,000 rows, two at a time, sent by curl; each
row is checked, stored under row-level security, counted, answered for and kept in the exchange
ledger. The yardstick is ``psql \copy`` of the same rows from CSV into bare tables with the same
keys; dlt merges some of the same rows into tables of its own. Each begins with nothing
of the others' still to be vacuumed or written to the disk.
"""

import asyncio
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import asyncpg
import msgspec
import psutil
from uuid_utils.compat import uuid7

from benchmarks.figures import Figure, tell
from benchmarks.initial_load import time_psql
from benchmarks.list_route import free_port, until_ready
from benchmarks.stack import Stack, add_tenant
from sindico_api.grid import GRID
from sindico_platform.database.tx import Actor, Tx
from sindico_platform.identity.api_clients import service as api_clients
from sindico_platform.identity.tokens import service as tokens

ROWS = int(os.environ.get("BENCH_PUSH_ROWS", "500000"))
DLT_ROWS = 100_000
REQUEST_ROWS, AT_ONCE, ROUNDS = 50_000, 2, 3
ITEMS_PER_ORDER = 4
DLT = "BENCH_DLT_PYTHON"
"""A Python with ``dlt[postgres]`` and pyarrow; ``make bench`` makes one."""
MERGES = {"merge": ("dlt merge", 5), "arrow": ("dlt merge from Arrow", 2)}
"""Name and bar of what dlt is beside."""
TABLES = ("pedido", "itens_pedido")


@dataclass(frozen=True, kw_only=True)
class Round:
    """Seconds, for all rows."""

    first: float
    unchanged: float
    copied: float
    early: float
    """The first tenth of `first`."""
    merged: dict[str, float]
    """By way of reading, dlt's seconds; empty without a dlt."""


async def measure(stack: Stack) -> list[Figure]:
    """Rows per second of a first push, of the same again, and what memory it took."""
    with TemporaryDirectory(prefix="sindico-bench-push-") as name:
        folder = Path(name)
        bodies = write_bodies(folder)
        port = free_port()
        with stack.process("sindico_api.cli.main", "api", "--port", str(port)) as api:
            await until_ready(port)
            rounds = [await run_round(stack, port, bodies, folder) for _ in range(ROUNDS)]
            memory = peak_mb(api.pid)
    return figures(rounds, memory)


def write_bodies(folder: Path) -> dict[str, list[Path]]:
    """The requests' bodies by table, orders first."""
    orders = ROWS // (1 + ITEMS_PER_ORDER)
    counts = {"pedido": orders, "itens_pedido": ROWS - orders}
    makers = {"pedido": make_order, "itens_pedido": make_item}
    return {
        table: [
            write_body(folder / f"{table}-{first}.ndjson", makers[table], range(first, last))
            for first, last in parts(counts[table])
        ]
        for table in TABLES
    }


def parts(count: int) -> Iterator[tuple[int, int]]:
    for first in range(0, count, REQUEST_ROWS):
        yield first, min(first + REQUEST_ROWS, count)


def write_body(file: Path, make: Callable[[int], dict[str, object]], numbers: range) -> Path:
    with file.open("wb") as body:
        for number in numbers:
            body.write(msgspec.json.encode(make(number)) + b"\n")
    return file


def make_order(number: int) -> dict[str, object]:
    total = number * 37 % 500_000 / 100
    return {
        "id_erp": str(1_000_000 + number),
        "numero": str(number),
        "cod_empresa": "1",
        "cod_filial": f"1-{number % 7}",
        "empresa_id": f"1-{number * 31 % 8000}",
        "vendedor_id": str(number % 40),
        "data_emissao": f"202{5 + number % 2}-{number % 11 + 1:02}-{number % 28 + 1:02}",
        "situacao": ("Aberto", "Faturado", "Cancelado")[number % 3],
        "condicao_pagamento": "30/60/90",
        "valor_produtos": total,
        "valor_desconto": number % 50 / 10,
        "valor_total": total + 10.25,
        "atualizado_em": f"2026-11-{number % 19 + 1:02}T14:{number % 60:02}:05-03:00",
    }


def make_item(number: int) -> dict[str, object]:
    return {
        "id_erp": f"{1_000_000 + number // ITEMS_PER_ORDER}-{number % ITEMS_PER_ORDER}",
        "pedido_id": str(1_000_000 + number // ITEMS_PER_ORDER),
        "sequencia": number % ITEMS_PER_ORDER + 1,
        "codigo_produto": f"PRD-{number * 13 % 9000:05}",
        "descricao": f"Parafuso sextavado M{number % 30} zincado",
        "unidade": "CX",
        "quantidade": number % 97 + 0.5,
        "valor_unitario": number % 7919 / 100,
        "valor_desconto": 0,
        "valor_total": (number % 7919) * (number % 97) / 100,
        "atualizado_em": f"2026-11-{number % 19 + 1:02}T14:{number % 60:02}:05-03:00",
    }


async def run_round(stack: Stack, port: int, bodies: dict[str, list[Path]], folder: Path) -> Round:
    """Push everything twice for a tenant of its own, then copy and merge the same rows."""
    tenant_id = uuid7()
    token = await make_token(stack, tenant_id)
    push = partial(send, port=port, token=token, folder=folder)
    await settle(stack)
    early = push(bodies["pedido"][:1], "pedido", expected="created")
    first = early + push(bodies["pedido"][1:], "pedido", expected="created")
    first += push(bodies["itens_pedido"], "itens_pedido", expected="created")
    await settle(stack)
    unchanged = sum(push(bodies[table], table, expected="unchanged") for table in TABLES)
    copied = await copy_rows(stack, tenant_id, folder)
    merged = {}
    for how in MERGES if os.environ.get(DLT) else ():
        await settle(stack)
        merged[how] = merge_by_dlt(stack, folder, how)
    tell(f"first {ROWS / first:,.0f}, again {ROWS / unchanged:,.0f}, psql {ROWS / copied:,.0f}/s")
    for how, seconds in merged.items():
        tell(f"dlt {how} {ROWS / seconds:,.0f}/s")
    share = len(bodies["pedido"][:1]) and min(REQUEST_ROWS, ROWS // (1 + ITEMS_PER_ORDER))
    early *= ROWS / share
    return Round(first=first, unchanged=unchanged, copied=copied, early=early, merged=merged)


async def settle(stack: Stack) -> None:
    """Let nobody pay for what another left to be vacuumed and to be written to the disk."""
    ours = stack.admin_url.rpartition("/")[0] + "/sindico"
    for url in (ours, stack.admin_url):
        connection = await asyncpg.connect(url)
        try:
            await connection.execute("VACUUM (ANALYZE)")
            await connection.execute("CHECKPOINT")
        finally:
            await connection.close()
    await asyncio.to_thread(os.sync)


async def make_token(stack: Stack, tenant_id: UUID) -> str:
    """A tenant, and an access token of an API client of it that may push."""
    async with stack.context() as context, context.uow.begin(Actor.system(tenant_id)) as tx:
        await add_tenant(tx, domain=f"{tenant_id.hex}.test")
        return await issue_token(tx)


async def issue_token(tx: Tx) -> str:
    """To an API client of the bound tenant that may push."""
    client, _ = await api_clients.create_api_client(
        tx, name="erp", permissions=frozenset({"erp_tables:include"}), grid=GRID
    )
    issued = await tokens.issue_to_api_client(tx, api_client_id=client.id)
    return issued.access.reveal()


def send(
    files: Sequence[Path], table: str, *, port: int, token: str, folder: Path, expected: str
) -> float:
    """Push files by curl, `AT_ONCE` at a time.

    Returns:
        Seconds.

    Raises:
        RuntimeError: an answer is not that all rows were `expected`.
    """
    if not files:
        return 0
    config = folder / "curl"
    answers = [file.with_suffix(".answer") for file in files]
    config.write_text(
        "\nnext\n".join(
            f'url = "http://127.0.0.1:{port}/api/v1/erp/{table}"\n'
            f'data-binary = "@{file}"\noutput = "{answer}"\n'
            f'header = "Authorization: Bearer {token}"\nheader = "Expect:"\n'
            'header = "Content-Type: application/x-ndjson"\nnoproxy = "*"'
            for file, answer in zip(files, answers, strict=True)
        )
    )
    command = ["curl", "--silent", "--no-progress-meter", "--parallel", "--parallel-immediate"]
    command += ["--parallel-max", str(AT_ONCE), "--config", str(config)]
    begun = time.perf_counter()
    subprocess.run(command, check=True)
    took = time.perf_counter() - begun
    for answer in answers:
        said = json.loads(answer.read_text())
        if said.get(expected) != said.get("received") or not said.get("received"):
            raise RuntimeError(f"not all were {expected}: {answer.read_text()[:500]}")
    return took


async def copy_rows(stack: Stack, tenant_id: UUID, folder: Path) -> float:
    """Seconds that psql takes to copy the same rows into bare tables with the same keys."""
    connection = await asyncpg.connect(stack.urls.owner)
    script: list[str] = []
    try:
        await connection.execute("DROP SCHEMA IF EXISTS yardstick CASCADE; CREATE SCHEMA yardstick")
        for table in TABLES:
            file = folder / f"{table}.csv"
            await connection.execute(
                f"CREATE TABLE yardstick.{table} (LIKE staging.{table},"
                " PRIMARY KEY (tenant_id, integration_id, id_erp))"
            )
            query = f"SELECT * FROM staging.{table} WHERE tenant_id = '{tenant_id}'"
            await connection.copy_from_query(query, output=file, format="csv")
            script.append(f"\\copy yardstick.{table} FROM '{file}' (FORMAT csv)")
    finally:
        await connection.close()
    await settle(stack)
    return await asyncio.to_thread(time_psql, stack, script, folder / "copy.sql")


def merge_by_dlt(stack: Stack, folder: Path, how: str) -> float:
    """Seconds that dlt would take to merge as many rows, told by some of the items."""
    files = sorted(folder.glob("itens_pedido-*.ndjson"))[: DLT_ROWS // REQUEST_ROWS]
    script = Path(__file__).with_name("dlt_merge.py")
    with TemporaryDirectory(prefix="dlt-", dir=folder) as data:
        environ = os.environ | {"DLT_DATA_DIR": data}
        command = [os.environ[DLT], str(script), stack.admin_url, how, *map(str, files)]
        done = subprocess.run(command, env=environ, check=True, capture_output=True, text=True)
    rows, seconds = json.loads(done.stdout.splitlines()[-1])
    return float(seconds / rows * ROWS)


def peak_mb(pid: int) -> float:
    """The most memory that the API's processes ever had, all together."""
    parent = psutil.Process(pid)
    return sum(peak_of(each.pid) for each in [parent, *parent.children(recursive=True)]) / 1024


def peak_of(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))


def figures(rounds: list[Round], memory: float) -> list[Figure]:
    """Of each yardstick the round whose first push beside it is the median."""
    median = middle(rounds, lambda each: each.copied)
    beside_psql = partial(
        Figure,
        unit="rows/s",
        yardstick="psql \\copy of the same rows",
        yardstick_value=ROWS / median.copied,
    )
    found = [
        beside_psql(name=f"first push of {ROWS:,} rows", value=ROWS / median.first, at_least=0.22),
        beside_psql(
            name="the same again, nothing new", value=ROWS / median.unchanged, at_least=0.33
        ),
        Figure(
            name="cost per row, all to the first request",
            value=median.first,
            unit="s",
            yardstick="at the first request's rate",
            yardstick_value=median.early,
            at_most=1.3,
        ),
        Figure(name="memory of the API, at most", value=memory, unit="MB", at_most=300),
    ]
    return found + [beside_dlt(rounds, how) for how in median.merged]


def beside_dlt(rounds: list[Round], how: str) -> Figure:
    name, at_least = MERGES[how]
    median = middle(rounds, lambda each: each.merged[how])
    return Figure(
        name=f"first push of {ROWS:,} rows",
        value=ROWS / median.first,
        unit="rows/s",
        yardstick=name,
        yardstick_value=ROWS / median.merged[how],
        at_least=at_least,
    )


def middle(rounds: list[Round], yardstick: Callable[[Round], float]) -> Round:
    """The round whose first push has the median ratio to a yardstick of the same round."""
    return sorted(rounds, key=lambda each: yardstick(each) / each.first)[len(rounds) // 2]
