"""What a mapping must meet: fields and columns that exist, and types that fit."""

import unicodedata
from collections.abc import Iterator, Sequence

from sindico_platform.errors import FieldError, InvalidInput, field_error
from sindico_platform.words import translatable
from sindico_provisioning.connectors.view.schemas import ColumnSort, FoundColumn
from sindico_provisioning.erp_tables.schemas import ErpTable
from sindico_provisioning.view_connections.schemas import ViewMappingIn

KEY = "id_erp"
MAX_OVERLAP_MINUTES = 10_080
MAX_NAME = 128

_NUMBERS = {ColumnSort.INTEGER, ColumnSort.NUMBER, ColumnSort.TEXT, ColumnSort.OTHER}
_ALL_BUT_BINARY = set(ColumnSort) - {ColumnSort.BINARY}
FITTING: dict[str, set[ColumnSort]] = {
    "text": _ALL_BUT_BINARY - {ColumnSort.BOOLEAN},
    "integer": _NUMBERS,
    "decimal": _NUMBERS,
    "date": {ColumnSort.DATE, ColumnSort.DATETIME, ColumnSort.TEXT, ColumnSort.OTHER},
    "datetime": {ColumnSort.DATE, ColumnSort.DATETIME, ColumnSort.TEXT, ColumnSort.OTHER},
    "boolean": {*_NUMBERS, ColumnSort.BOOLEAN, ColumnSort.BINARY},
}
"""Which sorts of column a field of each type may be read from."""
GROWING = {ColumnSort.DATE, ColumnSort.DATETIME, ColumnSort.INTEGER, ColumnSort.NUMBER}
"""Sorts of column that may be a watermark."""
WANTED = {
    "text": translatable("text"),
    "integer": translatable("a whole number"),
    "decimal": translatable("a number"),
    "date": translatable("a date"),
    "datetime": translatable("a date and time"),
    "boolean": translatable("yes or no"),
}


def demand_fitting(data: ViewMappingIn, table: ErpTable, columns: Sequence[FoundColumn]) -> None:
    """Refuse a mapping that could not be read, with every reason.

    Args:
        columns: those of the view.

    Raises:
        InvalidInput: listing every field that is wrong.
    """
    by_name = {column.name: column for column in columns}
    faults = [
        *_missing(data, table),
        *_unfit(data, table, by_name),
        *_watermark_faults(data, by_name),
    ]
    if faults:
        raise InvalidInput(*faults)


def _missing(data: ViewMappingIn, table: ErpTable) -> Iterator[FieldError]:
    for field in table.fields:
        if field.required and not data.columns.get(field.name):
            detail = "Choose a column: this field is required."
            yield field_error(f"columns.{field.name}", "required", detail)


def _unfit(
    data: ViewMappingIn, table: ErpTable, columns: dict[str, FoundColumn]
) -> Iterator[FieldError]:
    fields = {field.name: field for field in table.fields}
    for name, chosen in data.columns.items():
        at = f"columns.{name[:MAX_NAME]}"
        if name not in fields:
            yield field_error(at, "unknown-field", "The table has no such field.")
        elif chosen not in columns:
            if chosen:
                detail = "The view has no column {column}."
                yield field_error(at, "column-not-found", detail, column=chosen[:MAX_NAME])
        elif columns[chosen].sort not in FITTING[fields[name].kind.type]:
            yield field_error(
                at,
                "column-unfit",
                "The column {column} is of the type {type}, which cannot become {wanted}.",
                column=chosen,
                type=columns[chosen].type,
                wanted=WANTED[fields[name].kind.type],
            )


def _watermark_faults(data: ViewMappingIn, columns: dict[str, FoundColumn]) -> Iterator[FieldError]:
    if data.watermark is not None:
        column = columns.get(data.watermark)
        if column is None:
            detail = "The view has no column {column}."
            shown = data.watermark[:MAX_NAME]
            yield field_error("watermark", "column-not-found", detail, column=shown)
        elif column.sort not in GROWING:
            detail = "A watermark is a date, an instant or a number; {column} is {type}."
            yield field_error(
                "watermark", "watermark-unfit", detail, column=column.name, type=column.type
            )
    if not 0 <= data.overlap_minutes <= MAX_OVERLAP_MINUTES:
        yield field_error(
            "overlap_minutes",
            "out-of-range",
            "Enter a number from {least} to {most}.",
            least=0,
            most=MAX_OVERLAP_MINUTES,
        )


def suggest(table: ErpTable, columns: Sequence[FoundColumn]) -> dict[str, str]:
    """Columns that are called like a field, whatever the case, accents and underscores."""
    by_form = {_form_of(column.name): column for column in reversed(columns)}
    found = {field: by_form.get(_form_of(field.name)) for field in table.fields}
    return {
        field.name: column.name
        for field, column in found.items()
        if column is not None and column.sort in FITTING[field.kind.type]
    }


def _form_of(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return "".join(letter for letter in plain.casefold() if letter.isalnum())
