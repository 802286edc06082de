"""200 small customers load at once, and each pushes once, while one pushes without pause.

Everything goes through the processes of production: one API, one worker, one clock. A small load is
a View integration's reading of 1,000 rows, from the asking to the end of its run; a small push is a
request of 100 rows, from its first byte to its answer. The one pushes 50,000 rows with each of two
connections and sends the next as soon as it is answered.

Two hundred that begin at once share two cores, so the last of them ends when the work of all is
done, whoever else is there: that cannot be a few times what one takes on an idle machine. What a
neighbour may do to them is what the bar is about, so *alone* means the same round of 200 without
the one that pushes: slowest small customer beside slowest small customer. The rounds alternate, in
turn first and second, and the worse pair counts. Beside it stands the other reading, the slowest
of the 200 beside its share of the machine: two hundred times what a load takes when nothing else
runs. The limits of requests and rows per minute, which would put the one off, are lifted.
"""

import asyncio
import itertools
import os
import statistics
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import httpx
import msgspec
from uuid_utils.compat import uuid7

from benchmarks.figures import Figure, tell
from benchmarks.list_route import free_port, until_ready
from benchmarks.push import issue_token, make_item, make_token, write_body
from benchmarks.stack import Stack
from benchmarks.view_pull import TABLE, fill_source, make_integration, make_source
from sindico_api.context import Context
from sindico_platform.database.tx import Actor
from sindico_provisioning.loads import service
from sindico_provisioning.loads.models import LoadKind

TENANTS = int(os.environ.get("BENCH_FAIR_TENANTS", "200"))
PAIRS, ALONE = 2, 10
VIEW_ROWS, PUSHED_ROWS, BODY_ROWS, BODIES = 1_000, 100, 50_000, 6
CONNECTIONS = 2
"""Of the one that pushes: as many as a tenant may have under way."""
SETUPS_AT_ONCE, STARTS_AT_ONCE = 4, 8
DEADLINE_SECONDS = 120
NDJSON = "application/x-ndjson"
ENDED = """
    SELECT status, extract(epoch FROM finished_at - created_at)::float8 AS seconds
    FROM control.load WHERE id = ANY($1::uuid[])
"""
LEFT = "SELECT count(*) FROM control.load WHERE status IN ('pending','running')"


class Small(NamedTuple):
    """A small customer: it loads from a View, and pushes with a token."""

    tenant_id: UUID
    integration_id: UUID
    token: str


class Round(NamedTuple):
    """Seconds of the slowest small customer."""

    load: float
    push: float

    def __str__(self) -> str:
        return f"load {self.load:.2f} s, push {self.push:.2f} s"


@dataclass(kw_only=True)
class Hall:
    """Everything a round needs."""

    context: Context
    watcher: asyncpg.Connection
    """The administrator's."""
    base: str
    small: Sequence[Small]
    bodies: Sequence[Path]
    token: str
    """Of the one that pushes without pause."""
    answered: int = 0
    """Its pushes that were taken."""
    put_off: int = 0
    """Those that were told to come later."""


Way = Callable[[Hall], AbstractAsyncContextManager[None]]


async def measure(stack: Stack) -> list[Figure]:
    """The slowest load and the slowest push, with the one that pushes and without."""
    stack.environ["SINDICO_EGRESS_ALLOW"] = "127.0.0.0/8"
    async with open_hall(stack) as hall:
        await run_round(hall, quiet)  # the first of everything costs more
        alone = statistics.median([await load_alone(hall, each) for each in hall.small[:ALONE]])
        tell(f"one load when nothing else runs: {alone:.2f} s")
        pairs: list[tuple[Round, Round]] = []
        for number in range(PAIRS):
            ways = (quiet, pushing) if number % 2 == 0 else (pushing, quiet)
            took = {way: await run_round(hall, way) for way in ways}
            pairs.append((took[pushing], took[quiet]))
            tell(f"pair {number + 1}: beside the one {took[pushing]}, without it {took[quiet]}")
        tell(f"the one was answered {hall.answered} times and put off {hall.put_off} times")
    return figures(pairs, alone)


@asynccontextmanager
async def open_hall(stack: Stack) -> AsyncIterator[Hall]:
    """The customers, their source, the bodies, and the three processes."""
    await fill_source(await make_source(stack), VIEW_ROWS)
    watcher = await asyncpg.connect(administrator_of(stack))
    with ExitStack() as held:
        folder = Path(held.enter_context(TemporaryDirectory(prefix="sindico-bench-fair-")))
        async with stack.context() as context:
            small = await make_small(stack, context)
            port = free_port()
            hall = Hall(
                context=context,
                watcher=watcher,
                base=f"http://127.0.0.1:{port}",
                small=small,
                bodies=[write_body(folder / f"{n}", make_item, part_of(n)) for n in range(BODIES)],
                token=await make_token(stack, uuid7()),
            )
            held.enter_context(stack.process("sindico_api.cli.main", "api", "--port", str(port)))
            held.enter_context(stack.process("benchmarks.job_worker", "worker"))
            held.enter_context(stack.process("benchmarks.job_worker", "clock"))
            await until_ready(port)
            yield hall
    await watcher.close()


def administrator_of(stack: Stack) -> str:
    database = urlsplit(stack.urls.owner).path
    return urlsplit(stack.admin_url)._replace(path=database).geturl()


