"""Words for people, written where the code is: English ids of the message catalogues."""

from collections.abc import Callable
from typing import LiteralString

Translate = Callable[[str], str]
"""Gives a message id in the reader's language; `str` leaves it in English."""


def translatable(text: LiteralString) -> str:
    """Mark a label or sentence as an id in the catalogues; gives it back unchanged.

    Needed where the text is not itself an error's title or detail: states, steps, field labels.
    `make messages` collects the marks.
    """
    return text
