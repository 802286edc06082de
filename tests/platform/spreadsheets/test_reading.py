"""Files read in the child process, honest and hostile ones."""

from datetime import date, datetime, time
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl.worksheet.worksheet import Worksheet

from sindico_platform.errors import InvalidInput
from sindico_platform.spreadsheets import limits
from sindico_platform.spreadsheets.inspection import inspect_upload
from sindico_platform.spreadsheets.reading import open_reading
from sindico_platform.spreadsheets.schemas import SheetFacts, SheetFormat, SheetRow
from tests.support.workbooks import SHEET_PART, bomb, claiming, csv_of, repacked, xlsx


async def read(
    folder: Path, content: bytes, kind: SheetFormat = SheetFormat.XLSX
) -> tuple[SheetFacts, list[SheetRow]]:
    path = folder / "upload"
    path.write_bytes(content)
    async with open_reading(path, kind) as reading:
        return reading.facts, [row async for batch in reading.batches() for row in batch]


async def read_csv(folder: Path, content: bytes) -> tuple[SheetFacts, list[list[str]]]:
    facts, rows = await read(folder, content, SheetFormat.CSV)
    return facts, [row.cells for row in rows]


async def refused(
    folder: Path, content: bytes, kind: SheetFormat = SheetFormat.XLSX
) -> tuple[str, dict[str, object]]:
    with pytest.raises(InvalidInput) as caught:
        await read(folder, content, kind)
    fault = caught.value.errors[0]
    assert fault.field == "file"
    assert fault.text()
    return fault.code, dict(fault.facts)


def inspect(content: bytes, name: str) -> str:
    """The format, or the code of the refusal."""
    try:
        return inspect_upload(BytesIO(content), name).format
    except InvalidInput as error:
        return error.errors[0].code


async def test_every_kind_of_cell_is_read_as_it_is_shown(tmp_path: Path) -> None:
    file = xlsx(
        ["Nome", "CNPJ", "Dia", "Instante", "Hora", "Ativa", "Valor"],
        [
            "São João & Cia",
            12345678000195,
            date(2026, 1, 31),
            datetime(2026, 1, 31, 13, 5),  # noqa: DTZ001  (cells have no zone)
            time(8, 30),
            True,
            1.5,
        ],
    )

    _, rows = await read(tmp_path, file)

    assert rows[1].cells == [
        "São João & Cia",
        "12345678000195",
        "2026-01-31",
        "2026-01-31 13:05:00",
        "08:30:00",
        "TRUE",
        "1.5",
    ]


async def test_rows_keep_the_number_that_excel_shows(tmp_path: Path) -> None:
    def scatter(sheet: Worksheet) -> None:
        sheet["B3"], sheet["B7"] = "Nome", "Acme"

    _, rows = await read(tmp_path, xlsx(change=scatter))

    assert rows == [SheetRow(3, ["", "Nome"]), SheetRow(7, ["", "Acme"])]


async def test_a_formula_is_the_value_it_had_and_is_never_run(tmp_path: Path) -> None:
    def calculated(name: str, content: bytes) -> bytes:
        old, new = b"<f>1+1</f><v></v>", b"<f>1+1</f><v>2</v>"
        return content.replace(old, new).replace(b"<f>1+1</f><v />", new)

    file = xlsx(["A", "B"], ["x", "=1+1"])
    bare, rows = await read(tmp_path, file)
    assert (bare.bare_formulas, rows[1].cells) == (1, ["x"])

    facts, rows = await read(tmp_path, repacked(file, calculated))
    assert (facts.bare_formulas, rows[1].cells) == (0, ["x", "2"])


async def test_merged_and_broken_cells_are_told(tmp_path: Path) -> None:
    def spoil(sheet: Worksheet) -> None:
        sheet.merge_cells("A2:A3")
        sheet["B2"], sheet["B2"].data_type = "#N/A", "e"

    facts, rows = await read(tmp_path, xlsx(["A", "B"], ["x", ""], ["y", "z"], change=spoil))

    assert (facts.merged_areas, facts.error_cells) == (1, 1)
    assert [row.cells for row in rows[1:]] == [["x"], ["", "z"]]


async def test_the_first_visible_sheet_is_read_and_the_others_named(tmp_path: Path) -> None:
    def hide(sheet: Worksheet) -> None:
        sheet.sheet_state = "hidden"
        sheet.parent.create_sheet("Filiais").append(["Nome"])
        sheet.parent.create_sheet("Notas")

    facts, rows = await read(tmp_path, xlsx(["oculta"], change=hide))

    assert (facts.sheet, facts.other_sheets) == ("Filiais", ["Notas"])
    assert [row.cells for row in rows] == [["Nome"]]


@pytest.mark.parametrize(
    ("delimiter", "encoding", "told"),
    [
        (";", "utf-8", "utf-8"),
        (",", "utf-8-sig", "utf-8"),
        (";", "windows-1252", "windows-1252"),
        ("\t", "utf-16", "utf-16"),
    ],
)
async def test_csv_is_read_however_it_is_written(
    tmp_path: Path, delimiter: str, encoding: str, told: str
) -> None:
    file = csv_of(["Código", "Nome"], ["1", "São João"], delimiter=delimiter, encoding=encoding)

    facts, rows = await read_csv(tmp_path, file)

    assert (facts.delimiter, facts.encoding) == (delimiter, told)
    assert rows == [["Código", "Nome"], ["1", "São João"]]


