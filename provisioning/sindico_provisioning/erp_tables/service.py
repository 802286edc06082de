"""Checking batches: good rows as tuples ready for COPY, bad rows with every reason.

The way is fast for the usual row and exact for the unusual one. A page is decoded by msgspec into
rows at once; if that fails, row by row. They are checked column by column; only rows that raise a
suspicion, or would not decode, are examined field by field.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import msgspec

from sindico_platform.errors import FieldError
from sindico_provisioning.erp_tables import kinds
from sindico_provisioning.erp_tables.errors import (
    BodyNotJson,
    PushOfTooManyRows,
    reason,
    reasons,
)
from sindico_provisioning.erp_tables.examine import (
    Unreadable,
    examine_row,
    find_key,
    parse_leniently,
    parse_row,
)
from sindico_provisioning.erp_tables.repeats import find_repeated, may_repeat
from sindico_provisioning.erp_tables.rows import ErpRow
from sindico_provisioning.erp_tables.schemas import (
    Checked,
    ErpTable,
    Reading,
    Rejection,
    UnknownFields,
    encode_rows,
)

Decode = Callable[[Any], Any]
RawOf = Callable[[int], Any]

_NO_EXTRAS = (None,)
_as_tuple = msgspec.structs.astuple
_split_json = msgspec.json.Decoder(list[msgspec.Raw]).decode


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """Rows as they were read."""

    table: ErpTable
    reading: Reading
    rows: Sequence[Any]
    """A tuple each, with null for a field that was left out, and None for extras at the end; None
    would not decode."""
    raw_of: RawOf
    """Gives the row at a position as it was sent."""
    encoded: bytes | None = None
    """`rows` as `encode_rows` gives them."""
    repeated: Mapping[int, list[FieldError]] = field(default_factory=dict)
    """By position, that a row names a field twice."""
    is_plain: bool = False
    """No text of them can be such that it cannot be stored."""


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
        typed = msgspec.convert(rows, list[table.typed.struct])  # type: ignore[name-defined]  # a type made of a value
    except (ValueError, TypeError, RecursionError):
        typed = [_convert(table, raw) for raw in rows]
    batch = Batch(table=table, reading=table.typed, rows=_as_tuples(typed), raw_of=rows.__getitem__)
    return _check(batch, unknown, first_index)


def check_json(
    table: ErpTable,
    body: bytes,
    *,
    unknown: UnknownFields = UnknownFields.REJECT,
    first_index: int = 0,
    most_rows: int | None = None,
) -> Checked:
    """Check a JSON array of rows.

    Args:
        most_rows: of the whole batch.

    Raises:
        BodyNotJson: the body is no JSON array, so that no row can be told from another.
        PushOfTooManyRows: so many more than `most_rows` that they are not even looked at.
    """
    batch = _read_page(table, body, _array_decoder(table).decode, lambda: _split(body))
    if batch is None:
        pieces = _split(body)
        _demand_few(pieces, first_index, most_rows)
        return _check_pieces(table, pieces, unknown, first_index)
    return _check(batch, unknown, first_index)


def check_ndjson(
    table: ErpTable,
    body: bytes,
    *,
    unknown: UnknownFields = UnknownFields.REJECT,
    first_index: int = 0,
    most_rows: int | None = None,
) -> Checked:
    """Check newline-delimited JSON.

    A line that is no JSON is one rejection; blank lines do not count.

    Args:
        most_rows: of the whole batch.

    Raises:
        PushOfTooManyRows: so many more than `most_rows` that they are not even looked at.
    """
    lines = body.removesuffix(b"\n").split(b"\n")
    batch = _read_page(table, body, _row_decoder(table).decode_lines, lambda: lines)
    if batch is None or not _are_rows(lines, batch):
        pieces = [line for line in lines if line and not line.isspace()]
        _demand_few(pieces, first_index, most_rows)
        if 0 < len(pieces) < len(lines):  # without its blank lines it may well be read at once
            return check_ndjson(table, b"\n".join(pieces), unknown=unknown, first_index=first_index)
        return _check_pieces(table, pieces, unknown, first_index)
    return _check(batch, unknown, first_index)


def _read_page(
    table: ErpTable, body: bytes, decode: Decode, split: Callable[[], Sequence[Any]]
) -> Batch | None:
    """Read a page at once; None if that cannot be done or a row may name a field twice."""
    try:
        rows = _as_tuples(decode(body))
    except (ValueError, RecursionError):
        return None
    encoded = encode_rows(rows)
    if may_repeat(body, encoded, values=len(rows) * (len(table.columns) + len(_NO_EXTRAS))):
        return None
    return Batch(
        table=table,
        reading=table.written,
        rows=rows,
        raw_of=_raw_of(split),
        encoded=encoded,
        is_plain=_is_plain(body),
    )


def _are_rows(lines: Sequence[bytes], batch: Batch) -> bool:
    """Whether each line is a row.

    None goes on with the row before it, for which a line that holds two rows would make up: each
    begins and ends as a row does, and no value of a row has a line break.
    """
    encoded = batch.encoded or b""
    if not len(lines) == len(batch.rows) == encoded.count(b"\n"):
        return False
    if min(lines) < b"{" or max(lines) >= b"|":
        lines = [line.strip(b" \t\r") for line in lines]
        if not all(line.startswith(b"{") for line in lines):
            return False
    # Only an object that is a value can stand at the beginning of a line that goes on with a row.
    return b"{" not in encoded or all(line.rstrip(b" \t\r").endswith(b"}") for line in lines)


def _is_plain(body: bytes) -> bool:
    """Tell whether JSON that was decoded cannot hold a NUL: only an escape can bring one in."""
    return b"\\" not in body or b"\\u" not in body  # one byte is found far sooner than two


@cache
def _array_decoder(table: ErpTable) -> "msgspec.json.Decoder[list[ErpRow]]":
    return msgspec.json.Decoder(list[table.written.struct])  # type: ignore[name-defined]  # likewise


@cache
def _row_decoder(table: ErpTable) -> msgspec.json.Decoder[ErpRow]:
    return msgspec.json.Decoder(table.written.struct)


def _convert(table: ErpTable, raw: Any) -> ErpRow | None:
    try:
        return msgspec.convert(raw, table.typed.struct)
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


def _demand_few(pieces: Sequence[Any], first_index: int, most_rows: int | None) -> None:
    """Refuse before each is examined: what is wrong may be two bytes long and costs as any row."""
    if most_rows is not None and first_index + len(pieces) > most_rows:
        raise PushOfTooManyRows(most_rows=most_rows)


def _check_pieces(
    table: ErpTable, pieces: Sequence[Any], unknown: UnknownFields, first_index: int
) -> Checked:
    decode = _row_decoder(table).decode
    rows = _as_tuples([_decode(decode, piece) for piece in pieces])
    batch = Batch(
        table=table,
        reading=table.written,
        rows=rows,
        raw_of=_raw_of(lambda: pieces),
        repeated=_find_repeated_fields(pieces, rows),
    )
    return _check(batch, unknown, first_index)


def _find_repeated_fields(
    pieces: Sequence[Any], rows: Sequence[Any]
) -> dict[int, list[FieldError]]:
    """By position, what is wrong with rows that name a field twice; few need a close look."""
    found: dict[int, list[FieldError]] = {}
    for position, (piece, row) in enumerate(zip(pieces, rows, strict=True)):
        sent = bytes(piece) if isinstance(piece, msgspec.Raw) else piece
        is_doubtful = row is None or not isinstance(sent, bytes)
        is_doubtful = is_doubtful or may_repeat(sent, encode_rows([row]), values=len(row))
        if is_doubtful and (names := find_repeated(sent)):
            found[position] = reasons("field-repeated", names)
    return found


def _decode(decode: Decode, piece: Any) -> ErpRow | None:
    try:
        row: ErpRow = decode(piece)
    except (ValueError, TypeError, RecursionError):
        return None
    return row


def _raw_of(split: Callable[[], Sequence[Any]]) -> RawOf:
    """Parse a row from what it was sent as; few are, so the page is taken apart when one is."""
    pieces = cache(split)
    return lambda position: _parse_piece(pieces()[position])


def _parse_piece(piece: Any) -> Any:
    return parse_row(piece) if isinstance(piece, (bytes, msgspec.Raw)) else piece


def _as_tuples(decoded: Sequence[ErpRow | None]) -> list[Any]:
    return [None if row is None else _as_tuple(row) + _NO_EXTRAS for row in decoded]


def _complete(batch: Batch) -> list[Any]:
    """The rows, with what null and a field left out become."""
    rows = list(batch.rows)
    for place, default in batch.table.defaults:
        for position, row in enumerate(rows):
            if row is not None and row[place] is None:
                rows[position] = (*row[:place], default, *row[place + 1 :])
    return rows


def _check(batch: Batch, unknown: UnknownFields, first_index: int) -> Checked:
    table, raw_of, rows = batch.table, batch.raw_of, _complete(batch)
    faults: dict[int, list[FieldError]] = {}
    doubtful = _find_doubtful(batch, rows)
    for position in doubtful | batch.repeated.keys():
        examined = examine_row(table, raw_of(position), unknown)
        wrong = examined if isinstance(examined, list) else []
        if wrong or position in batch.repeated:
            faults[position] = [*wrong, *batch.repeated.get(position, ())]
        rows[position] = examined if isinstance(examined, tuple) else None
    _reject_duplicates(rows, faults, raw_of)
    rejections = [
        _reject(first_index + position, raw_of(position), faults[position])
        for position in sorted(faults)
    ]
    good = [row for at, row in enumerate(rows) if at not in faults] if faults else rows
    is_as_read = not (doubtful or faults or table.defaults)
    return Checked(
        table=table,
        received=len(rows),
        rows=good,
        rejections=rejections,
        encoded=batch.encoded if is_as_read else None,
    )


def _find_doubtful(batch: Batch, rows: Sequence[Any]) -> set[int]:
    """Name the rows that would not decode or that a check of some column suspects.

    Args:
        batch: what the rows are.
        rows: a tuple each, None for those that would not decode.
    """
    positions = [position for position, row in enumerate(rows) if row is not None]
    good = rows if len(positions) == len(rows) else [rows[position] for position in positions]
    doubtful = set(range(len(rows))).difference(positions) if good is not rows else set[int]()
    if not batch.is_plain:
        doubtful.update(positions[at] for at in kinds.find_bad_texts(good))
    for suspects, column in zip(batch.reading.suspects, zip(*good, strict=True), strict=False):
        if suspects is not None:
            doubtful.update(positions[at] for at in suspects(column))
    return doubtful


def _reject_duplicates(
    rows: Sequence[Any], faults: dict[int, list[FieldError]], raw_of: RawOf
) -> None:
    keys = [
        find_key(raw_of(position)) if row is None else row[0] for position, row in enumerate(rows)
    ]
    if len(set(keys)) == len(keys):
        return
    for position in _find_duplicates(keys):
        faults.setdefault(position, []).append(reason("id_erp", "duplicate-key"))


def _find_duplicates(keys: Sequence[str | None]) -> Iterable[int]:
    count = Counter(keys)
    return [at for at, key in enumerate(keys) if key is not None and count[key] > 1]


def _reject(index: int, raw: Any, reasons: list[FieldError]) -> Rejection:
    return Rejection(
        index=index,
        id_erp=find_key(raw),
        reasons=tuple(reasons),
        raw=raw.text if isinstance(raw, Unreadable) else raw,
    )
