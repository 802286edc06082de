"""The process that reads one file, ``python -m …spreadsheets.child PATH FORMAT BATCH_ROWS``.

It writes frames to its standard output, each a length in four bytes and a MessagePack value: the
facts of the sheet, batches of rows, and the end or a refusal. The parser allocates before anybody
can count: a file of a few kilobytes may name a cell at the far end of a sheet and so ask for
gigabytes. Here that ends this process and nothing else.
"""

import resource
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import python_calamine

from sindico_platform.errors import InvalidInput
from sindico_platform.spreadsheets import limits
from sindico_platform.spreadsheets.cells import text_of
from sindico_platform.spreadsheets.csv_text import find_delimiter, read_rows, read_text
from sindico_platform.spreadsheets.errors import refusal
from sindico_platform.spreadsheets.packages import measure
from sindico_platform.spreadsheets.schemas import SheetFacts, SheetFormat, SheetRow

LENGTH_BYTES = 4

Numbered = tuple[int, Sequence[Any]]


def main(path: str, kind: str, batch_rows: str) -> None:
    """Read the file and write its frames."""
    _bound()
    try:
        facts, rows = open_sheet(Path(path), SheetFormat(kind))
        _write({"facts": facts})
        for batch in batches(take_rows(rows), int(batch_rows)):
            _write({"rows": batch})
        _write({"end": True})
    except InvalidInput as refused:
        fault = refused.errors[0]
        _write({"refused": {"code": fault.code, "facts": dict(fault.facts)}})


def _bound() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (limits.CHILD_MEMORY_BYTES,) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (limits.CHILD_CPU_SECONDS,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _write(frame: dict[str, Any]) -> None:
    packed = msgspec.msgpack.encode(frame)
    sys.stdout.buffer.write(len(packed).to_bytes(LENGTH_BYTES, "big") + packed)
    sys.stdout.buffer.flush()


def open_sheet(path: Path, kind: SheetFormat) -> tuple[SheetFacts, Iterator[Numbered]]:
    """Tell how the file is written, and give its rows.

    Raises:
        InvalidInput: it cannot be read.
    """
    return open_csv(path) if kind is SheetFormat.CSV else open_xlsx(path)


def open_csv(path: Path) -> tuple[SheetFacts, Iterator[Numbered]]:
    text, encoding = read_text(path.read_bytes())
    delimiter, skipped = find_delimiter(text)
    facts = SheetFacts(encoding=encoding, delimiter=delimiter)
    return facts, read_rows(text, delimiter, skipped)


def open_xlsx(path: Path) -> tuple[SheetFacts, Iterator[Numbered]]:
    with path.open("rb") as file:
        measured = measure(file)
    try:
        book = python_calamine.load_workbook(path)
        name, others = find_sheet(book)
        sheet = book.get_sheet_by_name(name)
    except python_calamine.PasswordError as fault:
        raise refusal("file-old-or-locked") from fault
    except MemoryError as fault:
        raise refusal("file-too-complex") from fault
    except (python_calamine.CalamineError, OSError, ValueError) as fault:
        raise refusal("file-damaged") from fault
    facts = SheetFacts(
        sheet=name,
        other_sheets=others,
        merged_areas=len(sheet.merged_cell_ranges or ()),
        error_cells=measured.error_cells,
        bare_formulas=measured.bare_formulas,
    )
    return facts, rows_of(sheet)


def find_sheet(book: python_calamine.CalamineWorkbook) -> tuple[str, list[str]]:
    """Name the first visible worksheet, and the other ones.

    Raises:
        InvalidInput: there is none.
    """
    visible = [
        sheet.name
        for sheet in book.sheets_metadata
        if sheet.typ == python_calamine.SheetTypeEnum.WorkSheet
        and sheet.visible == python_calamine.SheetVisibleEnum.Visible
    ]
    if not visible:
        raise refusal("sheet-missing")
    return visible[0], visible[1:]


def rows_of(sheet: python_calamine.CalamineSheet) -> Iterator[Numbered]:
    """The rows from the sheet's first column on, which may be left of the first cell in use."""
    start = sheet.start
    if start is None:
        return
    check_width(start[1] + sheet.width)
    margin = [""] * start[1]
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        yield number, margin + cells


def take_rows(rows: Iterable[Numbered]) -> Iterator[SheetRow]:
    """Rows that are not blank, as texts, within the limits.

    Raises:
        InvalidInput: there are too many rows, columns or texts.
    """
    taken = characters = 0
    for number, cells in rows:
        texts = [cell if type(cell) is str else text_of(cell) for cell in cells]
        while texts and (not texts[-1] or texts[-1].isspace()):
            texts.pop()
        if not texts:
            continue
        taken += 1
        characters += sum(map(len, texts))
        check_width(len(texts))
        if taken > limits.MAX_ROWS + 1:  # the header is one
            raise refusal("sheet-too-many-rows", max_rows=limits.MAX_ROWS)
        if characters > limits.MAX_TEXT_CHARACTERS:
            raise refusal("file-too-complex")
        yield SheetRow(number, texts)


def check_width(columns: int) -> None:
    if columns > limits.MAX_COLUMNS:
        raise refusal("sheet-too-many-columns", columns=columns, max_columns=limits.MAX_COLUMNS)


def batches(rows: Iterator[SheetRow], size: int) -> Iterator[list[SheetRow]]:
    while batch := list(islice(rows, size)):
        yield batch


if __name__ == "__main__":
    main(*sys.argv[1:])
