"""What is known of a sheet, and its rows."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import msgspec

Cells: TypeAlias = list[str]
"""The texts of a row from the first column on; empty cells are empty, trailing ones left out."""


class SheetFormat(StrEnum):
    """How the file is written."""

    XLSX = "xlsx"
    CSV = "csv"


class SheetFacts(msgspec.Struct, frozen=True, kw_only=True):
    """How the file turned out to be written."""

    sheet: str | None = None
    """Name of the sheet that is read; the first visible one with cells."""
    other_sheets: list[str] = []
    encoding: str | None = None
    """Of a CSV file: ``utf-8``, ``utf-16``, ``windows-1252`` or ``mixed``."""
    delimiter: str | None = None
    merged_areas: int = 0
    """Merged cells have a value in their first cell alone."""
    error_cells: int = 0
    """Cells such as ``#N/A``, which are read as empty."""
    bare_formulas: int = 0
    """Formulas that no program has calculated yet; they are read as empty."""


class SheetRow(msgspec.Struct, frozen=True, array_like=True):
    """One row that is not blank."""

    number: int
    """As the spreadsheet program counts: the first row of the sheet is 1."""
    cells: Cells


@dataclass(frozen=True, kw_only=True, slots=True)
class Upload:
    """A file that looks as if it could be read."""

    format: SheetFormat
    size_bytes: int
    content_type: str
