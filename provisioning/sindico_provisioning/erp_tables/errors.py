"""What can be wrong with a row, a body or a table's name."""

from dataclasses import replace
from typing import Any

from sindico_platform.errors import FieldError, SindicoError, field_error

REASONS: dict[str, str] = {
    "required": "The field is required and was empty.",
    "wrong-type": "Expected {expected}, got {got}.",
    "too-long": "At most {max_length} characters are allowed; there are {length}.",
    "nul-byte": "The text holds a NUL character, which cannot be stored.",
    "lone-surrogate": "The text holds half of a surrogate pair, which is no character.",
    "surrounding-space": "A key must not begin or end with a space.",
    "number-malformed": "Expected a number such as 1234.56, with a point and no thousands mark.",
    "number-out-of-range": "The number is outside the range from {least} to {most}.",
    "too-many-decimals": "At most {places} decimal places are allowed.",
    "date-malformed": "Expected a date of the calendar as YYYY-MM-DD.",
    "instant-malformed": "Expected an instant as YYYY-MM-DDThh:mm:ss with a zone, such as -03:00.",
    "zone-missing": "The instant has no time zone; add one, such as -03:00.",
    "year-out-of-range": "The year must be between {least} and {most}.",
    "ibge-shape": "An IBGE municipality code has 7 digits, of which the first two are the state.",
    "unknown-field": "The table has no such field.",
    "extras-too-large": "Unknown fields take {size_bytes} bytes; at most {most} may be kept.",
    "not-an-object": "A row must be a JSON object.",
    "row-not-json": "The row is not well-formed JSON: {fault}.",
    "row-not-utf8": "The row is not valid UTF-8.",
    "duplicate-key": "The key stands more than once in this batch; none of its rows was taken.",
}
"""Codes of a row's rejection with their English text, an id in the message catalogues.

Documents and states have more, in `sindico_platform.brazil`.
"""


class Unfit(Exception):
    """One value does not fit its field; becomes a `FieldError` once the field is known."""

    def __init__(self, fault: FieldError) -> None:
        super().__init__(fault.code)
        self.fault = fault

    def at(self, field: str) -> FieldError:
        return replace(self.fault, field=field)


def reason(field: str, code: str, **facts: Any) -> FieldError:
    """Build the `FieldError` of a code in `REASONS`."""
    return field_error(field, code, REASONS[code], **facts)


def unfit(code: str, **facts: Any) -> Unfit:
    """Build what a value's reader raises, for a code in `REASONS`."""
    return Unfit(reason("", code, **facts))


class ErpTableNotFound(SindicoError):
    """No ERP table has that name."""

    code, status, title = "erp-table-not-found", 404, "There is no such ERP table"
    detail = "There is no ERP table {table}."


class BodyNotJson(SindicoError):
    """The body as a whole cannot be read, so no row of it was taken."""

    code, status, title = "body-not-json", 422, "The body is not a JSON array of rows"
    detail = "The body could not be read as a JSON array: {fault}. No row was taken."
