"""What a table and its fields are, and what checking a batch gives."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from types import UnionType
from typing import Annotated, Any, Union, cast, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Raw, Struct

from sindico_platform.errors import FieldError
from sindico_provisioning.erp_tables.kinds import MONEY, Kind, Suspects
from sindico_provisioning.erp_tables.rows import ErpRow

EXTRAS = "extras"
"""Column that keeps, as JSON, the fields that a table does not know."""

_NULL = Raw(b"null")
_read_number = msgspec.json.Decoder(Decimal | None).decode
_encode_lines = msgspec.json.Encoder(decimal_format="number").encode_lines


@dataclass(frozen=True, kw_only=True, slots=True)
class ErpField:
    """One field of an ERP table, as its row declares it."""

    name: str
    label: str
    description: str
    kind: Kind
    required: bool
    """A row without it is rejected."""
    default: Any
    """What null becomes; None stays null."""
    max_length: int | None
    example: Any
    personal: bool
    """Personal data under the LGPD."""
    references: str | None
    """Table whose `id_erp` the field holds."""

    @property
    def nullable(self) -> bool:
        return not self.required and self.default is None

    @property
    def is_amount(self) -> bool:
        """Whether it is money, which adds up to the same sum on both sides."""
        return self.kind is MONEY

    @property
    def may_stay_written(self) -> bool:
        """Whether a value sent as JSON is right or wrong, and is stored, by how it is written."""
        return self.kind.suspects_written is not None and not self.required


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What the rows of a page are read as at first, all at once."""

    struct: type[ErpRow]
    suspects: tuple[Suspects | None, ...]
    """By column, what names the positions that need a closer look."""


@dataclass(frozen=True, kw_only=True)
class ErpTable:
    """One resource of the ERP; everything about it follows from `row`."""

    name: str
    label: str
    description: str
    row: type[ErpRow]
    history_years: int | None = None
    """Rows dated earlier than this many years ago are not kept; the parent's date counts."""
    date_field: str | None = None
    """The date by which `history_years` and date windows go."""
    closed_when_zero: str | None = None
    """Rows whose amount here is zero are closed and do not remain."""

    @cached_property
    def columns(self) -> tuple[ErpField, ...]:
        """The fields in the order of the row's tuple and of COPY."""
        hints = get_type_hints(self.row, include_extras=True)
        return tuple(
            _read_field(item, hints[item.name]) for item in msgspec.structs.fields(self.row)
        )

    @cached_property
    def fields(self) -> tuple[ErpField, ...]:
        """The fields in the order people read them: key, own, shared, time of change."""
        own = [name for name in self.row.__annotations__ if name != "id_erp"]
        shared = [name for name in self.row.__struct_fields__ if name not in own]
        order = ["id_erp", *own, *(n for n in shared if n not in {"id_erp", "atualizado_em"})]
        by_name = {column.name: column for column in self.columns}
        return tuple(by_name[name] for name in [*order, "atualizado_em"])

    @cached_property
    def typed(self) -> Reading:
        """Every value as Python has it; None for what was left out, even if `row` has a default."""
        return self._reading(frozenset())

    @cached_property
    def written(self) -> Reading:
        """Of JSON, numbers as they are written: making each a decimal takes most of the time."""
        return self._reading(frozenset(c.name for c in self.columns if c.may_stay_written))

    def _reading(self, written: frozenset[str]) -> Reading:
        hints = get_type_hints(self.row, include_extras=True)

        def declare(column: ErpField) -> Any:
            if column.name in written:
                return column.name, Raw, _NULL
            if column.required:
                return column.name, hints[column.name]
            return column.name, hints[column.name] | None, None

        struct = msgspec.defstruct(
            self.row.__name__,
            [declare(column) for column in self.columns],
            bases=(ErpRow,),
            kw_only=True,
            forbid_unknown_fields=True,
            gc=False,
        )
        return Reading(
            struct=cast("type[ErpRow]", struct),  # of its base
            suspects=tuple(
                column.kind.suspects_written if column.name in written else column.kind.suspects
                for column in self.columns
            ),
        )

    @cached_property
    def defaults(self) -> tuple[tuple[int, Any], ...]:
        """Places in the row's tuple where null becomes something else, with what it becomes."""
        found = ((place, column.default) for place, column in enumerate(self.columns))
        return tuple((place, default) for place, default in found if default is not None)

    @cached_property
    def impersonal(self) -> frozenset[str]:
        """Names of the fields that say nothing about a person."""
        return frozenset(column.name for column in self.columns if not column.personal)

    @cached_property
    def references(self) -> frozenset[str]:
        """The other tables whose keys stand in this one."""
        named = {column.references for column in self.columns if column.references}
        return frozenset(named - {self.name})


