"""The application as an ASGI server's worker makes it: settings from the environment."""

from litestar import Litestar

from sindico_api.loading import loading
from sindico_platform.settings import load_settings
from sindico_platform.telemetry.logs import configure_logs


def make_app() -> Litestar:
    """Build the application, its log going to stderr."""
    settings = load_settings()
    configure_logs(settings.log_format, process="api")
    with loading():
        from sindico_api.app import create_app

        return create_app(settings)
