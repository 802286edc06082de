"""Imports as callers see them, and as a running import sees itself."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from sindico_platform.schemas import Input, Output
from sindico_platform.spreadsheets.schemas import SheetFacts


class SheetColumn(Output, kw_only=True, frozen=True):
    """One column of the sheet and what it was taken for."""

    index: int
    """0 for the first."""
    title: str
    field: str | None = None
    """The field it fills; null if it fills none."""
    is_decided: bool = True
    """False while nobody has said what an unknown column is."""
    samples: tuple[str, ...] = ()
    """Its first texts."""


class ColumnChoice(Input, kw_only=True, frozen=True):
    """What a person says a column is."""

    index: int
    field: str | None = None
    """A field of the resource; null leaves the column out."""


class MappingIn(Input, kw_only=True, frozen=True):
    """What columns are; those that are not named stay as they were taken."""

    columns: list[ColumnChoice]


class ImportErrorOut(Output, kw_only=True, frozen=True):
    """Why an import failed."""

    code: str
    detail: str
    facts: dict[str, Any]


class ImportItem(Output, kw_only=True, frozen=True):
    """One line of the list of imports; `rows` is always the sum of the four counts after it."""

    id: UUID
    resource: str
    status: str
    filename: str
    rows: int
    created: int
    updated: int
    unchanged: int
    rejected: int
    requested_by: str
    created_at: datetime
    finished_at: datetime | None


class ImportOut(ImportItem, kw_only=True, frozen=True):
    """An import: what it would do until it is started, what it did afterwards."""

    format: str
    size_bytes: int
    facts: SheetFacts | None
    columns: list[SheetColumn]
    percent: int | None
    """How much of the running step is done; null while that cannot be told."""
    written_created: int
    written_updated: int
    removed: int
    """Records that the undo took away again."""
    restored: int
    """Records to which the undo gave their former values back."""
    kept: int
    """Records that the undo left as they are; the rows with outcome `kept` say why."""
    is_undoable: bool
    error: ImportErrorOut | None
    revision: int
    analysed_at: datetime | None
    started_at: datetime | None
    undone_at: datetime | None


class ImportReasonOut(Output, kw_only=True, frozen=True):
    """One thing wrong with a row, or why an undo left its record."""

    field: str
    code: str
    detail: str


class ImportChangeOut(Output, kw_only=True, frozen=True):
    """One field of a record that is there already."""

    field: str
    before: str | bool | None
    after: str | bool | None


class ImportRowOut(Output, kw_only=True, frozen=True):
    """One row of the sheet and what becomes of it."""

    number: int
    """As the spreadsheet program counts."""
    outcome: str
    cells: list[str]
    """In the order of the import's `columns`."""
    changes: list[ImportChangeOut]
    """Of a row with outcome `updated`."""
    reasons: list[ImportReasonOut]
    record_id: UUID | None
    """The record it is or makes."""
    kept_because: ImportReasonOut | None


OutcomeFilter = Literal["created", "updated", "unchanged", "rejected", "kept"]


class ImportFieldOut(Output, kw_only=True, frozen=True):
    """One field that a spreadsheet may fill."""

    name: str
    label: str
    note: str
    is_required: bool
    example: str


class StoredRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row as it is kept when it has been checked."""

    number: int
    cells: list[str]
    outcome: str
    reasons: list[dict[str, Any]] | None = None
    keys: list[str] = []
    target_id: UUID | None = None
    target_revision: int | None = None
    values: dict[str, Any] | None = None
    before: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportFilters:
    """Which imports; None does not restrict."""

    resource: str | None = None
    status: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """What one run of a job needs to know about its import."""

    import_id: UUID
    resource: str
    status: str
    blob_id: UUID
    format: str
    columns: list[SheetColumn] | None
    header_number: int | None
    read_through: int
