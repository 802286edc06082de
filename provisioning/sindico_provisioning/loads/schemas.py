"""Loads as callers see them, and as a running load sees itself."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from sindico_platform.schemas import Input, Output


class InitialLoadIn(Input, kw_only=True, frozen=True):
    """Which integration to load, and which of its tables."""

    integration_id: UUID
    tables: list[str] | None = None
    """Names of ERP tables; all that the ERP offers unless given."""


class PhaseOut(Output, kw_only=True, frozen=True):
    """One table of a load; `received` is always the sum of the four counts after it."""

    table: str
    """An ERP table, or `companies`, `branches`, `accounts`, `contacts` in the CRM."""
    step: str
    """`fetch` from the ERP, or `synchronise` into the CRM."""
    status: str
    percent: int
    pages: int
    received: int
    created: int
    updated: int
    unchanged: int
    rejected: int
    removed: int
    """Rows that are no longer in the ERP."""
    started_at: datetime | None
    finished_at: datetime | None


class LoadErrorOut(Output, kw_only=True, frozen=True):
    """Why a load failed or waits, and what to do."""

    code: str
    detail: str
    advice: str
    facts: dict[str, Any]


class LoadItem(Output, kw_only=True, frozen=True):
    """One line of the list of loads."""

    id: UUID
    integration_id: UUID
    kind: str
    status: str
    requested_by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class LoadOut(LoadItem, kw_only=True, frozen=True):
    """A load with its phases."""

    percent: int
    tables: list[str] | None
    phases: list[PhaseOut]
    error: LoadErrorOut | None
    tries: int
    """Failures that were followed by another try."""
    next_try_at: datetime | None
    revision: int


class LogLineOut(Output, kw_only=True, frozen=True):
    """One line of a load's log."""

    id: UUID
    at: datetime
    level: str
    code: str
    table: str | None
    text: str
    facts: dict[str, Any]


class RejectionReasonOut(Output, kw_only=True, frozen=True):
    """One thing wrong with a rejected row."""

    field: str
    code: str
    detail: str


class RejectionOut(Output, kw_only=True, frozen=True):
    """A row that was not taken."""

    id: UUID
    table: str
    row_index: int
    id_erp: str | None
    reasons: list[RejectionReasonOut]
    row: msgspec.Raw
    """The row as it came; a text if it was no JSON or too long to be kept whole.

    Personal fields are masked for those without the right to see them.
    """


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadCounts:
    """Rows of all phases of a load together."""

    received: int
    """From the ERP; where it pushed them before, into the CRM."""
    rejected: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Brought:
    """What a load changed in some tables of ours."""

    load_id: UUID
    at: datetime
    created: int
    updated: int


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadFilters:
    """Which loads; None does not restrict."""

    integration_id: UUID | None = None
    status: str | None = None
    kind: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class LogFilters:
    """Which lines; None does not restrict."""

    level: str | None = None
    table: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Stint:
    """What one run of the job needs to know about its load."""

    load_id: UUID
    integration_id: UUID
    integration_kind: str
    tables: tuple[str, ...] | None
    is_planned: bool
    reads_everything: bool = False
    """It is no load: the source is compared with what is staged."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PhaseState:
    """Where a phase stands."""

    position: int
    step: str
    resource: str
    cursor: dict[str, Any] | None
    pages: int
    received: int
