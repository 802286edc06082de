"""CEP, the postal code: 8 digits, stored without mask."""

import re
from typing import Annotated

from msgspec import Meta

from sindico_platform.brazil.text import accept, compact
from sindico_platform.errors import FieldError, field_error

Cep = Annotated[
    str, Meta(pattern=r"^[0-9]{8}$", description="CEP without mask.", examples=["01310100"])
]
CepInput = Annotated[
    str,
    Meta(max_length=60, description="CEP, with or without mask.", examples=["01310-100"]),
]

# The first code in use is 01000-000.
_SHAPE = re.compile(r"(?!00)[0-9]{8}").fullmatch


def is_cep(text: str) -> bool:
    """Whether `text` has the form of a CEP; whether it is in use, only the post office knows."""
    return bool(_SHAPE(text) or _SHAPE(compact(text, " -.")))


def find_cep_fault(text: str, *, field: str = "cep") -> FieldError | None:
    """What is wrong with `text` as a CEP."""
    if is_cep(text):
        return None
    detail = "A CEP has 8 digits and does not start with 00, such as 01310-100."
    return field_error(field, "cep-format", detail)


def parse_cep(text: str, *, field: str = "cep") -> str:
    """The CEP without mask.

    Raises:
        InvalidInput: naming `field` and what is wrong with it.
    """
    return accept(compact(text, " -."), find_cep_fault(text, field=field))


def format_cep(value: str) -> str:
    """``01310-100``."""
    return f"{value[:5]}-{value[5:]}"
