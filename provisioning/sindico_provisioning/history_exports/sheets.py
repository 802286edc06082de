"""The rows of a history file as cells: one per request, and one per record received."""

from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from sindico_platform.spreadsheets.typed_cells import (
    BAD,
    DECIMAL,
    EMPTY,
    GOOD,
    MONEY,
    PRICE,
    QUANTITY,
    RATE,
    TEXT,
    WARNING,
    WHOLE,
    JsonNumber,
    WriteCell,
    day_cell,
    flag_cell,
    instant_cells,
    number_cells,
    text_cell,
    wrapped_cell,
)
from sindico_platform.spreadsheets.writing import Column
from sindico_platform.words import Translate
from sindico_provisioning.erp_tables import kinds
from sindico_provisioning.erp_tables.examine import Unreadable, parse_row
from sindico_provisioning.erp_tables.schemas import ErpField, ErpTable
from sindico_provisioning.exchanges.compression import decompress
from sindico_provisioning.exchanges.masking import MASK, mask_facts
from sindico_provisioning.exchanges.models import BodyFormat, Direction, Exchange, ExchangeChunk
from sindico_provisioning.exchanges.schemas import Outcome
from sindico_provisioning.history_exports.queries import Verdict
from sindico_provisioning.history_exports.words import OUTCOMES, REFUSALS

NUMBER_STYLES = {
    kinds.INTEGER: WHOLE,
    kinds.MONEY: MONEY,
    kinds.QUANTITY: QUANTITY,
    kinds.UNIT_PRICE: PRICE,
    kinds.PERCENTAGE: RATE,
}
OUTCOME_STYLES = {
    Outcome.CREATED: GOOD,
    Outcome.UPDATED: GOOD,
    Outcome.UNCHANGED: TEXT,
    Outcome.REJECTED: BAD,
    Outcome.NOT_TAKEN: WARNING,
}
PASSED, REFUSED = 400, 207
MILLISECONDS = 1000
MASKED = text_cell(MASK)
WIDTHS = {"integer": 11, "decimal": 14, "date": 12, "datetime": 20, "boolean": 12}
LOW_BITS = (1 << 64) - 1
"""The part of an id that is random."""
MOST_ANSWER = 4_000
"""Characters of an answer; the counts stand beside it."""

_decode_array = msgspec.json.Decoder(list[dict[str, Any]], float_hook=JsonNumber).decode
_decode_lines = msgspec.json.Decoder(dict[str, Any], float_hook=JsonNumber).decode_lines
_raw_array = msgspec.json.Decoder(list[msgspec.Raw]).decode


class _Fault(msgspec.Struct):
    field: str
    detail: str
    facts: dict[str, Any] = {}


class _Told(msgspec.Struct):
    index: int
    errors: msgspec.Raw


_read_told = msgspec.json.Decoder(list[_Told]).decode
_read_faults = msgspec.json.Decoder(list[_Fault]).decode


@dataclass(frozen=True, kw_only=True, slots=True)
class Reader:
    """For whom the file is."""

    translate: Translate
    locale: str
    zone: ZoneInfo
    sees_personal: bool


class RequestNumbers:
    """Numbers of the requests, by which records point back at them; some bytes for each.

    Requests of a table are asked for in the order in which they were added.
    """

    def __init__(self) -> None:
        self.count = 0
        self._keys: defaultdict[str, array[int]] = defaultdict(lambda: array("Q"))
        self._numbers: defaultdict[str, array[int]] = defaultdict(lambda: array("L"))
        self._reached: Counter[str] = Counter()

    def add(self, exchange_id: UUID, table: str | None) -> int:
        self.count += 1
        if table is not None:
            self._keys[table].append(exchange_id.int & LOW_BITS)
            self._numbers[table].append(self.count)
        return self.count

    def find(self, exchange_id: UUID, table: str) -> int | None:
        """The request's number; None for one that came in while the file was begun."""
        key, reached = exchange_id.int & LOW_BITS, self._reached[table]
        for begin in (reached, 0):
            try:
                found = self._keys[table].index(key, begin)
            except ValueError:
                continue
            self._reached[table] = found
            return self._numbers[table][found]
        return None


