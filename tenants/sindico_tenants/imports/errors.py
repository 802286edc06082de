"""What can go wrong with an import as a whole, and with one of its rows."""

from typing import Any
from uuid import UUID

from sindico_platform.errors import FieldError, InvalidInput, SindicoError, field_error
from sindico_platform.words import translatable


class ImportNotFound(SindicoError):
    """No such import, or it is another tenant's."""

    code, status, title = "import-not-found", 404, "There is no such import"
    detail = "No import has the id {import_id}."


class ImportableNotFound(SindicoError):
    """Nothing of that name can be imported."""

    code, status, title = "importable-not-found", 404, "This cannot be imported"
    detail = "Spreadsheets can bring in {known}; not {resource}."


class ImportUnderWay(SindicoError):
    """Another import of the resource is not finished."""

    code, status, title = "import-under-way", 409, "Another import of these is under way"
    detail = "The import {import_id} has not ended. Finish it or cancel it first."

    def __init__(self, *, import_id: UUID) -> None:
        super().__init__(import_id=str(import_id))


class ImportNotReady(SindicoError):
    """Only an import that shows what it would do can be let to do it."""

    code, status, title = "import-not-ready", 409, "The import cannot be started now"
    detail = "Only an import that shows a preview can be started."


class ImportEnded(SindicoError):
    """Only what has not ended can be cancelled."""

    code, status, title = "import-ended", 409, "The import has ended"
    detail = "It has ended or is being undone, so it cannot be cancelled."


class ImportNotUndoable(SindicoError):
    """It wrote nothing, is not finished, or was undone already."""

    code, status, title = "import-not-undoable", 409, "The import cannot be undone"
    detail = "It has written nothing, has not ended, or was undone already."


class ImportForgotten(SindicoError):
    """Its rows and before-images are gone."""

    code, status, title = "import-forgotten", 409, "The import is too old for this"
    detail = "The rows of an import are kept for {days} days after it has ended."


class ImportNotMappable(SindicoError):
    """Columns can be named until the import begins to write."""

    code, status, title = "import-not-mappable", 409, "The columns cannot be changed now"
    detail = "Columns can be named once the file is read and until the import is started."


class ImportStopped(Exception):
    """The import was cancelled, has ended, or belongs to another job by now: write nothing."""


REASONS: dict[str, str] = {
    "required": translatable("The field is required for a new record and was empty."),
    "cell-too-long": translatable(
        "The cell has {length} characters; at most {most} are kept. Shorten it."
    ),
    "letter-lost": translatable(
        "A letter could not be read. Save the file as UTF-8, or correct the cell."
    ),
    "number-rounded": translatable(
        "The spreadsheet has rounded this number ({text}). Format the column as text and enter it"
        " again."
    ),
    "not-yes-or-no": translatable("Expected yes or no, such as Sim, Não, true, 0."),
    "beyond-columns": translatable(
        "The row has cells to the right of the last column, such as {text}. A delimiter inside a"
        " text needs quotation marks around the text."
    ),
    "duplicate-row": translatable(
        "Row {number} is the same record or has the same value, so neither was taken."
    ),
    "several-match": translatable(
        "Several records have the value {value}, so it does not say which one is meant."
    ),
    "keys-disagree": translatable(
        "The CNPJ is that of {by_cnpj}, the code that of {by_code}. Correct one of them."
    ),
    "company-unknown": translatable(
        "There is no company with {value}. Import or register the company first."
    ),
    "company-missing": translatable("Name the company by its CNPJ or by its code."),
    "company-ambiguous": translatable(
        "Several companies have the code {value}. Name the company by its CNPJ."
    ),
    "companies-disagree": translatable(
        "CNPJ and code of the company are those of two companies. Correct one of them."
    ),
    "company-differs": translatable(
        "{name} belongs to another company. A branch stays with its company."
    ),
    "alone-taken": translatable("The company has a head office already. Change that one first."),
    "key-missing": translatable("Give the CNPJ or the code, so that the record can be recognised."),
    "template-example": translatable("This is the template's example. Type over it, or delete it."),
    "changed-meanwhile": translatable(
        "The record was changed, removed or created by somebody else after the preview was made."
    ),
}
"""Codes of a row's rejection with their English text, an id in the message catalogues.

The fields of each resource have more, where their rules are.
"""

SHEET: dict[str, str] = {
    "sheet-empty": translatable("The sheet is empty."),
    "sheet-without-rows": translatable("The sheet has a header and no row under it."),
}
"""Why a file that can be read brings nothing."""

KEPT: dict[str, str] = {
    "kept-changed": translatable("Somebody has changed the record since."),
    "kept-gone": translatable("The record was deleted since."),
    "kept-linked": translatable("Other records depend on it by now: {count}."),
    "kept-taken": translatable("Another record has its former CNPJ, code or place by now."),
}
"""Why an undo leaves a record as it is."""


def kept_details() -> tuple[str, ...]:
    """The details in the order in which the statement takes them."""
    return tuple(KEPT[f"kept-{why}"] for why in ("changed", "gone", "linked", "taken"))


def reason(field: str, code: str, **facts: Any) -> FieldError:
    """Build the `FieldError` of a code in `REASONS`."""
    return field_error(field, code, REASONS[code], **facts)


def refuse_sheet(code: str) -> InvalidInput:
    """Build the refusal of a whole file, for a code in `SHEET`."""
    return InvalidInput(field_error("file", code, SHEET[code]))
