"""What `sindico worker` and `sindico clock` share: settings, logs, signals, readiness."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import click
import uvloop
from prometheus_client import start_http_server

from sindico_api.context import Context, open_context
from sindico_platform.settings import load_settings
from sindico_platform.telemetry import configure_logs, metrics

Command = Callable[..., Any]
Run = Callable[[Context, asyncio.Event], Awaitable[None]]

METRICS_HOST = "0.0.0.0"  # noqa: S104 - asked for by port, for a scraper on another machine


def serving_options(command: Command) -> Command:
    """Add what every long-running process of ours can be told."""
    for option in (
        click.option(
            "--ready-file",
            type=click.Path(dir_okay=False, path_type=Path),
            help="File to write the process id to once at work.",
        ),
        click.option(
            "--metrics-port", type=int, help="Port to serve /metrics on; none by default."
        ),
    ):
        command = option(command)
    return command


def serve(name: str, run: Run, *, ready_file: Path | None, metrics_port: int | None) -> None:
    """Run until SIGTERM or SIGINT, then end in good order.

    Args:
        name: of the process, on every log event and database connection.
        run: works until the event is set, and lets go of everything then.
        ready_file: gets the process id once `run` begins.
        metrics_port: where a scraper finds this process's figures.
    """
    settings = load_settings()
    configure_logs(settings.log_format, process=name)
    if metrics_port:
        start_http_server(metrics_port, METRICS_HOST, registry=metrics.registry)

    async def work() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        async with open_context(settings, process=name) as context:
            if ready_file:
                ready_file.write_text(f"{os.getpid()}\n")  # noqa: ASYNC240 - once, a few bytes
            await run(context, stop)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work())
