"""Texts of cells: what spreadsheet programs do to them, and how people write yes and no."""

import re
from collections.abc import Callable
from functools import cache
from unicodedata import combining, normalize

from sindico_platform.brazil import STATES, is_cnpj
from sindico_platform.errors import FieldError
from sindico_tenants.imports.errors import reason

LOST = "\ufffd"
ROUNDED = re.compile(r"[+-]?\d+(?:[.,]\d+)?E\+?\d+", re.IGNORECASE).fullmatch
CNPJ_DIGITS, CEP_DIGITS = 14, 8
MOST_ZEROS = 2
YES = frozenset({"sim", "s", "yes", "y", "true", "verdadeiro", "1", "x", "ativo", "ativa"})
NO = frozenset({"nao", "n", "no", "false", "falso", "0", "inativo", "inativa"})
MAX_SHOWN = 60


def plain(text: str) -> str:
    """A text without case, accents, punctuation and needless spaces, to be compared."""
    bare = "".join(letter for letter in normalize("NFKD", text) if not combining(letter))
    return " ".join(re.sub(r"[\W_]+", " ", bare.casefold()).split())


def find_cell_fault(field: str, text: str, *, is_number: bool) -> FieldError | None:
    """What is wrong with a cell whatever its field is.

    Args:
        is_number: the field is one of digits, which programs like to round.
    """
    if LOST in text:
        return reason(field, "letter-lost")
    if is_number and ROUNDED(text.strip()):
        return reason(field, "number-rounded", text=text.strip())
    return None


def mend_cnpj(text: str) -> str:
    """Give the zeros back that are lost when a CNPJ is taken for a number."""
    return _padded(text, CNPJ_DIGITS, is_right=is_cnpj)


def mend_cep(text: str) -> str:
    return _padded(text, CEP_DIGITS)


def mend_state(text: str) -> str:
    """Two letters for a state that is written out."""
    return _uf_by_name().get(plain(text), text)


@cache
def _uf_by_name() -> dict[str, str]:
    return {plain(state.name): uf for uf, state in STATES.items()}


def _padded(text: str, digits: int, is_right: Callable[[str], bool] = bool) -> str:
    bare = text.strip()
    if bare.isascii() and bare.isdigit() and digits - MOST_ZEROS <= len(bare) < digits:
        padded = bare.zfill(digits)
        return padded if is_right(padded) else text
    return text


def read_yes_or_no(name: str, text: str) -> tuple[bool | None, FieldError | None]:
    """The way forms read a mark, in words."""
    word = plain(text)
    if word in YES:
        return True, None
    if word in NO:
        return False, None
    return None, reason(name, "not-yes-or-no", text=text[:MAX_SHOWN])