class RequestSheet:
    """A row per request."""

    def __init__(self, reader: Reader, numbers: RequestNumbers, names: dict[UUID, str]) -> None:
        self._reader, self._numbers, self._names = reader, numbers, names
        self._instant = instant_cells(reader.zone)
        self._whole, self._decimal = number_cells(WHOLE), number_cells(DECIMAL)
        self.by_table: Counter[str] = Counter()

    @property
    def columns(self) -> list[Column]:
        _ = self._reader.translate
        return [
            Column(title=_("Request"), width=10),
            Column(title=_("When"), width=20),
            Column(title=_("Direction"), width=18),
            Column(title=_("Table"), width=16),
            Column(title=_("Integration"), width=18),
            Column(title=_("Client"), width=24),
            Column(title=_("Method"), width=9),
            Column(title=_("Endpoint"), width=34),
            Column(title=_("Status"), width=9),
            Column(title=_("Result"), width=22),
            Column(title=_("Duration (s)"), width=12),
            Column(title=_("Received"), width=11),
            Column(title=_("Created"), width=11),
            Column(title=_("Updated"), width=11),
            Column(title=_("Unchanged"), width=11),
            Column(title=_("Rejected"), width=11),
            Column(title=_("Rows not taken"), width=15),
            Column(title=_("Size (bytes)"), width=12),
            Column(title=_("Answer"), width=60),
            Column(title=_("Request id"), width=36),
        ]

    def row(self, request: Exchange) -> str:
        whole = self._whole
        self.by_table[request.resource or ""] += 1
        result, style = self._result(request)
        return "".join(
            (
                whole(self._numbers.add(request.id, request.resource)),
                self._instant(request.started_at),
                text_cell(self._direction(request)),
                text_cell(request.resource),
                text_cell(self._names.get(request.integration_id or UUID(int=0))),
                text_cell(request.actor_name),
                text_cell(request.method),
                text_cell(request.path),
                whole(request.status),
                text_cell(result, style),
                self._decimal(request.duration_ms / MILLISECONDS),
                *(whole(getattr(request, name)) for name in ("received", "created", "updated")),
                *(whole(getattr(request, name)) for name in ("unchanged", "rejected")),
                whole(_not_taken(request)),
                whole(request.body_bytes),
                wrapped_cell(self._answer(request)),
                text_cell(request.request_id),
            )
        )

    def _direction(self, request: Exchange) -> str:
        _ = self._reader.translate
        return _("From the ERP to us") if request.direction == Direction.IN else _("From us")

    def _result(self, request: Exchange) -> tuple[str, int]:
        _ = self._reader.translate
        if request.failure is not None or (request.status or 0) >= PASSED:
            return (_("No answer") if request.status is None else _("Refused")), BAD
        if request.rejected:
            return _("Accepted in part"), WARNING
        return _("Accepted"), GOOD

    def _answer(self, request: Exchange) -> str | None:
        """The answer; one that gave records back is hidden where personal data are."""
        if request.answer is None:
            return request.failure and self._refusal(request.failure)
        if request.method == "GET" and not self._reader.sees_personal:
            return MASK
        text = decompress(request.answer).decode(errors="replace")
        return text if len(text) <= MOST_ANSWER else f"{text[:MOST_ANSWER]}…"

    def _refusal(self, code: str) -> str:
        """A refusal in words; what went wrong at an ERP has its code alone."""
        title = REFUSALS.get(code)
        return f"{self._reader.translate(title)} ({code})" if title else code


def _not_taken(request: Exchange) -> int:
    """Records of a request of which nothing was stored, but for those that were wrong."""
    kept = request.created + request.updated + request.unchanged
    return request.received - kept - request.rejected


