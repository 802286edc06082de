"""What a connection test reports: its stages, and the mistakes that people make."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from msgspec import Struct

from sindico_platform.errors import OutsideError, Terminal, Transient
from sindico_platform.schemas import Output
from sindico_platform.words import Translate


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
    TRANSACTION = "transaction"
    VIEWS = "views"
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


class StageOut(Output, frozen=True):
    """One stage of a connection test, in the reader's language."""

    stage: Stage
    status: StageStatus
    duration_ms: int | None
    """Null when the stage was not walked."""
    evidence: str | None
    """What was seen: addresses, a certificate, the server's answer."""
    code: str | None
    """Of a failure: its permanent name."""
    detail: str | None
    """Of a failure: what it means."""
    advice: str | None
    """Of a failure: what to do about it."""

    @classmethod
    def of(cls, result: StageResult, translate: Translate) -> Self:
        def words(text: str | None) -> str | None:
            return translate(text, **result.facts) if text else None

        return cls(
            stage=result.stage,
            status=result.status,
            duration_ms=result.duration_ms,
            evidence=words(result.evidence),
            code=result.code,
            detail=words(result.detail),
            advice=words(result.advice),
        )


class ConnectionReportOut(Output, frozen=True):
    """How a server answered, stage by stage."""

    succeeded: bool
    tested_at: datetime
    stages: list[StageOut]

    @classmethod
    def of(cls, report: Report, translate: Translate) -> Self:
        return cls(
            succeeded=report.succeeded,
            tested_at=report.tested_at,
            stages=[StageOut.of(item, translate) for item in report.stages],
        )


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
