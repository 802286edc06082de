"""A history file as it is asked for, as it is written and as it is told."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sindico_platform.schemas import Input, Output
from sindico_provisioning.history_exports.period import Period

AT_ONCE_ROWS = 20_000
"""Up to so many rows the file is written while it is sent."""
KEPT_DAYS = 3
"""How long a file is kept."""
ROW_KEPT_DAYS = 30
"""How long it is told that there was one."""
MAX_UNDER_WAY = 3
"""Files of one tenant that are written at a time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What a history file is about."""

    period: Period
    tables: tuple[str, ...]
    with_others: bool = False
    """Whether requests about no table are listed too."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HistorySize:
    """How much a history file lists."""

    requests: int = 0
    records: int = 0

    @property
    def rows(self) -> int:
        return self.requests + self.records


class HistoryExportIn(Input, kw_only=True, frozen=True):
    """A history file to be written."""

    since: datetime | None = None
    """With a zone; at most 7 days ago, which is the default."""
    until: datetime | None = None
    """With a zone; at most 7 days after `since`. Now, unless given."""
    tables: tuple[str, ...] | None = None
    """ERP tables; all of them unless given."""


class ExportErrorOut(Output, kw_only=True, frozen=True):
    """Why a file could not be written."""

    code: str
    detail: str


class HistoryExportOut(Output, kw_only=True, frozen=True):
    """A history file and how far it is."""

    id: UUID
    status: str
    since: datetime
    until: datetime
    tables: list[str]
    with_personal: bool
    """Whether personal data stand in it as they came; masked otherwise."""
    requested_by: str
    requests: int
    records: int
    written: int
    percent: float
    filename: str
    size_bytes: int | None
    error: ExportErrorOut | None
    is_expired: bool
    """Whether the file is no longer kept."""
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    expires_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Writing:
    """What the job needs to know of the file that it writes."""

    export_id: UUID
    asked: Asked
    with_personal: bool
    locale: str
    timezone: str
    filename: str
