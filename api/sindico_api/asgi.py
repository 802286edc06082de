"""The application as an ASGI server's worker makes it: settings from the environment."""

import gc

from litestar import Litestar

from sindico_api.app import create_app
from sindico_platform.settings import load_settings
from sindico_platform.telemetry.logs import configure_logs


def make_app() -> Litestar:
    """Build the application, its log going to stderr."""
    settings = load_settings()
    configure_logs(settings.log_format, process="api")
    app = create_app(settings)
    spare_the_collector()
    return app


def spare_the_collector() -> None:
    """Leave what lives as long as the process out of every garbage collection to come.

    A full collection walked all of it, and every request waited for a tenth of a second.
    """
    gc.collect()
    gc.freeze()
