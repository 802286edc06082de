"""Phone numbers, stored as ``+5541912345678``; toll-free ones as dialled, ``08001234567``."""

import re
from typing import Annotated

from msgspec import Meta

from sindico_platform.brazil.text import accept, compact
from sindico_platform.errors import FieldError, field_error

Phone = Annotated[
    str,
    Meta(
        pattern=r"^(\+[0-9]{8,15}|0[3589]00[0-9]{6,7})$",
        description="Phone in international form, or a Brazilian 0800 number as dialled.",
        examples=["+5541912345678"],
    ),
]
PhoneInput = Annotated[
    str,
    Meta(
        max_length=60,
        description="Phone with area code; without +, it is Brazilian.",
        examples=["(41) 91234-5678"],
    ),
]

# Every area code in use, by its first digit.
_AREA = "(1[1-9]|2[12478]|3[1-578]|4[1-9]|5[1345]|6[1-9]|7[134579]|8[1-9]|9[1-9])"
_BRAZILIAN = re.compile(rf"(?:\+?55|0)?{_AREA}(9[0-9]{{8}}|[2-5][0-9]{{7}})").fullmatch
_TOLL_FREE = re.compile(r"0[3589]00[0-9]{6,7}").fullmatch
_FOREIGN = re.compile(r"\+(?!55)[1-9][0-9]{7,14}").fullmatch
_STORED = re.compile(r"\+55([1-9]{2})([0-9]{4,5})([0-9]{4})").fullmatch


def is_phone(text: str) -> bool:
    """Whether `text` is a phone number that can be dialled from Brazil."""
    return _normalise(text) is not None


def find_phone_fault(text: str, *, field: str = "phone") -> FieldError | None:
    """What is wrong with `text` as a phone number."""
    if is_phone(text):
        return None
    detail = (
        "A phone has a valid area code and 8 digits, or 9 if mobile, such as (41) 91234-5678; one "
        "abroad starts with + and the country."
    )
    return field_error(field, "phone-format", detail)


def parse_phone(text: str, *, field: str = "phone") -> str:
    """The number in international form, or a toll-free one as dialled.

    Raises:
        InvalidInput: naming `field` and what is wrong with it.
    """
    return accept(_normalise(text) or "", find_phone_fault(text, field=field))


def format_phone(value: str) -> str:
    """``(41) 91234-5678`` and ``0800 123 4567``; a number abroad, or none, stays as it is."""
    if match := _STORED(_normalise(value) or value):
        return "({}) {}-{}".format(*match.groups())
    if _TOLL_FREE(value):
        return f"{value[:4]} {value[4:7]} {value[7:]}"
    return value


def _normalise(text: str) -> str | None:
    bare = compact(text, " -./()")
    if match := _BRAZILIAN(bare):
        return f"+55{match[1]}{match[2]}"
    return bare if _TOLL_FREE(bare) or _FOREIGN(bare) else None
