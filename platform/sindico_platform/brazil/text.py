"""What all documents share: taking masks off, and turning a fault into a refusal."""

from functools import cache

from stdnum.util import clean

from sindico_platform.errors import FieldError, InvalidInput


def compact(text: str, separators: str) -> str:
    """`text` without `separators` and outer space; typographic dashes and digits as ASCII.

    Letters become upper case only if the whole is ASCII, so that no foreign letter turns into one
    of ours.
    """
    if not text.isascii():
        text = clean(text, separators)
    bare = text.translate(_deletions(separators)).strip()
    return bare.upper() if bare.isascii() else bare


@cache
def _deletions(separators: str) -> dict[int, None]:
    return dict.fromkeys(map(ord, separators))


def accept(value: str, fault: FieldError | None) -> str:
    """`value`, unless something is wrong with it.

    Raises:
        InvalidInput: holding `fault`.
    """
    if fault is not None:
        raise InvalidInput(fault)
    return value
