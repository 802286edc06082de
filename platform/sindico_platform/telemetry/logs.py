"""One log stream: our events and the libraries' messages, as JSON lines or as text.

An event is a name and facts: ``log.info("step_completed", step_id=…)``. What is bound to the log
(`request_id`, `tenant_id`, `job_id`) goes with every event below it, in libraries too.
"""

import logging
import sys
from contextlib import AbstractContextManager
from typing import Any, TextIO

import msgspec
import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.typing import Processor

from sindico_platform.telemetry.redaction import redact_event

# Each says at INFO what our own events say better, some of it with whole URLs.
QUIET = ("httpx", "httpcore", "aiosmtplib", "asyncio", "alembic.runtime.plugins")

_SHARED: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
)


def configure_logs(
    log_format: str, *, process: str, level: int = logging.INFO, stream: TextIO | None = None
) -> None:
    """Send every log event of this process to `stream`, stderr by default. Safe to repeat.

    Args:
        log_format: ``json`` or ``text``.
        process: ``api``, ``worker``, ``clock`` or a command; on every event.
    """
    structlog.configure(
        processors=[*_SHARED, ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_formatter(log_format, process))
    logging.basicConfig(handlers=[handler], level=level, force=True)
    logging.captureWarnings(capture=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def bound_to_log(**facts: Any) -> AbstractContextManager[None]:
    """Within the block every event carries `facts`, such as ``job_id``."""
    return structlog.contextvars.bound_contextvars(**facts)


def _formatter(log_format: str, process: str) -> ProcessorFormatter:
    def add_process(_logger: Any, _method: str, event: structlog.typing.EventDict) -> Any:
        return {"process": process, **event}

    renderer: Processor = structlog.processors.JSONRenderer(_to_json)
    if log_format == "text":
        renderer = structlog.dev.ConsoleRenderer(
            colors=False, exception_formatter=structlog.dev.plain_traceback
        )
    return ProcessorFormatter(
        foreign_pre_chain=_SHARED,
        processors=[
            ProcessorFormatter.remove_processors_meta,
            add_process,
            # Plain tracebacks: local variables would hold what the keys' names mask.
            structlog.processors.format_exc_info,
            redact_event,
            renderer,
        ],
    )


def _to_json(event: Any, **_options: Any) -> str:
    return msgspec.json.encode(event, enc_hook=repr).decode()
