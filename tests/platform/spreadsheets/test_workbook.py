"""Typed workbooks, read back by a reader nobody here wrote."""

import re
from datetime import date, datetime
from io import BytesIO
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import openpyxl
import pytest
import python_calamine

from sindico_platform.spreadsheets.typed_cells import (
    MONEY,
    PRICE,
    WHOLE,
    JsonNumber,
    day_cell,
    flag_cell,
    instant_cells,
    number_cells,
    render_styles,
    text_cell,
)
from sindico_platform.spreadsheets.workbook import Workbook
from sindico_platform.spreadsheets.writing import Column

ZONE = ZoneInfo("America/Sao_Paulo")


def book_of(*cells: str, max_rows: int = 1_048_576) -> bytes:
    """One cell per row under a header."""
    book = Workbook(day="dd/mm/yyyy", max_rows=max_rows)
    book.begin_sheet("pedido", [Column(title="A")])
    book.write_rows(list(cells))
    book.close()
    return book.take()


def read_back(*cells: str) -> list[object]:
    found = python_calamine.load_workbook(BytesIO(book_of(*cells)))
    return [row[0] for row in found.get_sheet_by_index(0).to_python(skip_empty_area=False)[1:]]


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        (number_cells(MONEY)(JsonNumber("1234.56")), 1234.56),
        (number_cells(MONEY)("1234.5"), 1234.5),
        (number_cells(WHOLE)(7), 7.0),
        (number_cells(PRICE)(JsonNumber("0.0000012345")), 0.0000012345),
        (number_cells(MONEY)(JsonNumber("1e400")), "1e400"),
        (number_cells(MONEY)("12345678901234567.89"), "12345678901234567.89"),
        (number_cells(MONEY)("R$ 10"), "R$ 10"),
        (number_cells(WHOLE)(10**18), str(10**18)),
        (number_cells(WHOLE)(bool(1)), "true"),
        (number_cells(MONEY)({"a": 1}), '{"a":1}'),
        (day_cell("2026-01-31"), date(2026, 1, 31)),
        (day_cell("2026-01-31T00:00:00"), date(2026, 1, 31)),
        (day_cell("0000-01-31"), "0000-01-31"),
        (day_cell("1899-12-31"), "1899-12-31"),
        (day_cell("9999-12-31"), date(9999, 12, 31)),
        (day_cell("31/01/2026"), "31/01/2026"),
        (
            instant_cells(ZONE)("2026-11-20T14:05:09-03:00"),
            datetime.fromisoformat("2026-11-20T14:05:09"),
        ),
        (
            instant_cells(ZONE)("2026-11-20T14:05:09Z"),
            datetime.fromisoformat("2026-11-20T11:05:09"),
        ),
        (instant_cells(ZONE)("2026-11-20T14:05:09"), "2026-11-20T14:05:09"),
        (instant_cells(ZONE)("0001-01-01T00:00:00+00:00"), "0001-01-01T00:00:00+00:00"),
        (flag_cell(True), True),
        (flag_cell(False), False),
        (flag_cell("sim"), "sim"),
        (text_cell("00123"), "00123"),
        (text_cell("=1+1"), "=1+1"),
        (text_cell("Peças & <Cia> \x00\ud800"), "Peças & <Cia> \ufffd\ufffd"),
        (text_cell("x" * 40_000), "x" * 32_766 + "…"),
        (text_cell(["a", 1]), '["a",1]'),
    ],
    ids=range(28),
)
def test_a_cell_is_read_back_as_what_it_is(cell: str, value: object) -> None:
    assert read_back(text_cell("first"), cell) == ["first", value]


def test_digits_that_a_spreadsheet_does_not_count_by_are_a_text() -> None:
    assert number_cells(MONEY)("\u0661\u0662") == text_cell("\u0661\u0662")


def test_nothing_is_run_and_headers_stay_in_sight_and_filter() -> None:
    sheet = openpyxl.load_workbook(BytesIO(book_of(text_cell("=cmd|' /C calc'!A0"))))["pedido"]

    assert sheet["A2"].data_type in {"s", "inlineStr"}
    assert sheet["A2"].number_format == "@"
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:A2")


def test_a_whole_number_is_not_shown_with_a_bare_comma_at_its_end() -> None:
    """As it would be where all digits after the comma are optional."""
    codes = re.findall('formatCode="([^"]+)"', render_styles(day="dd/mm/yyyy"))

    assert codes
    assert not [code for code in codes if ".#" in code]


def test_a_full_sheet_goes_on_in_another() -> None:
    content = book_of(*(number_cells(WHOLE)(n) for n in range(5)), max_rows=3)

    book = python_calamine.load_workbook(BytesIO(content))
    assert book.sheet_names == ["pedido", "pedido (2)", "pedido (3)"]
    assert [book.get_sheet_by_name(name).to_python() for name in book.sheet_names] == [
        [["A"], [0.0], [1.0]],
        [["A"], [2.0], [3.0]],
        [["A"], [4.0]],
    ]


def test_more_addresses_than_a_program_takes_as_links_are_all_there() -> None:
    rows = [text_cell(f"https://crm.example/api/v1/erp/{n}") for n in range(70_000)]

    content = book_of(*rows)

    assert ZipFile(BytesIO(content)).testzip() is None
    found = python_calamine.load_workbook(BytesIO(content)).get_sheet_by_index(0).to_python()
    assert len(found) == 70_001
    assert found[-1] == ["https://crm.example/api/v1/erp/69999"]
