"""Ending tasks for sure."""

import asyncio
from collections.abc import Iterable
from typing import Any

AGAIN_SECONDS = 0.5


async def cancel_all(
    tasks: Iterable[asyncio.Task[Any]], *, again_seconds: float = AGAIN_SECONDS
) -> None:
    """Cancel the tasks, again and again, until all have ended; what they raise is dropped.

    Once is not enough: a cancellation that arrives just before a time limit of nought, such as the
    one redis-py sets to see whether a connection is idle, is taken for that limit and swallowed.

    Args:
        again_seconds: time for a cancelled task to tidy up before it is cancelled again.
    """
    everything = set(tasks)
    while pending := {task for task in everything if not task.done()}:
        for task in pending:
            task.cancel()
        await asyncio.wait(pending, timeout=again_seconds)
    await asyncio.gather(*everything, return_exceptions=True)
