"""What msgspec and Litestar find wrong with one field, as people read it."""

import re
from typing import Any

from sindico_platform.errors import FieldError, field_error
from sindico_platform.words import translatable

TEXTS: dict[str, str] = {
    r"Expected `\w+` of length >= 1": translatable("It may not be empty."),
    r"Expected `str` of length <= (?P<most>\d+)": translatable(
        "At most {most} characters are allowed."
    ),
    r"Expected `str` of length >= (?P<least>\d+)": translatable(
        "At least {least} characters are needed."
    ),
    r"Expected `\w+` of length <= (?P<most>\d+)": translatable(
        "At most {most} entries are allowed."
    ),
    r"Expected `\w+` of length >= (?P<least>\d+)": translatable(
        "At least {least} entries are needed."
    ),
    r"Expected `\w+` <= (?P<most>\S+)": translatable("It must be {most} or less."),
    r"Expected `\w+` >= (?P<least>\S+)": translatable("It must be {least} or more."),
    r"Expected `str` matching regex '(?P<pattern>.*)'": translatable(
        "It does not have the form {pattern}."
    ),
    r"Invalid UUID": translatable("This is no id."),
    r"Invalid enum value (?P<value>.*)": translatable("{value} is none of the values there are."),
    r"Invalid RFC3339 encoded date": translatable("It must be a date such as 2026-03-02."),
    r"Invalid RFC3339 encoded datetime|Expected `datetime` with a timezone component": translatable(
        "It must be an instant with its time zone, such as 2026-03-02T12:00:00Z."
    ),
    r"multipart boundary missing in Content-Type": translatable(
        "The Content-Type of the form names no boundary."
    ),
    r"Expected `(?P<wanted>[^`]*)`, got `(?P<got>[^`]*)`": translatable(
        "Expected {wanted}, got {got}."
    ),
}
"""By what msgspec says of a value, or Litestar of a form; the first that fits counts."""


def field_fault(item: dict[str, Any]) -> FieldError:
    """Name one fault, in words that can be translated.

    Args:
        item: ``message`` is what msgspec or Litestar says of it, ``key`` the field if it is known.
    """
    message = str(item.get("message", ""))
    key = item.get("key")
    if key == "data":  # what Litestar calls the body as a whole
        key = None
    field = str(key or _path_in(message) or "body")
    missing = re.search(r"[Mm]issing required (?:field|(?:\w+ )?parameter) `?'?([\w-]+)", message)
    if missing:
        prefix = f"{field}." if field not in {"body", missing[1]} else ""
        return field_error(f"{prefix}{missing[1]}", "required", "This field is required.")
    unknown = re.search(r"contains unknown field `(\w+)`", message)
    if unknown:
        return field_error(unknown[1], "unknown-field", "There is no such field.")
    return _value_fault(field, re.sub(r" - at `\$.*`$", "", message))


def _path_in(message: str) -> str:
    at = re.search(r"at `\$\.?([^`]*)`", message)
    return at[1] if at else ""


def _value_fault(field: str, said: str) -> FieldError:
    found = next(filter(None, (re.fullmatch(pattern, said) for pattern in TEXTS)), None)
    if found is None:
        return field_error(field, "invalid-value", "{reason}", reason=said)
    return field_error(field, "invalid-value", TEXTS[found.re.pattern], **found.groupdict())
