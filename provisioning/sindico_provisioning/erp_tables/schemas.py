"""What a table and its fields are, and what checking a batch gives."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property
from types import UnionType
from typing import Annotated, Any, Union, cast, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct

from sindico_platform.errors import FieldError
from sindico_provisioning.erp_tables.kinds import MONEY, Kind
from sindico_provisioning.erp_tables.rows import ErpRow

EXTRAS = "extras"
"""Column that keeps, as JSON, the fields that a table does not know."""


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
    def sent(self) -> type[ErpRow]:
        """`row` as it is read: None stands for what was left out, where `row` has a default too."""
        hints = get_type_hints(self.row, include_extras=True)
        made = msgspec.defstruct(
            self.row.__name__,
            [
                (column.name, hints[column.name])
                if column.required
                else (column.name, hints[column.name] | None, None)
                for column in self.columns
            ],
            bases=(ErpRow,),
            kw_only=True,
            forbid_unknown_fields=True,
            gc=False,
        )
        return cast("type[ErpRow]", made)  # of its base

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
    """Good rows in the order they came, each in COPY column order; `id_erp` is the first."""
    rejections: list[Rejection]


def earliest_date(table: ErpTable, *, today: date) -> date | None:
    """Tell the first day whose rows the table keeps; None if it keeps all."""
    if table.history_years is None:
        return None
    year = today.year - table.history_years
    last_day = 28 if (today.month, today.day) == (2, 29) else today.day
    return today.replace(year=year, day=last_day)
