import asyncio

from sindico_platform.tasks import cancel_all


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


async def test_tasks_that_have_ended_are_no_trouble() -> None:
    async def fail() -> None:
        raise RuntimeError

    tasks = [asyncio.create_task(fail())]
    await asyncio.wait(tasks)

    await cancel_all(tasks)
