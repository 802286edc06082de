"""CNPJ, the company register: 14 characters, since July 2026 with letters in the first 12.

Stored without mask and in upper case, never as a number.
"""

import re
from collections.abc import Sequence
from operator import mul
from typing import Annotated

from msgspec import Meta
from stdnum.br import cnpj

from sindico_platform.brazil.text import accept, compact
from sindico_platform.errors import FieldError, field_error

Cnpj = Annotated[
    str,
    Meta(
        pattern=r"^[0-9A-Z]{12}[0-9]{2}$",
        description="CNPJ without mask and in upper case.",
        examples=["12ABC34501DE35"],
    ),
]
CnpjInput = Annotated[
    str,
    Meta(
        max_length=60,
        description="CNPJ, numeric or alphanumeric, with or without mask.",
        examples=["12.ABC.345/01DE-35", "16727230000197"],
    ),
]

_LENGTH = 14
_SHAPE = re.compile(r"[0-9A-Z]{12}[0-9]{2}").fullmatch
_CHARACTERS = re.compile(r"[0-9A-Z]*").fullmatch
_ZEROS = "000000000000"

_FIRST = (5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)
_SECOND = (6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3)
# A character counts as its ASCII code less 48.
_FIRST_OFFSET, _SECOND_OFFSET = 48 * sum(_FIRST), 48 * sum(_SECOND)
_PACKED = 1024  # above any weighted sum, so that both sums share one number


def _sums(start: int) -> Sequence[int]:
    """Both weighted sums of each group of three digits beginning at `start`."""
    first, second = _FIRST[start : start + 3], _SECOND[start : start + 3]
    return [
        sum(map(mul, first, digits)) * _PACKED + sum(map(mul, second, digits))
        for digits in ((n // 100, n // 10 % 10, n % 10) for n in range(1000))
    ]


_SUMS_0, _SUMS_3, _SUMS_6, _SUMS_9 = (_sums(start) for start in (0, 3, 6, 9))


def is_cnpj(text: str) -> bool:
    """Whether `text` is a CNPJ, with or without mask. Fast enough for whole loads."""
    if not _SHAPE(text):
        text = compact(text, " -./")
        if not _SHAPE(text):
            return False
    return _is_numeric(int(text)) if text.isdigit() else _is_alphanumeric(text)


def _is_numeric(number: int) -> bool:
    base, digits = divmod(number, 100)
    high, low = divmod(base, 1_000_000)
    sums = _SUMS_0[high // 1000] + _SUMS_3[high % 1000] + _SUMS_6[low // 1000] + _SUMS_9[low % 1000]
    first = -(sums // _PACKED) % 11 % 10
    second = -(sums % _PACKED + 2 * first) % 11 % 10
    return digits == first * 10 + second and base > 0


def _is_alphanumeric(text: str) -> bool:
    codes = text.encode()
    first = (_FIRST_OFFSET - sum(map(mul, _FIRST, codes))) % 11 % 10
    second = (_SECOND_OFFSET - sum(map(mul, _SECOND, codes)) - 2 * first) % 11 % 10
    return (codes[12] - 48, codes[13] - 48) == (first, second)


def find_cnpj_fault(text: str, *, field: str = "cnpj") -> FieldError | None:
    """What is wrong with `text` as a CNPJ."""
    bare = compact(text, " -./")
    if not _CHARACTERS(bare):
        detail = "A CNPJ has only digits and the letters A to Z, such as 12.ABC.345/01DE-35."
        return field_error(field, "cnpj-characters", detail)
    if len(bare) != _LENGTH:
        detail = "A CNPJ has 14 characters besides its mask; this one has {length}."
        return field_error(field, "cnpj-length", detail, length=len(bare))
    if not bare[-2:].isdigit():
        detail = "The last two characters of a CNPJ are its check digits, 0 to 9."
        return field_error(field, "cnpj-check-characters", detail)
    if bare.startswith(_ZEROS):
        detail = "A CNPJ of zeros belongs to nobody."
        return field_error(field, "cnpj-zeros", detail)
    if not is_cnpj(bare):
        detail = "The check digits of {cnpj} do not fit; a character is mistyped."
        return field_error(field, "cnpj-check-digits", detail, cnpj=format_cnpj(bare))
    return None


def parse_cnpj(text: str, *, field: str = "cnpj") -> str:
    """The CNPJ without mask and in upper case.

    Raises:
        InvalidInput: naming `field` and what is wrong with it.
    """
    return accept(compact(text, " -./"), find_cnpj_fault(text, field=field))


def format_cnpj(value: str) -> str:
    """``12.ABC.345/01DE-35``."""
    masked: str = cnpj.format(value)
    return masked
