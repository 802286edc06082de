"""Headers that hold people's words, as they go over the wire."""

from base64 import b64encode
from collections.abc import Iterator

EOL = "\r\n"
CONTINUING = range(0x80, 0xC0)
"""Octets within a character of UTF-8."""
LINE_LENGTH = 76
LONGEST_WORD = 60
"""Longer ones are encoded, because encoded text may be folded anywhere."""
WORD_OCTETS = 42
"""Of an encoded word, which has 75 characters at most, and whose first line holds the name too."""


def fold_text(header: str, text: str) -> str:
    """The text as it stands after ``header: ``, in ASCII, on lines of a permitted length.

    Not what `email.policy` does: it loses the space between two encoded words.
    """
    if is_plain(text):
        first = len(header) + len(": ")
        return f"{EOL} ".join(_lines(text, first))
    return f"{EOL} ".join(f"=?utf-8?b?{b64encode(piece).decode()}?=" for piece in _pieces(text))


def _lines(text: str, taken: int) -> Iterator[str]:
    """Short lines; the first one has so many characters taken."""
    line: list[str] = []
    length = taken
    for word in text.split():
        if line and length + len(word) >= LINE_LENGTH:
            yield " ".join(line)
            line, length = [], 0
        line.append(word)
        length += len(word) + 1
    yield " ".join(line)


def _pieces(text: str) -> Iterator[bytes]:
    """What fits into an encoded word, never parting a character."""
    octets, begin = text.encode(), 0
    while begin < len(octets):
        end = min(begin + WORD_OCTETS, len(octets))
        while end < len(octets) and octets[end] in CONTINUING:
            end -= 1
        yield octets[begin:end]
        begin = end


def is_plain(text: str) -> bool:
    """Whether it may stand in a header as it is."""
    longest = max(map(len, text.split()), default=0)
    return text.isascii() and "=?" not in text and longest < LONGEST_WORD


def in_one_line(text: str) -> str:
    """The text with nothing in it that ends a header or hides in it."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