async def test_lines_pasted_from_two_encodings_are_both_read(tmp_path: Path) -> None:
    file = csv_of(["Código", "Nome"]) + csv_of(["1", "São João"], encoding="windows-1252")

    facts, rows = await read_csv(tmp_path, file)

    assert facts.encoding == "mixed"
    assert rows == [["Código", "Nome"], ["1", "São João"]]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["unix", "windows", "old-mac"])
async def test_quoted_cells_may_hold_anything(tmp_path: Path, end: str) -> None:
    file = f'Nome;Nota{end}{end}Acme;"a;b{end}""c"""{end}'.encode()

    _, rows = await read_csv(tmp_path, file)

    assert rows == [["Nome", "Nota"], ["Acme", f'a;b{end}"c"']]


async def test_excels_own_hint_names_the_delimiter(tmp_path: Path) -> None:
    _, rows = await read(tmp_path, b"sep=|\r\na|b;c\r\n", SheetFormat.CSV)

    assert rows == [SheetRow(1, ["a", "b;c"])]


async def test_what_export_defused_comes_back_as_it_was(tmp_path: Path) -> None:
    _, rows = await read_csv(tmp_path, csv_of(["Fone"], ["'+5541912345678"], ["'t Hooft"]))

    assert rows == [["Fone"], ["+5541912345678"], ["'t Hooft"]]


async def test_a_quote_that_is_never_closed_names_its_line(tmp_path: Path) -> None:
    file = b'a;b\n1;"2\n' + b"3;4\n" * 10_000

    assert await refused(tmp_path, file, SheetFormat.CSV) == ("csv-quote-open", {"line": 2})


def test_a_bomb_is_refused_by_what_it_says_of_itself() -> None:
    assert inspect(bomb(limits.MAX_UNPACKED_BYTES), "a.xlsx") == "file-unpacks-too-large"


async def test_a_bomb_that_lies_is_refused_by_what_it_does(tmp_path: Path) -> None:
    liar = claiming(bomb(limits.MAX_UNPACKED_BYTES), 1_000)

    assert inspect(liar, "a.xlsx") == "xlsx"
    assert (await refused(tmp_path, liar))[0] == "file-unpacks-too-large"


async def test_a_part_that_is_not_as_long_as_it_says_is_damage(tmp_path: Path) -> None:
    assert (await refused(tmp_path, claiming(xlsx(["A"]), 10_000)))[0] == "file-damaged"


async def test_a_cell_at_the_end_of_the_world_ends_the_child_alone(tmp_path: Path) -> None:
    def far(sheet: Worksheet) -> None:
        sheet["XFD1048576"] = 1

    assert (await refused(tmp_path, xlsx(["A"], change=far)))[0] == "file-too-complex"


async def test_one_text_shared_by_many_cells_is_counted_as_often(
    tmp_path: Path,
) -> None:
    shared = b'<c t="inlineStr"><is><t>' + b"x" * 30_000 + b"</t></is></c>"

    def repeat(name: str, content: bytes) -> bytes:
        rows = b"<row>" + shared * 100 + b"</row>"
        return content.replace(b"</sheetData>", rows * 80 + b"</sheetData>")

    file = repacked(xlsx(["A"]), lambda n, c: repeat(n, c) if n == SHEET_PART else c)

    assert (await refused(tmp_path, file))[0] == "file-too-complex"


async def test_too_many_columns_are_counted(tmp_path: Path) -> None:
    assert await refused(tmp_path, xlsx(["x"] * 201)) == (
        "sheet-too-many-columns",
        {"columns": 201, "max_columns": 200},
    )


async def test_too_many_rows_are_refused(tmp_path: Path) -> None:
    file = b"Nome\n" + b"x\n" * (limits.MAX_ROWS + 1)

    assert await refused(tmp_path, file, SheetFormat.CSV) == (
        "sheet-too-many-rows",
        {"max_rows": limits.MAX_ROWS},
    )


@pytest.mark.parametrize(
    ("content", "name", "expected"),
    [
        (b"", "a.csv", "file-empty"),
        (b"a;b", "a.csv", "csv"),
        (b"a;b", "A.CSV", "csv"),
        (b"a;b", "a.pdf", "file-kind"),
        (b"a;b", "a", "file-kind"),
        (b"a;b", "a.xlsx", "file-not-xlsx"),
        (xlsx(["A"]), "a.xlsx", "xlsx"),
        (xlsx(["A"]), "a.csv", "file-not-csv"),
        (xlsx(["A"])[:-40], "a.xlsx", "file-damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "a.xlsx", "file-old-or-locked"),
        (b"a\x00b", "a.csv", "file-not-csv"),
        ("a;ã".encode("utf-16"), "a.csv", "csv"),
        (b"x" * (limits.MAX_FILE_BYTES + 1), "a.csv", "file-too-large"),
    ],
    ids=[
        "empty",
        "csv",
        "capitals",
        "other-kind",
        "no-ending",
        "text-as-xlsx",
        "xlsx",
        "xlsx-as-csv",
        "cut-off",
        "old-or-locked",
        "binary-as-csv",
        "utf-16",
        "too-large",
    ],
)
def test_a_first_look_tells_what_a_file_is(content: bytes, name: str, expected: str) -> None:
    assert inspect(content, name) == expected


def test_a_zip_that_is_no_workbook_is_refused() -> None:
    other = repacked(xlsx(["A"]), lambda _name, content: content).replace(
        b"xl/workbook.xml", b"xl/workboot.xml"
    )

    assert inspect(other, "a.xlsx") == "file-not-xlsx"
