"""What a connection test reports: its stages, and the mistakes that people make."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct

from sindico_platform.errors import OutsideError, Terminal, Transient


class Stage(StrEnum):
    """Stages of all kinds of tests; each kind plans those it walks."""

    RESOLVE = "resolve"
    CONNECT = "connect"
    TLS = "tls"
    GREETING = "greeting"
    HOST_KEY = "host_key"
    AUTHENTICATE = "authenticate"
    MAIL_FROM = "mail_from"
    RCPT_TO = "rcpt_to"
    DATA = "data"
    FOLDER = "folder"
    WRITE = "write"
    READ_BACK = "read_back"
    COMPARE = "compare"
    READ = "read"


class StageStatus(StrEnum):
    """How a stage went."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"
    """Not reached, or not part of the settings under test."""


class StageResult(Struct, kw_only=True, frozen=True):
    """How one stage went.

    ``evidence``, ``detail`` and ``advice`` are English message ids, their ``{facts}`` unfilled.
    """

    stage: Stage
    status: StageStatus
    duration_ms: int | None = None
    evidence: str | None = None
    """What was seen: an address, a certificate, a server's answer."""
    code: str | None = None
    """Of a failure: kebab-case, stable across releases."""
    detail: str | None = None
    """Of a failure: what it means."""
    advice: str | None = None
    """Of a failure: what to do about it."""
    facts: dict[str, Any] = {}


class Report(Struct, kw_only=True, frozen=True):
    """A connection test, stage by stage, in the order in which they were walked."""

    tested_at: datetime
    stages: tuple[StageResult, ...]

    @property
    def succeeded(self) -> bool:
        return self.failure is None

    @property
    def failure(self) -> StageResult | None:
        return next((item for item in self.stages if item.status is StageStatus.FAILED), None)


class Mistake(Struct, kw_only=True, frozen=True):
    """One thing that goes wrong on the way to a server, written down once.

    From it come the error, the report's words and the table in ``docs/connection-tests.md``.
    """

    code: str
    stage: Stage
    """Where a test meets it."""
    detail: str
    """What it means: an English message id with ``{facts}``."""
    advice: str
    """What to do: an English message id, filled from the same facts."""
    passes: bool = False
    """Whether it may pass by itself, so that a retry makes sense."""

    def error(self, **facts: Any) -> OutsideError:
        """The error to raise; `facts` fill both texts."""
        kind = Transient if self.passes else Terminal
        return kind(self.code, self.detail, advice=self.advice, **facts)