class TableSheet:
    """A row per record of one table."""

    def __init__(self, table: ErpTable, reader: Reader, numbers: RequestNumbers) -> None:
        self.table = table
        self.counts: Counter[str] = Counter()
        self._reader, self._numbers = reader, numbers
        self._fields = [(item.name, _writer_of(item, reader)) for item in table.fields]
        self._known = frozenset(item.name for item in table.fields)
        self._labels = {item.name: item.label for item in table.fields}
        self._instant, self._whole = instant_cells(reader.zone), number_cells(WHOLE)
        self._outcomes = {
            str(letter): text_cell(reader.translate(text), OUTCOME_STYLES[Outcome(letter)])
            for letter, text in OUTCOMES.items()
        }
        self._told: tuple[UUID, str, dict[int, msgspec.Raw]] | None = None

    @property
    def columns(self) -> list[Column]:
        _ = self._reader.translate
        return [
            Column(title=_("Request"), width=10),
            Column(title=_("When"), width=20),
            Column(title=_("Record number"), width=10),
            Column(title=_("Outcome"), width=14),
            Column(title=_("Reasons"), width=50),
            *(
                Column(title=f"{item.label} ({item.name})", width=WIDTHS.get(item.kind.type, 20))
                for item in self.table.fields
            ),
            Column(title=_("Other fields"), width=30),
        ]

    def rows(self, chunk: ExchangeChunk, verdict: Verdict) -> list[str]:
        """The rows of one piece of a body; takes a while, so call it in a thread."""
        outcomes, told = self._verdict(chunk.exchange_id, verdict)
        number = self._numbers.find(chunk.exchange_id, self.table.name)
        head = self._whole(number) + self._instant(chunk.at)
        counts, written, cells = self.counts, self._outcomes, self._cells
        first, known = chunk.first_index, len(outcomes)
        rows = []
        for index, raw in enumerate(read_records(chunk), start=first):
            letter = outcomes[index] if index < known else ""
            counts[letter] += 1
            reasons = self._reasons(told[index]) if index in told else EMPTY
            rows.append(
                f"{head}<c><v>{index + 1}</v></c>{written.get(letter, EMPTY)}{reasons}{cells(raw)}"
            )
        return rows

    def _verdict(self, exchange_id: UUID, verdict: Verdict) -> tuple[str, dict[int, msgspec.Raw]]:
        """Outcomes and rejections of a request, kept while its pieces come one after another."""
        if self._told is None or self._told[0] != exchange_id:
            outcomes = decompress(verdict.outcomes).decode() if verdict.outcomes else ""
            told = _read_told(decompress(verdict.rejections)) if verdict.rejections else []
            self._told = exchange_id, outcomes, {item.index: item.errors for item in told}
        return self._told[1], self._told[2]

    def _cells(self, raw: Any) -> str:
        if not isinstance(raw, dict):
            text = raw.text if isinstance(raw, Unreadable) else raw
            shown = text_cell(text) if self._reader.sees_personal else MASKED
            return EMPTY * len(self._fields) + shown
        get = raw.get
        cells = "".join([write(get(name)) for name, write in self._fields])
        if raw.keys() <= self._known:
            return cells
        return cells + self._others(raw)

    def _others(self, raw: dict[str, Any]) -> str:
        others = {name: value for name, value in raw.items() if name not in self._known}
        if not self._reader.sees_personal:
            others = dict.fromkeys(others, MASK)
        return text_cell("; ".join(f"{name}: {_plain(value)}" for name, value in others.items()))

    def _reasons(self, errors: msgspec.Raw) -> str:
        return wrapped_cell("\n".join(map(self._reason, _read_faults(errors))))

    def _reason(self, fault: _Fault) -> str:
        facts: Mapping[str, Any] = fault.facts
        if not self._reader.sees_personal:
            facts = mask_facts(self.table, fault.field, facts)
        try:
            detail = self._reader.translate(fault.detail, **facts)
        except (KeyError, IndexError, ValueError):  # it stands there already filled in
            detail = fault.detail
        label = self._labels.get(fault.field, fault.field)
        return f"{label}: {detail}" if label else detail


def _writer_of(item: ErpField, reader: Reader) -> WriteCell:
    if item.personal and not reader.sees_personal:
        return _masked
    if item.kind in NUMBER_STYLES:
        return number_cells(NUMBER_STYLES[item.kind])
    writers: dict[str, Callable[[], WriteCell]] = {
        "date": lambda: day_cell,
        "datetime": lambda: instant_cells(reader.zone),
        "boolean": lambda: flag_cell,
    }
    return writers.get(item.kind.type, lambda: text_cell)()


def _masked(value: Any) -> str:
    return EMPTY if value is None else MASKED


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value, enc_hook=str).decode()


def read_records(chunk: ExchangeChunk) -> Sequence[Any]:
    """The records of a piece as JSON has them; what is none, as `Unreadable` or as it came."""
    body = decompress(chunk.body)
    try:
        return _decode_lines(body) if chunk.format == BodyFormat.NDJSON else _decode_array(body)
    except (ValueError, RecursionError):
        return list(_read_one_by_one(chunk, body))


def _read_one_by_one(chunk: ExchangeChunk, body: bytes) -> Iterator[Any]:
    """Slowly, for a piece with something in it that is no JSON object."""
    if chunk.format == BodyFormat.NDJSON:
        yield from (parse_row(line) for line in body.split(b"\n") if line and not line.isspace())
        return
    try:
        yield from (parse_row(raw) for raw in _raw_array(body))
    except (ValueError, RecursionError):  # half a surrogate pair: it was read leniently
        whole = parse_row(body)
        yield from whole if isinstance(whole, list) else [whole]
