"""What is written opens everywhere, runs nowhere, and reads back the same."""

from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest

from sindico_platform.spreadsheets.reading import open_reading
from sindico_platform.spreadsheets.schemas import SheetFormat
from sindico_platform.spreadsheets.writing import (
    Column,
    Row,
    SheetOut,
    in_one,
    write_csv,
    write_xlsx,
)

COLUMNS = [Column(title="Nome"), Column(title="=Fone"), Column(title="Motivos", wraps=True)]
ROWS: list[Row] = [
    ["São João <& Cia>", "+55 41 91234-5678", "a\nb"],
    ['=HYPERLINK("http://x")', "@SUM(A1)", None],
    ["-1", "\tx", "\x00\x0b"],
    ["00123456000195", "", "  com espaço  "],
]


async def whole(pieces: AsyncIterator[bytes]) -> bytes:
    return b"".join([piece async for piece in pieces])


async def workbook() -> bytes:
    notes = SheetOut(name="Notas/[x]", columns=[Column(title="Campo")], batches=in_one([["a"]]))
    rows = SheetOut(name="Filiais", columns=COLUMNS, batches=in_one(ROWS))
    return await whole(write_xlsx(rows, notes))


async def read_back(folder: Path, content: bytes, kind: SheetFormat) -> list[list[str]]:
    path = folder / "written"
    path.write_bytes(content)
    async with open_reading(path, kind) as reading:
        return [row.cells async for batch in reading.batches() for row in batch]


async def test_a_workbook_opens_and_holds_texts_alone() -> None:
    book = openpyxl.load_workbook(BytesIO(await workbook()))

    assert book.sheetnames == ["Filiais", "Notas  x "]
    cells = [cell for row in book["Filiais"].iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} <= {"s", "inlineStr"}
    assert {cell.number_format for cell in cells} == {"@"}
    assert book["Filiais"]["A3"].value == '=HYPERLINK("http://x")'
    assert book["Filiais"].freeze_panes == "A2"


async def test_the_same_rows_make_the_same_bytes() -> None:
    assert await workbook() == await workbook()


async def test_csv_runs_nowhere() -> None:
    text = (await whole(write_csv(COLUMNS, in_one(ROWS), delimiter=";"))).decode("utf-8-sig")

    begun = [cell.strip('"') for line in text.split("\r\n") for cell in line.split(";")]
    assert not [cell for cell in begun if cell.startswith(("=", "+", "-", "@", "\t"))]


@pytest.mark.parametrize("kind", SheetFormat)
async def test_what_is_written_reads_back_the_same(tmp_path: Path, kind: SheetFormat) -> None:
    if kind is SheetFormat.XLSX:
        content = await workbook()
    else:
        content = await whole(write_csv(COLUMNS, in_one(ROWS), delimiter=";"))

    rows = await read_back(tmp_path, content, kind)

    assert rows[0] == [column.title for column in COLUMNS]
    assert rows[1:3] == [list(ROWS[0]), ['=HYPERLINK("http://x")', "@SUM(A1)"]]
    assert rows[3][:2] == ["-1", "\tx"]
    assert set(rows[3][2]) <= {"\ufffd"} | {"\x0b"}
    assert rows[4] == ["00123456000195", "", "  com espaço  "]
