"""Which passwords may be chosen: long, and not among what is guessed first.

There are no rules about kinds of characters and no expiry, after NIST SP 800-63B: they make people
choose worse passwords.
"""

from collections.abc import Iterator

from sindico_platform.errors import FieldError, InvalidInput, field_error
from sindico_platform.identity.passwords.hasher import MAX_LENGTH, normalise

MIN_LENGTH = 12
MIN_SCORE = 3
"""zxcvbn's scale of 0 to 4; from 3 on it takes more than a hundred million guesses."""
ESTIMATED_LENGTH = 72
"""What is judged; the estimate's cost grows with the length."""
# What people here choose first; the estimator's own lists are English.
FAMILIAR = (
    "senha", "sindico", "brasil", "empresa", "mudar", "trocar", "acesso", "usuario", "vendas",
    "cliente", "sistema", "administrador", "flamengo", "corinthians", "palmeiras", "saopaulo",
)  # fmt: skip


def demand_good_password(password: str, *, personal: tuple[str, ...], field: str) -> None:
    """Refuse a password that is short, too long or easily guessed. Takes some milliseconds of CPU.

    Args:
        personal: login, name, domain and the like; whoever knows the person guesses them first.

    Raises:
        InvalidInput: with every reason.
    """
    faults = tuple(_faults(normalise(password), personal, field))
    if faults:
        raise InvalidInput(*faults)


def _faults(password: str, personal: tuple[str, ...], field: str) -> Iterator[FieldError]:
    if len(password) < MIN_LENGTH:
        yield field_error(
            field, "password-short", "Use at least {minimum} characters.", minimum=MIN_LENGTH
        )
    elif len(password) > MAX_LENGTH:
        yield field_error(
            field, "password-long", "Use at most {maximum} characters.", maximum=MAX_LENGTH
        )
    elif password.casefold() in {word.casefold() for word in personal}:
        yield field_error(field, "password-is-login", "The password must not be the login or name.")
    elif _score(password, personal) < MIN_SCORE:
        yield field_error(
            field,
            "password-guessable",
            "This password is easily guessed. Join some words that have nothing to do with"
            " each other.",
        )


def _score(password: str, personal: tuple[str, ...]) -> int:
    from zxcvbn import zxcvbn  # its word lists take a while to load

    words = [part for text in personal for part in (text, *text.replace("@", " ").split())]
    judged = zxcvbn(password[:ESTIMATED_LENGTH], user_inputs=[*words, *FAMILIAR])
    return int(judged["score"])
