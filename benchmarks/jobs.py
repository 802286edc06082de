"""Empty jobs through our table, relay and worker, beside procrastinate on the same PostgreSQL.

Both take turns, so that a busy moment of the machine falls on both.
"""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass

import asyncpg
from uuid_utils.compat import uuid7

from benchmarks import procrastinate_worker
from benchmarks.empty_job import empty
from benchmarks.figures import Figure, tell
from benchmarks.stack import Stack
from sindico_platform.database.tx import Actor
from sindico_platform.jobs import service as jobs

ROUNDS, JOBS, TENANTS, PICK_UPS = 3, 1_667, 50, 40
DEADLINE_SECONDS = 120

OURS_LEFT = "SELECT count(*) FROM control.job WHERE state <> 'succeeded'"
OURS_PICK_UP = """
    SELECT extract(epoch FROM started_at - created_at)::float8 * 1000 FROM control.job
    ORDER BY created_at DESC LIMIT $1
"""
THEIRS_LEFT = "SELECT count(*) FROM procrastinate_jobs WHERE status <> 'succeeded'"
THEIRS_PICK_UP = """
    SELECT extract(epoch FROM started.at - deferred.at)::float8 * 1000
    FROM procrastinate_events AS started JOIN procrastinate_events AS deferred
        ON deferred.job_id = started.job_id AND deferred.type = 'deferred'
    WHERE started.type = 'started' ORDER BY started.job_id DESC LIMIT $1
"""


@dataclass(frozen=True, kw_only=True)
class Contender:
    """A way of running jobs."""

    watcher: asyncpg.Connection
    left: str
    """Counts what is not done."""
    pick_up: str
    """Lists the milliseconds from adding to starting of the newest jobs."""
    add: Callable[[int], Awaitable[object]]
    processes: list[tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Round:
    """What one turn of a contender gave."""

    added_per_second: float
    drained_per_second: float
    pick_up_ms: list[float]


async def measure(stack: Stack) -> list[Figure]:
    """Drain, enqueue and pick-up, each the median of the rounds."""
    async with ours_on(stack) as ours, procrastinate_on(stack) as theirs:
        rounds: list[tuple[Round, Round]] = []
        for number in range(1, ROUNDS + 1):
            rounds.append((await run_round(stack, ours), await run_round(stack, theirs)))
            rates = " beside ".join(f"{item.drained_per_second:,.0f}" for item in rounds[-1])
            tell(f"round {number} of {ROUNDS}: {rates} jobs/s drained")
    return figures([pair[0] for pair in rounds], [pair[1] for pair in rounds])


def figures(ours: list[Round], theirs: list[Round]) -> list[Figure]:
    def median(rounds: list[Round], name: str) -> float:
        values: list[float] = [getattr(item, name) for item in rounds]
        return statistics.median(values)

    def pick_up(rounds: list[Round], percent: int) -> float:
        values = [value for item in rounds for value in item.pick_up_ms]
        return statistics.quantiles(values, n=100)[percent - 1]

    return [
        Figure(
            name="jobs: drain",
            value=median(ours, "drained_per_second"),
            unit="jobs/s",
            yardstick="procrastinate",
            yardstick_value=median(theirs, "drained_per_second"),
            at_least=1.0,
        ),
        Figure(
            name="jobs: enqueue",
            value=median(ours, "added_per_second"),
            unit="jobs/s",
            yardstick="procrastinate",
            yardstick_value=median(theirs, "added_per_second"),
        ),
        Figure(name="jobs: pick-up p50", value=pick_up(ours, 50), unit="ms", at_most=20),
        Figure(name="jobs: pick-up p99", value=pick_up(ours, 99), unit="ms"),
        Figure(name="procrastinate: pick-up p50", value=pick_up(theirs, 50), unit="ms"),
        Figure(name="procrastinate: pick-up p99", value=pick_up(theirs, 99), unit="ms"),
    ]


@asynccontextmanager
async def ours_on(stack: Stack) -> AsyncIterator[Contender]:
    tenants = [uuid7() for _ in range(TENANTS)]
    watcher = await asyncpg.connect(url_of(stack, "sindico"))
    async with stack.context() as context:

        async def add(number: int) -> None:
            async with context.uow.begin(Actor.system(tenants[number % TENANTS])) as tx:
                await jobs.add(tx, empty)

        yield Contender(
            watcher=watcher,
            left=OURS_LEFT,
            pick_up=OURS_PICK_UP,
            add=add,
            processes=[("benchmarks.job_worker", name) for name in ("worker", "clock")],
        )
    await watcher.close()


@asynccontextmanager
async def procrastinate_on(stack: Stack) -> AsyncIterator[Contender]:
    admin = await asyncpg.connect(stack.admin_url)
    await admin.execute("CREATE DATABASE procrastinate")
    await admin.close()
    url = url_of(stack, "procrastinate")
    watcher = await asyncpg.connect(url)
    app = procrastinate_worker.make_app(url)
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        task = app.tasks[procrastinate_worker.TASK]
        yield Contender(
            watcher=watcher,
            left=THEIRS_LEFT,
            pick_up=THEIRS_PICK_UP,
            add=lambda _number: task.defer_async(),
            processes=[("benchmarks.procrastinate_worker", url)],
        )
    await watcher.close()


def url_of(stack: Stack, database: str) -> str:
    return f"{stack.admin_url.rpartition('/')[0]}/{database}"


async def run_round(stack: Stack, who: Contender) -> Round:
    """Fill the queue, drain it with one worker process, then one job at a time."""
    started = time.perf_counter()
    for number in range(JOBS):
        await who.add(number)
    added_per_second = JOBS / (time.perf_counter() - started)
    with ExitStack() as processes:
        for arguments in who.processes:
            processes.enter_context(stack.process(*arguments))
        drained = await drain_rate(who)
        for number in range(PICK_UPS):
            await who.add(number)
            await until_done(who, pause_seconds=0.01)
    rows = await who.watcher.fetch(who.pick_up, PICK_UPS)
    return Round(
        added_per_second=added_per_second,
        drained_per_second=drained,
        pick_up_ms=[row[0] for row in rows],
    )


async def drain_rate(who: Contender) -> float:
    """Jobs per second from the first that is seen done to the last: the start is not counted."""
    while (left := await who.watcher.fetchval(who.left)) == JOBS:
        await asyncio.sleep(0.01)
    started = time.perf_counter()
    await until_done(who, pause_seconds=0.05)
    return float(left) / (time.perf_counter() - started)


async def until_done(who: Contender, *, pause_seconds: float) -> None:
    async with asyncio.timeout(DEADLINE_SECONDS):
        while await who.watcher.fetchval(who.left):
            await asyncio.sleep(pause_seconds)
