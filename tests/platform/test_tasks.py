import asyncio
from contextlib import suppress

import pytest

from sindico_platform.tasks import cancel_all, together


async def test_a_task_that_swallows_a_cancellation_is_cancelled_again() -> None:
    swallowed = 0
    started = asyncio.Event()

    async def stubborn() -> None:
        nonlocal swallowed
        while True:
            try:
                started.set()
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                swallowed += 1
                if swallowed > 2:
                    raise

    task = asyncio.create_task(stubborn())
    await started.wait()

    await cancel_all([task], again_seconds=0.001)

    assert task.cancelled()
    assert swallowed == 3


async def test_whoever_is_cancelled_while_ending_tasks_ends_them_first() -> None:
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def tidy_slowly() -> None:
        try:
            begun.set()
            await asyncio.Event().wait()
        finally:
            while not may_end.is_set():
                with suppress(asyncio.CancelledError):
                    await may_end.wait()

    async def own(task: asyncio.Task[None]) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await cancel_all([task], again_seconds=0.01)

    inner = asyncio.create_task(tidy_slowly())
    await begun.wait()
    outer = asyncio.create_task(own(inner))
    for _ in range(5):
        await asyncio.sleep(0)
        outer.cancel()
    done, _ = await asyncio.wait([outer], timeout=0.05)
    assert not done
    may_end.set()
    await asyncio.wait([outer])

    assert inner.done()
    assert outer.cancelled()


async def test_tasks_that_have_ended_are_no_trouble() -> None:
    async def fail() -> None:
        raise RuntimeError

    tasks = [asyncio.create_task(fail())]
    await asyncio.wait(tasks)

    await cancel_all(tasks)


async def test_what_runs_together_has_ended_when_one_fails() -> None:
    ended = asyncio.Event()

    async def wait() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def fail() -> None:
        await asyncio.sleep(0)
        raise LookupError

    with pytest.raises(LookupError):
        await together(wait(), fail())

    assert ended.is_set()


async def test_what_runs_together_gives_its_results_in_order() -> None:
    async def give(number: int) -> int:
        await asyncio.sleep(0.01 / (number + 1))
        return number

    assert await together(*(give(number) for number in range(3))) == [0, 1, 2]
