"""Tasks that run together, and ending tasks for sure."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

AGAIN_SECONDS = 0.5

T = TypeVar("T")


async def together(*coroutines: Coroutine[Any, Any, T]) -> list[T]:
    """Run all at once and give what they give, in order.

    When one fails, or the caller is cancelled, the others have ended before the error is raised:
    ``gather`` alone would leave them running behind the back of whoever deals with it.
    """
    tasks = [asyncio.create_task(each) for each in coroutines]
    try:
        return await asyncio.gather(*tasks)
    finally:
        await cancel_all(tasks)


async def cancel_all(
    tasks: Iterable[asyncio.Task[Any]], *, again_seconds: float = AGAIN_SECONDS
) -> None:
    """Cancel the tasks, again and again, until all have ended; what they raise is dropped.

    Once is not enough: a cancellation that arrives just before a time limit of nought, such as the
    one redis-py sets to see whether a connection is idle, is taken for that limit and swallowed.
    Whoever is cancelled while it waits here is so once the tasks have ended.

    Args:
        again_seconds: time for a cancelled task to tidy up before it is cancelled again.
    """
    everything = set(tasks)
    cancelled: asyncio.CancelledError | None = None
    while pending := {task for task in everything if not task.done()}:
        for task in pending:
            task.cancel()
        try:
            await asyncio.wait(pending, timeout=again_seconds)
        except asyncio.CancelledError as error:
            cancelled = error
    await asyncio.gather(*everything, return_exceptions=True)
    if cancelled is not None:
        raise cancelled
