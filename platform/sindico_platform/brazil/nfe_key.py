"""The 44-character access key of an NF-e, CT-e, NFC-e and their like."""

import re
from operator import mul
from typing import Annotated, NamedTuple

from msgspec import Meta

from sindico_platform.brazil.states import UF_BY_IBGE_CODE
from sindico_platform.brazil.text import accept, compact
from sindico_platform.errors import FieldError, field_error

NfeKey = Annotated[
    str,
    Meta(
        pattern=r"^[0-9]{6}[A-Z0-9]{12}[0-9]{26}$",
        description="Access key of a fiscal document: 44 characters without spaces.",
    ),
]

_LENGTH = 44
_SHAPE = re.compile(r"[0-9]{6}[A-Z0-9]{12}[0-9]{26}").fullmatch
_MONTHS = frozenset(f"{month:02d}" for month in range(1, 13))
_WEIGHTS = tuple(2 + (42 - position) % 8 for position in range(43))
_OFFSET = 48 * sum(_WEIGHTS)


class NfeKeyParts(NamedTuple):
    """What an access key says."""

    uf: str
    year: int
    month: int
    issuer: str
    """CNPJ of 14 characters, or a CPF padded with zeros on the left."""
    model: str
    """``55`` NF-e, ``57`` CT-e, ``65`` NFC-e."""
    series: int
    number: int


def is_nfe_key(text: str) -> bool:
    """Whether `text` is an access key, with or without spaces."""
    bare = text if _SHAPE(text) else _compact(text)
    if not _SHAPE(bare) or bare[:2] not in UF_BY_IBGE_CODE or bare[4:6] not in _MONTHS:
        return False
    return bare[43] == _check_digit(bare)


def find_nfe_key_fault(text: str, *, field: str = "chave_acesso") -> FieldError | None:
    """What is wrong with `text` as an access key."""
    bare = _compact(text)
    if len(bare) != _LENGTH:
        detail = "An access key has 44 characters besides its spaces; this one has {length}."
        return field_error(field, "nfe-key-length", detail, length=len(bare))
    if not _SHAPE(bare):
        detail = "An access key has only digits, and letters in the CNPJ alone (7th to 18th)."
        return field_error(field, "nfe-key-characters", detail)
    if bare[:2] not in UF_BY_IBGE_CODE:
        detail = "An access key starts with the IBGE code of a state; {state_code} is none."
        return field_error(field, "nfe-key-state", detail, state_code=bare[:2])
    if bare[4:6] not in _MONTHS:
        detail = "The 5th and 6th digits of an access key are a month, not {month}."
        return field_error(field, "nfe-key-month", detail, month=bare[4:6])
    if not is_nfe_key(bare):
        detail = "The check digit of the access key does not fit; a character is mistyped."
        return field_error(field, "nfe-key-check-digit", detail)
    return None


def parse_nfe_key(text: str, *, field: str = "chave_acesso") -> str:
    """The access key without spaces and in upper case.

    Raises:
        InvalidInput: naming `field` and what is wrong with it.
    """
    return accept(_compact(text), find_nfe_key_fault(text, field=field))


def split_nfe_key(key: str) -> NfeKeyParts:
    """The parts of a key that `parse_nfe_key` gave."""
    return NfeKeyParts(
        uf=UF_BY_IBGE_CODE[key[:2]],
        year=2000 + int(key[2:4]),
        month=int(key[4:6]),
        issuer=key[6:20],
        model=key[20:22],
        series=int(key[22:25]),
        number=int(key[25:34]),
    )


def format_nfe_key(value: str) -> str:
    """In groups of four, as printed on a DANFE."""
    return " ".join(value[start : start + 4] for start in range(0, len(value), 4))


def _compact(text: str) -> str:
    return compact(text, " .-/").removeprefix("NFE")


def _check_digit(key: str) -> str:
    total = sum(map(mul, _WEIGHTS, key.encode())) - _OFFSET
    return str(-total % 11 % 10)
