"""`sindico api`: the HTTP API and the console under Granian."""

import click
from granian import Granian
from granian.constants import Interfaces, Loops

from sindico_platform.settings import load_settings


@click.command
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8100, show_default=True, help="Port to listen on.")
@click.option("--workers", default=1, show_default=True, help="Processes that answer requests.")
def api(host: str, port: int, workers: int) -> None:
    """Serve the HTTP API and the console; settings come from the environment."""
    load_settings()  # so that faults are said here, once, and not by every worker
    Granian(
        "sindico_api.asgi:make_app",  # by name: only the workers pay for its imports
        address=host,
        port=port,
        workers=workers,
        factory=True,
        interface=Interfaces.ASGI,
        loop=Loops.uvloop,
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=5,
    ).serve()