def part_of(number: int) -> range:
    return range(number * BODY_ROWS, (number + 1) * BODY_ROWS)


async def make_small(stack: Stack, context: Context) -> list[Small]:
    """Each with a View integration and an API client."""

    async def make(number: int) -> Small:
        async with turns:
            made = await make_integration(stack, context, domain=f"small-{number}.test")
            async with context.uow.begin(Actor.system(made[0])) as tx:
                return Small(*made, token=await issue_token(tx))

    turns = asyncio.Semaphore(SETUPS_AT_ONCE)
    return await asyncio.gather(*(make(number) for number in range(TENANTS)))


async def run_round(hall: Hall, way: Way) -> Round:
    """All load, then all push; what they brought is thrown away before."""
    await hall.watcher.execute(f"TRUNCATE staging.{TABLE}")
    async with way(hall):
        return Round(load=max(await load_all(hall, hall.small)), push=max(await push_all(hall)))


@asynccontextmanager
async def quiet(_hall: Hall) -> AsyncIterator[None]:
    """Nobody else is there."""
    yield


@asynccontextmanager
async def pushing(hall: Hall) -> AsyncIterator[None]:
    """One customer pushes all the while; the block begins when its first push was answered."""
    stop, before = asyncio.Event(), hall.answered
    lanes = [asyncio.create_task(push_on(hall, lane, stop)) for lane in range(CONNECTIONS)]
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while hall.answered == before:
                await asyncio.sleep(0.05)
        yield
    finally:
        stop.set()
        await asyncio.gather(*lanes)


async def push_on(hall: Hall, first: int, stop: asyncio.Event) -> None:
    """Send one body after the other, whatever is answered, by a program of its own."""
    for number in itertools.count(first, CONNECTIONS):
        if stop.is_set():
            return
        body = hall.bodies[number % BODIES]
        curl = await asyncio.create_subprocess_exec(
            *("curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}"),
            *("--noproxy", "*", "--data-binary", f"@{body}", "--header", "Expect:"),
            *(
                "--header",
                f"Content-Type: {NDJSON}",
                "--header",
                f"Authorization: Bearer {hall.token}",
            ),
            f"{hall.base}/api/v1/erp/{TABLE}",
            stdout=asyncio.subprocess.PIPE,
        )
        status, _ = await curl.communicate()
        if status == b"200":
            hall.answered += 1
        elif status in {b"429", b"503"}:
            hall.put_off += 1
        else:
            raise RuntimeError(f"a push was answered {status.decode()}")


async def load_alone(hall: Hall, small: Small) -> float:
    [seconds] = await load_all(hall, [small])
    return seconds


async def load_all(hall: Hall, small: Sequence[Small]) -> list[float]:
    """Start a load of each at once, and wait for the last.

    Returns:
        Seconds of each, from its asking to its end.

    Raises:
        RuntimeError: one failed.
    """

    async def start(each: Small) -> UUID:
        async with turns, hall.context.uow.begin(Actor.system(each.tenant_id)) as tx:
            load = await service.start_load(
                tx, integration_id=each.integration_id, kind=LoadKind.INITIAL
            )
            return load.id

    turns = asyncio.Semaphore(STARTS_AT_ONCE)
    ids = await asyncio.gather(*(start(each) for each in small))
    async with asyncio.timeout(DEADLINE_SECONDS):
        while await hall.watcher.fetchval(LEFT):
            await asyncio.sleep(0.05)
    ended = await hall.watcher.fetch(ENDED, ids)
    if faults := [row["status"] for row in ended if row["status"] != "succeeded"]:
        raise RuntimeError(f"{len(faults)} loads ended as {faults[0]}")
    return [row["seconds"] for row in ended]


async def push_all(hall: Hall) -> list[float]:
    """A small push of each at once; seconds of each."""
    body = b"\n".join(msgspec.json.encode(make_item(number)) for number in range(PUSHED_ROWS))

    async def push(client: httpx.AsyncClient, token: str) -> float:
        headers = {"Content-Type": NDJSON, "Authorization": f"Bearer {token}"}
        begun = time.perf_counter()
        answer = await client.post(f"/api/v1/erp/{TABLE}", content=body, headers=headers)
        answer.raise_for_status()
        return time.perf_counter() - begun

    async with httpx.AsyncClient(
        base_url=hall.base,
        trust_env=False,
        timeout=DEADLINE_SECONDS,
        limits=httpx.Limits(max_connections=TENANTS),
    ) as client:
        return await asyncio.gather(*(push(client, each.token) for each in hall.small))


def figures(pairs: Sequence[tuple[Round, Round]], alone: float) -> list[Figure]:
    """Of each kind the worse pair."""
    found = []
    for name, of in (("load", itemgetter(0)), ("push", itemgetter(1))):
        beside, without = max(pairs, key=lambda pair: of(pair[0]) / of(pair[1]))
        found.append(
            Figure(
                name=f"slowest small {name} of {TENANTS}, one pushing without pause",
                value=of(beside),
                unit="s",
                yardstick="the same without it",
                yardstick_value=of(without),
                at_most=3,
            )
        )
    slowest = max(beside.load for beside, _ in pairs)
    share = Figure(
        name=f"slowest small load of {TENANTS}, one pushing without pause",
        value=slowest,
        unit="s",
        yardstick=f"its share: {TENANTS} times one alone",
        yardstick_value=TENANTS * alone,
        at_most=3,
    )
    return [*found, share]
