"""What can be wrong with a row, a body or a table's name."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from sindico_platform.errors import FieldError, SindicoError, field_error
from sindico_platform.words import translatable

REASONS: dict[str, str] = {
    "required": translatable("The field is required and was empty."),
    "not-text": translatable("Expected text, in quotation marks."),
    "not-a-number": translatable("Expected a number."),
    "not-a-whole-number": translatable("Expected a whole number."),
    "not-a-date": translatable("Expected a date as text, YYYY-MM-DD."),
    "not-an-instant": translatable("Expected an instant as text, YYYY-MM-DDThh:mm:ss-03:00."),
    "not-a-boolean": translatable("Expected true or false."),
    "too-long": translatable("At most {max_length} characters are allowed; there are {length}."),
    "nul-byte": translatable("The text holds a NUL character, which cannot be stored."),
    "lone-surrogate": translatable("The text holds half of a character (a lone surrogate)."),
    "surrounding-space": translatable("A key must not begin or end with a space."),
    "number-malformed": translatable(
        "Expected a number such as 1234.56, with a point and no thousands mark."
    ),
    "number-out-of-range": translatable("The number is outside the range from {least} to {most}."),
    "too-many-decimals": translatable("At most {places} decimal places are allowed."),
    "date-malformed": translatable("Expected a date of the calendar, as YYYY-MM-DD."),
    "instant-malformed": translatable(
        "Expected an instant as YYYY-MM-DDThh:mm:ss with a zone, such as -03:00."
    ),
    "zone-missing": translatable("The instant has no time zone; add one, such as -03:00."),
    "year-out-of-range": translatable("The year must be between {least} and {most}."),
    "ibge-shape": translatable("An IBGE municipality code has 7 digits."),
    "unknown-field": translatable("The table has no such field."),
    "extras-too-large": translatable(
        "Unknown fields take {size_bytes} bytes; at most {most} may be kept."
    ),
    "extras-not-json": translatable("The unknown fields hold values that JSON does not know."),
    "not-an-object": translatable("A row must be a JSON object."),
    "row-not-json": translatable("The row is not well-formed JSON."),
    "row-not-utf8": translatable("The row is not valid UTF-8."),
    "field-repeated": translatable("The row names this field more than once."),
    "more-reasons": translatable("More that is wrong with this row: {count}."),
    "duplicate-key": translatable(
        "The key stands more than once in this batch; none of its rows was taken."
    ),
}
"""Codes of a row's rejection with their English text, an id in the message catalogues.

Documents and states have more, in `sindico_platform.brazil`.
"""


MOST_REASONS = 50
"""Of one kind that a single row is told; a sender decides how many fields it names."""


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


def reasons(code: str, fields: Collection[str]) -> list[FieldError]:
    """The same reason for each field; beyond `MOST_REASONS` only how many more there are."""
    told = [reason(printable(field), code) for field in islice(fields, MOST_REASONS)]
    more = len(fields) - len(told)
    return [*told, reason("", "more-reasons", count=more)] if more else told


def in_brief(told: Sequence[FieldError]) -> tuple[FieldError, ...]:
    """The first of a row's reasons, and how many more there are, those not told among them."""
    untold = [dict(each.facts)["count"] for each in told if each.code == "more-reasons"]
    return told[0], reason("", "more-reasons", count=len(told) - 1 - len(untold) + sum(untold))


def printable(name: str) -> str:
    """Make any name fit to be stored and shown."""
    return name[:60].replace("\x00", "").encode(errors="replace").decode()


def unfit(code: str, **facts: Any) -> Unfit:
    """Build what a value's reader raises, for a code in `REASONS`."""
    return Unfit(reason("", code, **facts))


class ErpTableNotFound(SindicoError):
    """No ERP table has that name."""

    code, status, title = "erp-table-not-found", 404, "There is no such ERP table"
    detail = "There is no ERP table {table}."


RETRY_AFTER_SECONDS = 1
"""After a push was refused for its size, or because others are under way."""


class TooMuchAtOnce:
    """What is too large for one push may come in several."""

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(RETRY_AFTER_SECONDS)}


class PushOfTooManyRows(TooMuchAtOnce, SindicoError):
    """More rows than one push may have. Nothing of it was taken."""

    code, status, title = "push-of-too-many-rows", 413, "The push has too many rows"
    detail = "One push may have {most_rows} rows. Send them in several."


class BodyNotJson(SindicoError):
    """The body as a whole cannot be read, so no row of it was taken."""

    code, status, title = "body-not-json", 422, "The body is not a JSON array of rows"
    detail = "The body could not be read as a JSON array: {fault}. No row was taken."
    words = ("fault",)
