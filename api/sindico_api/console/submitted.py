"""From a sent form to the struct the API takes, with the API's own rules."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from sindico_api.console.view import ConsoleRequest
from sindico_api.field_faults import field_fault
from sindico_platform.errors import FieldError, InvalidInput, field_error
from sindico_platform.revisions import ChangedMeanwhile

T = TypeVar("T")
MAX_DIGITS = 18
"""The longest number that a column can hold, whatever its digits."""


def id_in(text: Any) -> UUID | None:
    """The id that a field carries; a text that is none names nothing."""
    try:
        return UUID(str(text))
    except ValueError:
        return None


def choice_in(sent: Mapping[str, Any], name: str) -> UUID | None:
    """The id that was chosen in a field; an empty choice is none.

    Raises:
        InvalidInput: what was sent is no id, which must not pass for an empty choice.
    """
    text = sent.get(name) or ""
    chosen = id_in(text)
    if text and chosen is None:
        raise InvalidInput(field_error(name, "wrong-type", "Choose one of the list."))
    return chosen


def number_in(text: str) -> int | None:
    """The whole number that was typed in the digits 0 to 9, if it is one that can be stored."""
    is_number = text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS
    return int(text) if is_number else None


def whole_numbers_in(sent: Mapping[str, str], *names: str) -> dict[str, int | None]:
    """The numbers that were typed in these fields; an empty field has none.

    Raises:
        InvalidInput: naming each field whose text is no whole number.
    """
    typed = {name: sent[name].strip() for name in names}
    numbers = {name: number_in(text) for name, text in typed.items()}
    wrong = [name for name in names if typed[name] and numbers[name] is None]
    if wrong:
        detail = "Enter a whole number."
        raise InvalidInput(*(field_error(name, "not-a-whole-number", detail) for name in wrong))
    return numbers


def revision_in(text: str) -> int | None:
    """The revision that a form was filled in upon; an empty one expects nothing.

    Raises:
        ChangedMeanwhile: it is no revision of ours, so it cannot match.
    """
    if not text:
        return None
    revision = number_in(text)
    if revision is None:
        raise ChangedMeanwhile
    return revision


async def sent_texts(request: ConsoleRequest, *names: str) -> dict[str, str]:
    """The named fields without space around them; one that was not sent is empty."""
    data = await request.form()
    return {name: str(data.get(name, "")).strip() for name in names}


def read_as(kind: type[T], values: Mapping[str, Any], *, required: Sequence[str] = ()) -> T:
    """Make the struct; an empty text means that the field was left out.

    Raises:
        InvalidInput: a required field is empty, or one has a value the API refuses.
    """
    missing: list[FieldError] = [
        field_error(name, "required", "This field is required.")
        for name in required
        if not values.get(name)
    ]
    if missing:
        raise InvalidInput(*missing)
    filled = {name: value for name, value in values.items() if value not in ("", None)}
    try:
        return msgspec.convert(filled, kind)
    except msgspec.ValidationError as fault:
        raise InvalidInput(field_fault({"message": str(fault)})) from fault


def confirmation_faults(typed: str, wanted: str) -> list[FieldError]:
    """What is wrong with the field that `ui.confirm` asks to type, as its script sees it."""
    if typed.strip() == wanted:
        return []
    detail = "Type {text} to confirm."
    return [field_error("confirmation", "confirmation-differs", detail, text=wanted)]
