"""`sindico worker`: runs jobs."""

from asyncio import Event
from pathlib import Path

import click

from sindico_api.cli.process import serve, serving_options
from sindico_api.context import Context
from sindico_api.job_modules import import_jobs
from sindico_api.loading import loading
from sindico_api.worker import CONCURRENCY, GRACE_SECONDS, Worker, queues_in_use


@click.command
@click.option(
    "--concurrency", default=CONCURRENCY, show_default=True, help="Jobs at once per queue."
)
@click.option(
    "--grace-seconds",
    default=GRACE_SECONDS,
    show_default=True,
    help="How long running jobs may go on after a stop.",
)
@serving_options
def worker(
    concurrency: int, grace_seconds: float, ready_file: Path | None, metrics_port: int | None
) -> None:
    """Run jobs until told to stop; what still runs then is given back."""
    with loading():
        import_jobs()

    async def run(context: Context, stop: Event) -> None:
        queues = queues_in_use(concurrency)
        await Worker(context, queues, grace_seconds=grace_seconds).run(stop)

    serve("worker", run, ready_file=ready_file, metrics_port=metrics_port)
