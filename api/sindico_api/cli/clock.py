"""`sindico clock`: dispatches jobs and does every periodic duty."""

from asyncio import Event
from pathlib import Path

import click

from sindico_api.cli.process import serve, serving_options
from sindico_api.clock import Clock, duties_of
from sindico_api.context import Context


@click.command
@serving_options
def clock(ready_file: Path | None, metrics_port: int | None) -> None:
    """Dispatch jobs and do every periodic duty; of several clocks one leads."""

    async def run(context: Context, stop: Event) -> None:
        await Clock(context, duties_of(context)).run(stop)

    serve("clock", run, ready_file=ready_file, metrics_port=metrics_port)
