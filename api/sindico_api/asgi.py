"""The application as an ASGI server's worker makes it: settings from the environment."""

from litestar import Litestar

from sindico_api.app import create_app
from sindico_platform.settings import load_settings


def make_app() -> Litestar:
    """Build the application."""
    return create_app(load_settings())
