"""Our worker or clock with the empty job, as a process of its own."""

import asyncio
import logging
import signal
import sys

import uvloop

from benchmarks.empty_job import empty
from sindico_api.clock import Clock, duties_of
from sindico_api.context import open_context
from sindico_api.worker import Worker, queues_in_use
from sindico_platform.jobs.registry import declaration_of
from sindico_platform.settings import load_settings
from sindico_platform.telemetry import configure_logs


async def main(name: str) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with open_context(load_settings(), process=name) as context:
        if name == "clock":
            await Clock(context, duties_of(context)).run(stop)
        else:
            assert declaration_of(empty).queue in queues_in_use()
            await Worker(context, queues_in_use()).run(stop)


if __name__ == "__main__":
    configure_logs("text", process=sys.argv[1], level=logging.WARNING)
    uvloop.run(main(sys.argv[1]))
