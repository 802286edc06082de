"""CPF, the register of persons: 11 digits, stored without mask."""

import re
from operator import mul
from typing import Annotated

from msgspec import Meta
from stdnum.br import cpf

from sindico_platform.brazil.text import accept, compact
from sindico_platform.errors import FieldError, field_error

Cpf = Annotated[
    str, Meta(pattern=r"^[0-9]{11}$", description="CPF without mask.", examples=["39053344705"])
]
CpfInput = Annotated[
    str,
    Meta(max_length=60, description="CPF, with or without mask.", examples=["390.533.447-05"]),
]

_LENGTH = 11
_SHAPE = re.compile(r"[0-9]{11}").fullmatch
_FIRST, _SECOND = tuple(range(10, 1, -1)), tuple(range(11, 1, -1))
# A digit counts as its ASCII code less 48.
_FIRST_OFFSET, _SECOND_OFFSET = 48 * sum(_FIRST), 48 * sum(_SECOND)


def is_cpf(text: str) -> bool:
    """Whether `text` is a CPF, with or without mask."""
    if not _SHAPE(text):
        text = compact(text, " -.")
        if not _SHAPE(text):
            return False
    codes = text.encode()
    first = (_FIRST_OFFSET - sum(map(mul, _FIRST, codes))) % 11 % 10
    second = (_SECOND_OFFSET - sum(map(mul, _SECOND, codes))) % 11 % 10
    return (codes[9] - 48, codes[10] - 48) == (first, second) and text != text[0] * _LENGTH


def find_cpf_fault(text: str, *, field: str = "cpf") -> FieldError | None:
    """What is wrong with `text` as a CPF."""
    bare = compact(text, " -.")
    if not (bare.isascii() and bare.isdigit()):
        detail = "A CPF has only digits, such as 390.533.447-05."
        return field_error(field, "cpf-characters", detail)
    if len(bare) != _LENGTH:
        detail = "A CPF has 11 digits besides its mask; this one has {length}."
        return field_error(field, "cpf-length", detail, length=len(bare))
    if bare == bare[0] * _LENGTH:
        detail = "A CPF of one digit repeated belongs to nobody."
        return field_error(field, "cpf-repeated", detail)
    if not is_cpf(bare):
        detail = "The check digits of {cpf} do not fit; a digit is mistyped."
        return field_error(field, "cpf-check-digits", detail, cpf=format_cpf(bare))
    return None


def parse_cpf(text: str, *, field: str = "cpf") -> str:
    """The CPF without mask.

    Raises:
        InvalidInput: naming `field` and what is wrong with it.
    """
    return accept(compact(text, " -."), find_cpf_fault(text, field=field))


def format_cpf(value: str) -> str:
    """``390.533.447-05``."""
    masked: str = cpf.format(value)
    return masked
