r"""Finds rows in which a field is named twice: readers of JSON take the last value, silently.

Reading every row once more, by a reader that tells, costs half as much as all other checks do. So a
page is counted first: by its quotation marks, of which each name has two, each text has two, and
what stands inside a text has as many after reading as before.

A null before another value of its field is not counted, and not told: it says nothing, like a field
that is left out.
"""

import json
from collections.abc import Iterator
from typing import Any

NULLS = (b'":null', b'": null')
"""As they are usually sent; others are not counted, so that their page is looked at closely."""
_QUOTE, _ESCAPED_QUOTE = b'"', b"\\u0022"
_NULL_VALUE = b",null"  # never the first: that is the key


def may_repeat(body: bytes, encoded: bytes, *, values: int) -> bool:
    """Whether a row of a page may name a field twice.

    Seldom yes where none does, and never no where one does.

    Args:
        body: the page's JSON.
        encoded: the rows that were read from it, as JSON arrays, null for a field left out, and
            nothing in quotation marks that came without. The first value of each is its key.
        values: how many they have, nulls among them.
    """
    quotes = body.count(_QUOTE) - encoded.count(_QUOTE)
    if b"\\" in body:
        quotes += body.count(_ESCAPED_QUOTE)
    named = values - encoded.count(_NULL_VALUE)  # as long as no text has that
    if quotes == 2 * named:
        return False
    named += _count_null_names(body) - _count_null_names(encoded)  # there of objects in a value
    return quotes != 2 * named


def _count_null_names(text: bytes) -> int:
    """Count the names whose value is null; a text cannot hold their last quotation mark bare."""
    count = sum(map(text.count, NULLS))
    return count - sum(text.count(b"\\" + null) for null in NULLS) if b"\\" in text else count


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
            row = json.loads(row.decode(), parse_int=str, object_pairs_hook=keep_repeats)
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
