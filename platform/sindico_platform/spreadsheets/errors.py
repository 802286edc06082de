"""Why a file is not read at all. What is wrong with single rows is its reader's to say."""

from typing import Any

from sindico_platform.errors import InvalidInput, field_error
from sindico_platform.words import translatable

REFUSALS: dict[str, str] = {
    "file-missing": translatable("Choose a file."),
    "file-empty": translatable("The file is empty."),
    "file-too-large": translatable(
        "The file has {size_bytes} bytes; at most {max_bytes} are taken. Split it into several."
    ),
    "file-kind": translatable("Only .xlsx and .csv files are taken; this one is called {name}."),
    "file-old-or-locked": translatable(
        "This is an old .xls workbook, or one with a password. Open it and save it as .xlsx without"
        " a password."
    ),
    "file-not-xlsx": translatable(
        "The name ends in .xlsx, but the content is no Excel workbook. Save it again as .xlsx, or"
        " as .csv."
    ),
    "file-not-csv": translatable(
        "The name ends in .csv, but the content is no text. Save it again as CSV."
    ),
    "file-damaged": translatable("The file is damaged and cannot be read. Save it again."),
    "file-unpacks-too-large": translatable(
        "The file unpacks to more than {max_bytes} bytes. Such files are not opened."
    ),
    "file-too-complex": translatable(
        "Reading the file takes more memory or time than is given to one. Often a stray cell far to"
        " the right or far below is the cause: copy the table alone into a new workbook."
    ),
    "sheet-missing": translatable("The workbook has no visible sheet."),
    "sheet-too-many-rows": translatable(
        "The sheet has more than {max_rows} rows. Split it into several files."
    ),
    "sheet-too-many-columns": translatable(
        "The sheet reaches {columns} columns; at most {max_columns} are taken. Remove what stands"
        " to the right of the table."
    ),
    "csv-quote-open": translatable(
        "From line {line} on a quotation mark is not closed, so the columns cannot be told apart."
    ),
}
"""Codes of a refusal with their English text, an id in the message catalogues."""


def refusal(code: str, **facts: Any) -> InvalidInput:
    """Build the refusal of the field ``file``, for a code in `REFUSALS`."""
    return InvalidInput(field_error("file", code, REFUSALS[code], **facts))
