"""Words for people, written where the code is: English ids of the message catalogues."""

from typing import LiteralString


def translatable(text: LiteralString) -> str:
    """Mark a label or sentence as an id in the catalogues; gives it back unchanged.

    Needed where the text is not itself an error's title or detail: states, steps, field labels.
    `make messages` collects the marks.
    """
    return text