def _read_field(item: msgspec.structs.FieldInfo, hint: Any) -> ErpField:
    metas = _find_metas(hint)
    facts: dict[str, Any] = {}
    for meta in reversed(metas):
        facts |= meta.extra or {}
    about = metas[0]
    kind: Kind = facts["kind"]
    limits = [meta.max_length for meta in metas if meta.max_length is not None]
    return ErpField(
        name=item.name,
        label=about.title or item.name,
        description=about.description or "",
        kind=kind,
        required=item.required,
        default=None if item.required else item.default,
        max_length=limits[0] if limits else None,
        example=(about.examples or [None])[0],
        personal=facts["personal"],
        references=facts["references"],
    )


def _find_metas(hint: Any) -> list[Meta]:
    """Gather what annotates a type, outermost first, through ``X | None``."""
    if get_origin(hint) in {Union, UnionType}:
        return [meta for part in get_args(hint) for meta in _find_metas(part)]
    if get_origin(hint) is not Annotated:
        return []
    inner, *metas = get_args(hint)
    return [*(m for m in reversed(metas) if isinstance(m, Meta)), *_find_metas(inner)]


@dataclass(frozen=True, kw_only=True, slots=True)
class Parent:
    """What a row is part of."""

    table: str
    field: str
    """The row's field with the parent's key."""


class FieldInfo(Struct, kw_only=True, frozen=True):
    """One field as ``GET /{table}/info`` shows it."""

    name: str
    label: str
    description: str
    type: str
    format: str | None
    required: bool
    max_length: int | None
    decimal_places: int | None
    personal: bool
    references: str | None
    example: Any


class TableInfo(Struct, kw_only=True, frozen=True):
    """A table as ``GET /{table}/info`` shows it."""

    table: str
    label: str
    description: str
    key: str
    history_years: int | None
    fields: list[FieldInfo]


class SqlColumn(Struct, kw_only=True, frozen=True):
    """One column of the staging table, besides those the staging adds itself."""

    name: str
    sql_type: str
    nullable: bool


class UnknownFields(StrEnum):
    """What to do with a field that the table does not know."""

    REJECT = "reject"
    """The row is rejected, so that a typing error is noticed."""
    KEEP = "keep"
    """The row is taken and the field goes into `extras`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rejection:
    """One row that was not taken, with everything that is wrong with it."""

    index: int
    """Position in the batch as sent, from 0."""
    id_erp: str | None
    """The row's key, if it could be read."""
    reasons: tuple[FieldError, ...]
    raw: Any
    """The row as it came, for the file of failed rows; text if it was not JSON."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """What checking a batch gave; `received` = rows + rejections."""

    table: ErpTable
    received: int
    rows: list[tuple[Any, ...]]
    """Good rows in the order they came, each in COPY column order; `id_erp` is the first. Of JSON,
    numbers are as they were written: `msgspec.Raw`."""
    rejections: list[Rejection]
    encoded: bytes | None = None
    """The good rows as `encode_rows` gives them, where that had to be done anyway."""

    def encode(self) -> bytes:
        """The good rows as `encode_rows` gives them."""
        return encode_rows(self.rows) if self.encoded is None else self.encoded

    def type_rows(self) -> list[tuple[Any, ...]]:
        """The good rows, every value as Python has it."""
        return [
            tuple([_read_number(value) if type(value) is Raw else value for value in row])
            for row in self.rows
        ]


def encode_rows(rows: Sequence[tuple[Any, ...]]) -> bytes:
    """Rows as JSON arrays, each in a line of its own; what is a decimal stands bare."""
    return _encode_lines(rows)


def earliest_date(table: ErpTable, *, today: date) -> date | None:
    """Tell the first day whose rows the table keeps; None if it keeps all."""
    if table.history_years is None:
        return None
    year = today.year - table.history_years
    last_day = 28 if (today.month, today.day) == (2, 29) else today.day
    return today.replace(year=year, day=last_day)
