r"""Finds rows in which a field is named twice: readers of JSON take the last value, silently.

Reading every row once more, by a reader that tells, costs half as much as all other checks do. So a
page is counted first. A name ends with ``":``, which a text can hold only as ``\":``; a page in
which no value was overwritten has as many names as its rows have values and its text has nulls.

A null before another value of its field is not counted, and not told: it says nothing, like a field
that is left out.
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

IN_LINE = (b" ", b"\t", b"\r")
BLANKS = (*IN_LINE, b"\n")
"""What JSON allows between a name and its colon."""
SPACED = re.compile(rb'"[ \t\r\n]+:')
NULLS = (b'":null', b'": null')
"""As they are usually written; others are not counted, so that their page is looked at closely."""


def may_repeat(
    body: bytes, rows: Sequence[tuple[Any, ...]], *, blanks: Sequence[bytes] = BLANKS
) -> bool:
    """Whether a row of a page may name a field twice.

    Seldom yes where none does, and never no where one does.

    Args:
        body: the page's JSON.
        rows: what it was read as: None for a field that is null or was left out, and only for such.
        blanks: those that a row may have: `IN_LINE` if each stands in a line of its own.
    """
    values = len([1 for row in rows for value in row if value is not None])
    overwritten = _count_names(body, b'":') - values
    if overwritten:
        overwritten -= sum(_count_names(body, null) for null in NULLS)
    return overwritten != 0 or _has_spaced_names(body, blanks)


def _count_names(body: bytes, ending: bytes) -> int:
    """Count what begins with the quotation mark at the end of a name."""
    count = body.count(ending)
    return count - body.count(b"\\" + ending) if b"\\" in body else count


def _has_spaced_names(body: bytes, blanks: Sequence[bytes]) -> bool:
    """Whether some names, which are not counted then, may have a space before their colon."""
    # From the end: there two bytes are looked for in half the time.
    is_doubtful = any(each in body and body.rfind(each + b":") >= 0 for each in blanks)
    return is_doubtful and SPACED.search(body) is not None


class Repeating(dict[str, Any]):
    """An object of which a value was overwritten, as the last values have it."""

    repeated: tuple[str, ...] = ()


def keep_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of its pairs; `object_pairs_hook` of the standard library's reader."""
    found: dict[str, Any] = {}
    repeated: dict[str, None] = {}
    for name, value in pairs:
        if found.get(name) is not None:
            repeated[name] = None
        found[name] = value
    if not repeated:
        return found
    repeating = Repeating(found)
    repeating.repeated = tuple(repeated)
    return repeating


def find_repeated(row: Any) -> list[str]:
    """The names, at any depth, of which a value was overwritten.

    Args:
        row: its JSON, or what the standard library read it as with `keep_repeats`.
    """
    try:
        if isinstance(row, bytes):
            row = json.loads(row.decode(), object_pairs_hook=keep_repeats)
        return list(dict.fromkeys(_walk(row)))
    except (ValueError, RecursionError):  # no JSON: that is told elsewhere
        return []


def _walk(value: Any) -> Iterator[str]:
    """Every repeated name, outermost first; one step for each value, however deep it lies."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Repeating):
            yield from each.repeated
        if isinstance(each, (dict, list)):
            waiting.extend(reversed(each.values() if isinstance(each, dict) else each))
