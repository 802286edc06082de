"""Words for people, written where the code is: English ids of the message catalogues."""

from typing import Any, LiteralString, Protocol


class Translate(Protocol):
    """Gives a message id in the reader's language, with its ``{facts}`` put in."""

    def __call__(self, message: str, /, **facts: Any) -> str: ...


def in_english(message: str, /, **facts: Any) -> str:
    """Leave a message in the language of its id."""
    return message.format(**facts) if facts else message


def translatable(text: LiteralString) -> str:
    """Mark a label or sentence as an id in the catalogues; gives it back unchanged.

    Needed where the text is not itself an error's title or detail: states, steps, field labels.
    `make messages` collects the marks.
    """
    return text
