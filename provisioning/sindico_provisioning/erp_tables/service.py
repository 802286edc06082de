"""Checking batches: good rows as tuples ready for COPY, bad rows with every reason.

The way is fast for the usual row and exact for the unusual one. A page is decoded by msgspec into
typed rows at once; if that fails, row by row. What is typed is checked column by column; only rows
that raise a suspicion, or would not type, are examined field by field.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from sindico_platform.errors import FieldError
from sindico_provisioning.erp_tables import kinds
from sindico_provisioning.erp_tables.errors import BodyNotJson, reason
from sindico_provisioning.erp_tables.examine import (
    Unreadable,
    examine_row,
    find_key,
    parse_leniently,
    parse_row,
)
from sindico_provisioning.erp_tables.rows import ErpRow
from sindico_provisioning.erp_tables.schemas import Checked, ErpTable, Rejection, UnknownFields

Typed = Sequence[ErpRow | None]
RawOf = Callable[[int], Any]

_NO_EXTRAS = (None,)
_as_tuple = msgspec.structs.astuple
_split_json = msgspec.json.Decoder(list[msgspec.Raw]).decode


def check_rows(
    table: ErpTable,
    rows: Sequence[Any],
    *,
    unknown: UnknownFields = UnknownFields.REJECT,
    first_index: int = 0,
) -> Checked:
    """Check rows given as mappings, with values as JSON or as Python has them.

    Args:
        table: what the rows are.
        rows: one mapping of field name to value each.
        unknown: what to do with fields that the table does not know.
        first_index: position of the first row in the whole batch.
    """
    try:
        typed: Typed = msgspec.convert(rows, _page_type(table))
    except (ValueError, TypeError, RecursionError):
        typed = [_convert(table, raw) for raw in rows]
    return _check(table, typed, rows.__getitem__, unknown, first_index)


def check_json(
    table: ErpTable,
    body: bytes,
    *,
    unknown: UnknownFields = UnknownFields.REJECT,
    first_index: int = 0,
) -> Checked:
    """Check a JSON array of rows.

    Raises:
        BodyNotJson: the body is no JSON array, so that no row can be told from another.
    """
    try:
        typed: Typed = _page_decoder(table).decode(body)
    except (ValueError, RecursionError):
        return _check_pieces(table, _split(body), unknown, first_index)
    is_plain = _is_plain(body)
    return _check(table, typed, _raw_of(typed), unknown, first_index, is_plain=is_plain)


def check_ndjson(
    table: ErpTable,
    body: bytes,
    *,
    unknown: UnknownFields = UnknownFields.REJECT,
    first_index: int = 0,
) -> Checked:
    """Check newline-delimited JSON.

    A line that is no JSON is one rejection; blank lines do not count.
    """
    pieces = [line for line in body.split(b"\n") if line and not line.isspace()]
    try:
        typed: Typed = _page_decoder(table).decode(b"[" + b",".join(pieces) + b"]")
    except (ValueError, RecursionError):
        return _check_pieces(table, pieces, unknown, first_index)
    if len(typed) != len(pieces):  # a line held more than one row
        return _check_pieces(table, pieces, unknown, first_index)
    is_plain = _is_plain(body)
    return _check(table, typed, _raw_of(typed), unknown, first_index, is_plain=is_plain)


def _is_plain(body: bytes) -> bool:
    """Tell whether JSON that was decoded cannot hold a NUL: only an escape can bring one in."""
    return b"\\" not in body or b"\\u" not in body  # one byte is found far sooner than two


@lru_cache
def _page_decoder(table: ErpTable) -> "msgspec.json.Decoder[list[ErpRow | None]]":
    return msgspec.json.Decoder(_page_type(table))


@lru_cache
def _row_decoder(table: ErpTable) -> msgspec.json.Decoder[ErpRow]:
    return msgspec.json.Decoder(table.row)


@lru_cache
def _page_type(table: ErpTable) -> Any:
    return list[table.row]  # type: ignore[name-defined]  # a type made of a value


def _convert(table: ErpTable, raw: Any) -> ErpRow | None:
    try:
        return msgspec.convert(raw, table.row)
    except (ValueError, TypeError, RecursionError):
        return None


def _split(body: bytes) -> Sequence[Any]:
    """Take an array apart into rows, not yet parsed where that can be avoided."""
    try:
        return _split_json(body)
    except (ValueError, RecursionError) as fault:
        strict = str(fault)
    try:  # half a surrogate pair in one row must not cost the others
        rows = parse_leniently(body)
    except (ValueError, RecursionError) as fault:
        raise BodyNotJson(fault=strict) from fault
    if not isinstance(rows, list):
        raise BodyNotJson(fault=strict)
    return rows


def _check_pieces(
    table: ErpTable, pieces: Sequence[Any], unknown: UnknownFields, first_index: int
) -> Checked:
    decode = _row_decoder(table).decode
    typed = [_decode(decode, piece) for piece in pieces]
    return _check(table, typed, lambda at: _parse_piece(pieces[at]), unknown, first_index)


def _decode(decode: Callable[[Any], ErpRow], piece: Any) -> ErpRow | None:
    try:
        return decode(piece)
    except (ValueError, TypeError, RecursionError):
        return None


def _parse_piece(piece: Any) -> Any:
    return parse_row(piece) if isinstance(piece, (bytes, msgspec.Raw)) else piece


def _raw_of(typed: Typed) -> RawOf:
    def raw_of(position: int) -> Any:
        row = typed[position]
        return row and msgspec.structs.asdict(row)

    return raw_of


def _check(
    table: ErpTable,
    typed: Typed,
    raw_of: RawOf,
    unknown: UnknownFields,
    first_index: int,
    *,
    is_plain: bool = False,
) -> Checked:
    rows: list[Any] = [None if row is None else _as_tuple(row) + _NO_EXTRAS for row in typed]
    faults: dict[int, list[FieldError]] = {}
    for position in _find_doubtful(table, rows, is_plain=is_plain):
        examined = examine_row(table, raw_of(position), unknown)
        if isinstance(examined, list):
            faults[position] = examined
        rows[position] = examined if isinstance(examined, tuple) else None
    _reject_duplicates(rows, faults, raw_of)
    rejections = [
        _reject(first_index + position, raw_of(position), faults[position])
        for position in sorted(faults)
    ]
    good = [row for position, row in enumerate(rows) if position not in faults]
    return Checked(table=table, received=len(rows), rows=good, rejections=rejections)


def _find_doubtful(table: ErpTable, rows: Sequence[Any], *, is_plain: bool) -> list[int]:
    """Name the rows that would not type or that a check of some column suspects.

    Args:
        table: what the rows are.
        rows: a tuple each, None for those that would not type.
        is_plain: no text of them can be such that it cannot be stored.
    """
    positions = [position for position, row in enumerate(rows) if row is not None]
    good = rows if len(positions) == len(rows) else [rows[position] for position in positions]
    doubtful = set(range(len(rows))).difference(positions) if good is not rows else set[int]()
    if not is_plain:
        doubtful.update(positions[at] for at in kinds.find_bad_texts(good))
    for field, column in zip(table.columns, zip(*good, strict=True), strict=False):
        if field.kind.suspects is not None:
            doubtful.update(positions[at] for at in field.kind.suspects(column))
    return sorted(doubtful)


def _reject_duplicates(
    rows: Sequence[Any], faults: dict[int, list[FieldError]], raw_of: RawOf
) -> None:
    keys = [
        find_key(raw_of(position)) if row is None else row[0] for position, row in enumerate(rows)
    ]
    if len(set(keys)) == len(keys):
        return
    for position in _find_repeated(keys):
        faults.setdefault(position, []).append(reason("id_erp", "duplicate-key"))


def _find_repeated(keys: Sequence[str | None]) -> Iterable[int]:
    count = Counter(keys)
    return [at for at, key in enumerate(keys) if key is not None and count[key] > 1]


def _reject(index: int, raw: Any, reasons: list[FieldError]) -> Rejection:
    return Rejection(
        index=index,
        id_erp=find_key(raw),
        reasons=tuple(reasons),
        raw=raw.text if isinstance(raw, Unreadable) else raw,
    )
