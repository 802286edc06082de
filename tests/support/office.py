"""What LibreOffice sees in a workbook: the type and value of every cell."""

import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

PROGRAM = "/usr/bin/soffice"
TABLE, OFFICE, TEXT = (
    f"{{urn:oasis:names:tc:opendocument:xmlns:{name}:1.0}}" for name in ("table", "office", "text")
)
TRUTH = {"of:=TRUE()": "true", "of:=FALSE()": "false"}
"""How it holds the truth values of Excel."""
START_SECONDS = 120
MOST_REPEATED = 100
"""Blank cells to the sheet's edge are one cell, repeated thousands of times."""

Cell = tuple[str, str]
"""``string``, ``float``, ``date``, ``boolean`` or ``formula``, and the value as text."""


def read_by_office(content: bytes, folder: Path) -> dict[str, list[list[Cell]]]:
    """Open the workbook and save it as LibreOffice's own XML; rows of each sheet, blanks left out.

    Args:
        folder: an empty one, for the files and the profile.
    """
    source = folder / "workbook.xlsx"
    source.write_bytes(content)
    subprocess.run(
        [
            *(PROGRAM, f"-env:UserInstallation={(folder / 'profile').as_uri()}"),
            *("--headless", "--convert-to", "fods", "--outdir", str(folder), str(source)),
        ],
        check=True,
        capture_output=True,
        timeout=START_SECONDS,
    )
    book = ET.parse(folder / "workbook.fods")  # noqa: S314 (LibreOffice wrote it for us)
    return {
        sheet.attrib[f"{TABLE}name"]: [
            cells for row in sheet.iter(f"{TABLE}table-row") if (cells := _cells_of(row))
        ]
        for sheet in book.iter(f"{TABLE}table")
    }


def _cells_of(row: ET.Element) -> list[Cell]:
    cells: list[Cell] = []
    for cell in row.findall(f"{TABLE}table-cell"):
        times = int(cell.get(f"{TABLE}number-columns-repeated", "1"))
        if times <= MOST_REPEATED:
            cells += [_read(cell)] * times
    while cells and cells[-1] == ("", ""):
        cells.pop()
    return cells


def _read(cell: ET.Element) -> Cell:
    kind = cell.get(f"{OFFICE}value-type", "")
    formula = cell.get(f"{TABLE}formula")
    if formula in TRUTH:
        return "boolean", TRUTH[formula]
    if formula:
        return "formula", formula
    values = (cell.get(f"{OFFICE}{name}") for name in ("value", "date-value", "boolean-value"))
    text = "\n".join("".join(part.itertext()) for part in cell.findall(f"{TEXT}p"))
    return kind, next((value for value in values if value is not None), text)
