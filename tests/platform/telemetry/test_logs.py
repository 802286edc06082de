import asyncio
import io
import json
import logging
import warnings
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from sindico_platform.settings import Secret
from sindico_platform.telemetry import bound_to_log, configure_logs
from sindico_platform.telemetry.redaction import MASK, redact_event, redact_text

TENANT = UUID("018f4c00-0000-7000-8000-00000000000a")


class Stream(io.StringIO):
    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]


@pytest.fixture
def stream() -> Iterator[Stream]:
    root = logging.getLogger()
    handlers, level, configuration = root.handlers[:], root.level, structlog.get_config()
    stream = Stream()
    configure_logs("json", process="worker", stream=stream)
    yield stream
    logging.captureWarnings(capture=False)
    structlog.configure(**configuration)
    root.handlers[:] = handlers
    root.setLevel(level)


def test_an_event_is_one_json_line_with_its_facts(stream: Stream) -> None:
    structlog.get_logger().info("step_completed", tenant=TENANT, rows=3, seconds=0.5)

    (event,) = stream.events
    assert event.pop("timestamp").endswith("Z")
    assert event == {
        "event": "step_completed",
        "level": "info",
        "process": "worker",
        "tenant": str(TENANT),
        "rows": 3,
        "seconds": 0.5,
    }


async def test_what_is_bound_goes_with_each_tasks_events(stream: Stream) -> None:
    log = structlog.get_logger()

    async def work(job_id: str) -> None:
        with bound_to_log(job_id=job_id, tenant_id=TENANT):
            await asyncio.sleep(0)
            log.info("page_stored")
            logging.getLogger("library").warning("retrying %s", "page 2")
        log.info("outside")

    await asyncio.gather(work("first"), work("second"))

    for job_id in ("first", "second"):
        mine = [event for event in stream.events if event.get("job_id") == job_id]
        assert [event["event"] for event in mine] == ["page_stored", "retrying page 2"]
        assert {event["tenant_id"] for event in mine} == {str(TENANT)}
    assert sum("job_id" not in event for event in stream.events) == 2


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_a_fault_is_told_with_its_traceback_but_without_secrets(
    stream: Stream, log_format: str
) -> None:
    configure_logs(log_format, process="api", stream=stream)

    def connect() -> None:
        typed = "hunter-two"
        raise ValueError(f"no route to postgresql://app:{typed}@db/x")

    try:
        connect()
    except ValueError:
        structlog.get_logger().exception("connection_failed")

    assert "ValueError: no route to postgresql://app:***@db/x" in stream.getvalue()
    assert "in connect" in stream.getvalue()
    assert "hunter-two" not in stream.getvalue()


def test_no_line_can_be_forged(stream: Stream) -> None:
    structlog.get_logger().info("name_typed", name='a\n{"event": "forged"}')

    (event,) = stream.events
    assert event["name"] == 'a\n{"event": "forged"}'


def test_chatty_libraries_and_debug_are_quiet_and_warnings_are_events(stream: Stream) -> None:
    logging.getLogger("httpx").info("HTTP Request: GET https://erp.com/?token=abc")
    structlog.get_logger().debug("detail")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("careful", UserWarning, stacklevel=1)

    (event,) = stream.events
    assert event["level"] == "warning"
    assert "careful" in event["event"]


def test_text_is_for_reading(stream: Stream) -> None:
    configure_logs("text", process="api", stream=stream)

    structlog.get_logger().info("ready", port=8100, password="hunter-two")

    assert "ready" in stream.getvalue()
    assert "port=8100" in stream.getvalue()
    assert "hunter-two" not in stream.getvalue()


@pytest.mark.parametrize(
    "key",
    [
        "password",
        "admin_password",
        "senha",
        "client_secret",
        "accessToken",
        "refresh_token",
        "Authorization",
        "Set-Cookie",
        "api_key",
        "apiKey",
        "SINDICO_KEY_RING",
        "private_key",
        "credentials",
    ],
)
@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: {"deep": [x]}], ids=["flat", "nested"])
def test_values_under_secret_looking_keys_are_masked(key: str, wrap: Any) -> None:
    event = redact_event(None, "info", {"event": "e", "facts": wrap({key: ["hunter-two", 42]})})

    assert "hunter-two" not in str(event)
    assert "42" not in str(event)
    assert MASK in str(event)


@pytest.mark.parametrize(
    "facts",
    [
        {"token_id": "abc", "token_count": 3, "lease_token_seconds": 5, "password_set": True},
        {"key": "cnpj", "author": "ana", "passed": 3, "table": "pedido"},
        {"password": None},
    ],
)
def test_what_is_no_secret_stays(facts: dict[str, Any]) -> None:
    assert redact_event(None, "info", facts) == facts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("postgresql://app:hunter@db:5432/x", f"postgresql://app:{MASK}@db:5432/x"),
        ("redis://:hunter@127.0.0.1", f"redis://:{MASK}@127.0.0.1"),
        ("Authorization: Bearer abc.def-ghi_jkl", f"Authorization: Bearer {MASK}"),
        ("GET /x?a=1&access_token=abc&b=2", f"GET /x?a=1&access_token={MASK}&b=2"),
        (f"{'0' * 32}.sel.{'s' * 43} expired", f"{'0' * 32}.sel.{MASK} expired"),
        ("https://erp.com:8443/api pede ana@x.com", "https://erp.com:8443/api pede ana@x.com"),
        ("basic income of 30", "basic income of 30"),
    ],
)
def test_secrets_inside_texts_are_masked(text: str, expected: str) -> None:
    assert redact_text(text) == expected


@given(
    st.dictionaries(
        st.text(max_size=5),
        st.recursive(
            st.none() | st.text(max_size=5) | st.integers() | st.builds(Secret, st.text()),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner),
            max_leaves=20,
        ),
        max_size=5,
    )
)
def test_any_event_can_be_redacted(facts: dict[str, Any]) -> None:
    assert set(redact_event(None, "info", facts)) == set(facts)
