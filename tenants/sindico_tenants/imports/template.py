"""The file to fill in: a header, one example, and what to enter where."""

from collections.abc import AsyncIterator, Sequence

from sindico_platform.spreadsheets.schemas import SheetFormat
from sindico_platform.spreadsheets.writing import Column, SheetOut, in_one, write_csv, write_xlsx
from sindico_platform.words import Translate, translatable
from sindico_tenants.imports.definitions import Importable, ImportField
from sindico_tenants.imports.schemas import ImportFieldOut, SheetColumn

NARROW, WIDE, NOTE = 18, 32, 70
LONG_EXAMPLE = 18
COLUMN = translatable("Column")
REQUIRED = translatable("Required")
NOTES = translatable("What to enter")
EXAMPLE = translatable("Example")
ROW_TITLE = translatable("Row in the file")
REASONS_TITLE = translatable("Why it was rejected")
INSTRUCTIONS = translatable("Instructions")
YES, NO = translatable("Yes"), translatable("No")


def describe_fields(definition: Importable, translate: Translate) -> list[ImportFieldOut]:
    """Every field that a sheet may fill, in the template's order."""
    return [
        ImportFieldOut(
            name=each.name,
            label=translate(each.label),
            note=translate(each.note),
            is_required=each.is_required,
            example=each.example,
        )
        for each in definition.fields
    ]


def example_of(definition: Importable, columns: Sequence[SheetColumn]) -> list[str]:
    """The cells that the template's example has in a sheet with these columns."""
    cells = [definition.by_name[each.field].example if each.field else "" for each in columns]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def write_template(
    definition: Importable, kind: SheetFormat, translate: Translate, *, delimiter: str
) -> AsyncIterator[bytes]:
    """The template in the reader's language.

    Args:
        delimiter: of a CSV file.
    """
    columns = [
        Column(title=translate(each.label), width=_width(each)) for each in definition.fields
    ]
    example = in_one([[each.example for each in definition.fields]])
    if kind is SheetFormat.CSV:
        return write_csv(columns, example, delimiter=delimiter)
    table = SheetOut(name=translate(definition.label), columns=columns, batches=example)
    return write_xlsx(table, _instructions(definition, translate))


def _width(each: ImportField) -> int:
    return WIDE if len(each.example) > LONG_EXAMPLE else NARROW


def _instructions(definition: Importable, translate: Translate) -> SheetOut:
    rows = [
        [
            translate(each.label),
            translate(YES if each.is_required else NO),
            translate(each.note),
            each.example,
        ]
        for each in definition.fields
    ]
    rows.append([])
    rows.append(["", "", translate(definition.rule)])
    return SheetOut(
        name=translate(INSTRUCTIONS),
        columns=[
            Column(title=translate(COLUMN), width=NARROW),
            Column(title=translate(REQUIRED), width=NARROW),
            Column(title=translate(NOTES), width=NOTE, wraps=True),
            Column(title=translate(EXAMPLE), width=WIDE),
        ],
        batches=in_one(rows),
    )
