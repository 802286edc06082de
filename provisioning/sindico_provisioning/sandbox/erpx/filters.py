"""The platform's filter expressions, as far as its own client library writes them.

``eq ne lt gt le ge``, ``is null``, ``containing(field,'text')``, ``and``, ``or`` and parentheses;
a text stands in single quotes, numbers, days and true or false stand bare.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from operator import eq, ge, gt, le, lt, ne
from typing import Any

Row = dict[str, Any]
Test = Callable[[Row], bool]

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'[^']*')|(?P<bare>-?\d[\w.:+-]*)|(?P<name>[A-Za-z_][\w.]*)|(?P<mark>[(),]))"
)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": eq,
    "ne": ne,
    "lt": lt,
    "gt": gt,
    "le": le,
    "ge": ge,
}


class FilterMalformed(ValueError):
    """The expression cannot be understood."""


@lru_cache(maxsize=100)
def parse_filter(expression: str) -> Test:
    """Make a test of rows.

    Raises:
        FilterMalformed: naming what was not expected.
    """
    parser = _Parser(expression)
    test = parser.read_or()
    if parser.token is not None:
        raise FilterMalformed(f"unexpected {parser.token!r}")
    return test


def value_at(row: Row, path: str) -> Any:
    found: Any = row
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found


class _Parser:
    def __init__(self, expression: str) -> None:
        self._tokens = _split(expression)
        self.token = next(self._tokens, None)

    def read_or(self) -> Test:
        tests = [self._read_and()]
        while self._take("or"):
            tests.append(self._read_and())
        return tests[0] if len(tests) == 1 else lambda row: any(test(row) for test in tests)

    def _read_and(self) -> Test:
        tests = [self._read_one()]
        while self._take("and"):
            tests.append(self._read_one())
        return tests[0] if len(tests) == 1 else lambda row: all(test(row) for test in tests)

    def _read_one(self) -> Test:
        if self._take("("):
            test = self.read_or()
            self._demand(")")
            return test
        if self._take("containing"):
            return self._read_containing()
        field = self._next()
        if self._take("is"):
            self._demand("null")
            return lambda row: value_at(row, field) is None
        compare = _COMPARE.get(operator := self._next())
        if compare is None:
            raise FilterMalformed(f"unexpected {operator!r}")
        return _comparison(field, compare, _read_literal(self._next()))

    def _read_containing(self) -> Test:
        self._demand("(")
        field = self._next()
        self._demand(",")
        text = str(_read_literal(self._next())).lower()
        self._demand(")")
        return lambda row: text in str(value_at(row, field) or "").lower()

    def _next(self) -> str:
        token = self.token
        if token is None:
            raise FilterMalformed("unexpected end")
        self.token = next(self._tokens, None)
        return token

    def _take(self, wanted: str) -> bool:
        if self.token is None or self.token.lower() != wanted:
            return False
        self._next()
        return True

    def _demand(self, wanted: str) -> None:
        if not self._take(wanted):
            raise FilterMalformed(f"expected {wanted!r}")


def _split(expression: str) -> Iterator[str]:
    at = 0
    while at < len(expression.rstrip()):
        match = _TOKEN.match(expression, at)
        if match is None:
            raise FilterMalformed(f"unexpected {expression[at : at + 10]!r}")
        yield match[0].strip()
        at = match.end()


def _read_literal(token: str) -> Any:
    if token.startswith("'"):
        return token[1:-1]
    if token.lower() in {"true", "false"}:
        return token.lower() == "true"
    try:
        return float(token) if "." in token else int(token)
    except ValueError:
        return token  # a day


def _comparison(field: str, compare: Callable[[Any, Any], bool], literal: Any) -> Test:
    def test(row: Row) -> bool:
        value = value_at(row, field)
        try:
            return value is not None and compare(value, literal)
        except TypeError:
            return False

    return test
