"""What `sindico up` says on standard output."""

import pytest

from sindico_api.cli.up import address, ready_line


@pytest.mark.parametrize(
    ("host", "line", "url"),
    [
        ("127.0.0.1", "ready http://127.0.0.1:8100", "http://127.0.0.1:8100"),
        ("localhost", "ready http://localhost:8100", "http://localhost:8100"),
        ("0.0.0.0", "ready http://0.0.0.0:8100", "http://127.0.0.1:8100"),  # noqa: S104 - nothing listens
        ("::", "ready http://[::]:8100", "http://[::1]:8100"),
    ],
)
def test_it_names_the_host_that_was_asked_for_and_pages_one_that_can_be_opened(
    host: str, line: str, url: str
) -> None:
    assert (ready_line(host, 8100), address(host, 8100)) == (line, url)
