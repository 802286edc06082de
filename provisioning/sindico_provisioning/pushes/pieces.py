"""A body taken apart at the borders of its rows, in constant memory."""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from sindico_platform.words import translatable
from sindico_provisioning.erp_tables.errors import BodyNotJson
from sindico_provisioning.erp_tables.schemas import Checked, ErpTable, UnknownFields
from sindico_provisioning.erp_tables.service import check_json, check_ndjson
from sindico_provisioning.exchanges.models import BodyFormat
from sindico_provisioning.pushes.errors import RowTooLarge
from sindico_provisioning.pushes.limits import MAX_ROW_BYTES, MAX_ROWS, PIECE_BYTES

BORDER = re.compile(rb"\}[ \t\r\n]*,[ \t\r\n]*\{")
SIGN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|["{}\[\]]', re.DOTALL)
"""A text, a quotation mark at which one begins that does not end, or a bracket."""
GUESSES = 20
BLANKS = b" \t\r\n"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"

Check = Callable[[bytes, int], Checked]
"""Checks a piece whose first row has the given index."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cut:
    """A piece of a body, checked."""

    body: bytes
    checked: Checked
    first_index: int


def cut_body(
    parts: Iterable[bytes], *, table: ErpTable, form: BodyFormat, unknown: UnknownFields
) -> Iterator[Cut]:
    """Take a body apart and check it, piece by piece.

    Raises:
        BodyNotJson: it is no JSON array of rows.
        PushOfTooManyRows: a piece of it alone has more than a push may have.
        RowTooLarge: a row has more than `MAX_ROW_BYTES`.
    """

    def check(body: bytes, first_index: int) -> Checked:
        checker = check_json if form is BodyFormat.JSON else check_ndjson
        return checker(table, body, unknown=unknown, first_index=first_index, most_rows=MAX_ROWS)

    if form is BodyFormat.NDJSON:
        return _cut_lines(_without_mark(parts), check)
    return _cut_array(_without_mark(parts), check)


def _without_mark(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Leave a byte order mark at the beginning out, and parts that are empty."""
    held: bytes | None = b""
    for part in parts:
        if held is None:
            if part:
                yield part
        elif len(held := held + part) >= len(BYTE_ORDER_MARK):
            yield held.removeprefix(BYTE_ORDER_MARK)
            held = None
    if held:
        yield held


def _cut_lines(parts: Iterable[bytes], check: Check) -> Iterator[Cut]:
    index, held, size = 0, list[bytes](), 0
    for part in parts:
        held.append(part)
        size += len(part)
        if size < PIECE_BYTES:
            continue
        whole, end, rest = b"".join(held).rpartition(b"\n")
        if end and whole.strip(BLANKS):
            cut = Cut(body=whole, checked=check(whole, index), first_index=index)
            index += cut.checked.received
            yield cut
        _refuse_too_large(rest, index)
        held, size = [rest], len(rest)
    if (last := b"".join(held)).strip(BLANKS):
        yield Cut(body=last, checked=check(last, index), first_index=index)


def _cut_array(parts: Iterable[bytes], check: Check) -> Iterator[Cut]:
    index, held, is_begun = 0, b"", False
    for part in parts:
        held += part
        if not is_begun and (held := held.lstrip(BLANKS)):
            held, is_begun = _open_array(held), True
        if len(held) < PIECE_BYTES:
            continue
        cut, held = _cut_rows(held, check, index)
        if cut is not None:
            index += cut.checked.received
            yield cut
        _refuse_too_large(held, index)
    if not is_begun:
        raise BodyNotJson(fault=translatable("the body is empty"))
    last = b"[" + held
    checked = check(last, index)
    if checked.received or not index:
        yield Cut(body=last, checked=checked, first_index=index)


def _open_array(held: bytes) -> bytes:
    if not held.startswith(b"["):
        raise BodyNotJson(fault=translatable("it does not begin with ["))
    return held[1:]


def _cut_rows(held: bytes, check: Check, index: int) -> tuple[Cut | None, bytes]:
    """Cut after the last whole row; None if there is none yet.

    What looks like a border may stand inside a text or a nested list. What is before it is then no
    whole array, and only then the rows are told apart from the front.
    """
    if guessed := _guess_border(held):
        with suppress(BodyNotJson):
            return _cut_at(guessed, check, index)
    border = _find_border(held)
    return _cut_at(border, check, index) if border else (None, held)


def _cut_at(border: re.Match[bytes], check: Check, index: int) -> tuple[Cut, bytes]:
    held = border.string
    body = b"[" + held[: border.start() + 1] + b"]"
    return Cut(body=body, checked=check(body, index), first_index=index), held[border.end() - 1 :]


def _guess_border(held: bytes) -> re.Match[bytes] | None:
    """What looks like the last border, if it is not far from the end."""
    end = len(held)
    for _ in range(GUESSES):
        end = held.rfind(b"{", 0, end)
        close = held.rfind(b"}", 0, max(end, 0))
        if close < 0:
            return None
        if (border := BORDER.match(held, close)) and border.end() - 1 == end:
            return border
    return None


def _find_border(held: bytes) -> re.Match[bytes] | None:
    """The last border between two rows of an array, of which `held` is what comes after its [."""
    found, depth = None, 0
    for sign in SIGN.finditer(held):
        match sign[0]:
            case b"{" | b"[":
                depth += 1
            case b"}" | b"]":
                depth -= 1
                if depth == 0:
                    found = BORDER.match(held, sign.start()) or found
            case b'"':
                break
    return found


def _refuse_too_large(rest: bytes, index: int) -> None:
    if len(rest) > MAX_ROW_BYTES:
        raise RowTooLarge(index=index, most_bytes=MAX_ROW_BYTES)
