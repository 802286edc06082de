"""The text that stands for a place in a list, and the values it was made of."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any

import msgspec

from sindico_platform.errors import InvalidInput, field_error


def encode_cursor(values: Sequence[Any]) -> str:
    """Make the text; it hides nothing and needs no quoting in an address."""
    return base64.urlsafe_b64encode(msgspec.json.encode(values)).rstrip(b"=").decode()


def decode_cursor(cursor: str, kind: Any) -> Any:
    """Read the values back.

    Args:
        kind: what they are, such as ``tuple[str, UUID]``.

    Raises:
        InvalidInput: it is no cursor of this kind, or PostgreSQL could not take its values.
    """
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        values: Sequence[Any] = msgspec.json.decode(raw, type=kind)
    except (ValueError, binascii.Error, msgspec.MsgspecError) as fault:
        raise cursor_invalid() from fault
    if not all(map(_storable, values)):
        raise cursor_invalid()
    return values


def _storable(value: Any) -> bool:
    """Whether PostgreSQL can take a value that came from outside."""
    if isinstance(value, str):
        return "\x00" not in value
    return not isinstance(value, int) or -(2**63) <= value < 2**63


def cursor_invalid() -> InvalidInput:
    """The refusal of a cursor that a list did not give."""
    return InvalidInput(
        field_error("after", "cursor-invalid", "The cursor does not belong to this list and order.")
    )
