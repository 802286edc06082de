"""What the API process writes is ours alone: facts without secrets, in either format."""

import io
import logging
from collections.abc import Iterator

import pytest
import structlog

from sindico_api.app import create_app
from sindico_platform.settings import Settings
from sindico_platform.telemetry import configure_logs


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level, configuration = root.handlers[:], root.level, structlog.get_config()
    yield io.StringIO()
    logging.captureWarnings(capture=False)
    structlog.configure(**configuration)
    root.handlers[:] = handlers
    root.setLevel(level)


def refuse() -> None:
    password = "hunter-two"
    raise ValueError(f"no sign-in with {len(password)} letters at postgresql://app:sekret@db/x")


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_the_application_leaves_the_log_as_it_was_configured(
    settings: Settings, stream: io.StringIO, log_format: str
) -> None:
    configure_logs(log_format, process="api", stream=stream)
    create_app(settings)

    for log in (structlog.get_logger(), logging.getLogger("a.library")):
        try:
            refuse()
        except ValueError:
            log.exception("refused")
    structlog.get_logger().warning("typed", password="hunter-two")

    written = stream.getvalue()
    assert written.count("ValueError: no sign-in with 10 letters") == 2
    assert "postgresql://app:***@db/x" in written
    assert "hunter-two" not in written
    assert "sekret@" not in written
