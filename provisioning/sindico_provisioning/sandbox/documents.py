"""Made-up Brazilian documents with right check digits; they belong to nobody we know of."""

from operator import mul
from random import Random
from string import ascii_uppercase, digits

_CNPJ = (5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)
_CPF = tuple(range(10, 1, -1))
_NFE_KEY = tuple(2 + (42 - position) % 8 for position in range(43))
_ALPHANUMERIC = digits + ascii_uppercase


def _digit(text: str, weights: tuple[int, ...]) -> str:
    rest = (sum(map(mul, text.encode(), weights)) - 48 * sum(weights)) % 11
    return str(-rest % 11 % 10)


def complete_cnpj(base: str) -> str:
    """Add the two check digits to a base of 12 characters."""
    first = base + _digit(base, _CNPJ)
    return first + _digit(first, (6, *_CNPJ))


def complete_cpf(base: str) -> str:
    """Add the two check digits to a base of 9 digits."""
    first = base + _digit(base, _CPF)
    return first + _digit(first, (11, *_CPF))


def complete_nfe_key(base: str) -> str:
    """Add the check digit to 43 positions of an access key."""
    return base + _digit(base, _NFE_KEY)


def make_cnpj_root(random: Random, *, alphanumeric: bool) -> str:
    """Make the 8 characters that all branches of a company share."""
    if alphanumeric:
        return "".join(random.choices(_ALPHANUMERIC, k=8))
    return f"{random.randrange(1_000_000, 100_000_000):08d}"


def make_cnpj(random: Random, *, alphanumeric: bool = False) -> str:
    return complete_cnpj(make_cnpj_root(random, alphanumeric=alphanumeric) + "0001")


def make_cpf(random: Random) -> str:
    return complete_cpf(f"{random.randrange(10_000_000, 999_999_999):09d}")


def spoil(document: str) -> str:
    """Change the last digit, so that the check fails."""
    return document[:-1] + str((int(document[-1]) + 1) % 10)
