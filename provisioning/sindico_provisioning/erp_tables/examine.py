"""One row, field by field: mends what may be mended and names everything else that is wrong."""

import json
from collections.abc import Mapping
from decimal import Decimal
from itertools import islice
from typing import Any

import msgspec

from sindico_platform.errors import FieldError
from sindico_provisioning.erp_tables.errors import (
    MOST_REASONS,
    Unfit,
    printable,
    reason,
    reasons,
    unfit,
)
from sindico_provisioning.erp_tables.kinds import is_encodable
from sindico_provisioning.erp_tables.repeats import keep_repeats
from sindico_provisioning.erp_tables.schemas import ErpField, ErpTable, UnknownFields

MAX_EXTRAS_BYTES = 16_384
"""How much of one row's unknown fields is kept."""

MAX_INT_DIGITS = 4_000

_read_json = msgspec.json.Decoder(float_hook=Decimal).decode


class Unreadable:
    """A row that could not even be parsed."""

    def __init__(self, text: str, fault: FieldError) -> None:
        self.text, self.fault = text, fault


def examine_row(
    table: ErpTable, raw: Any, unknown: UnknownFields
) -> tuple[Any, ...] | list[FieldError]:
    """Read one row as exactly as can be.

    Returns:
        The row's tuple in COPY column order, or every reason why it is not taken.
    """
    if isinstance(raw, Unreadable):
        return [raw.fault]
    if not isinstance(raw, Mapping):
        return [reason("", "not-an-object")]
    faults: list[FieldError] = []
    values = [_read_field(column, raw.get(column.name), faults) for column in table.columns]
    values.append(_read_extras(table, raw, unknown, faults))
    return faults or tuple(values)


def _read_field(field: ErpField, value: Any, faults: list[FieldError]) -> Any:
    try:
        clean = None if value is None else field.kind.read(value, field.max_length)
    except Unfit as fault:
        faults.append(fault.at(field.name))
        return None
    if clean is None and field.required:
        faults.append(reason(field.name, "required"))
    return field.default if clean is None else clean


def _read_extras(
    table: ErpTable, raw: Mapping[Any, Any], unknown: UnknownFields, faults: list[FieldError]
) -> str | None:
    known = table.row.__struct_fields__
    extras = {str(name): value for name, value in raw.items() if name not in known}
    if not extras:
        return None
    if unknown is UnknownFields.REJECT:
        faults.extend(reasons("unknown-field", extras))
        return None
    try:
        return _render_extras(extras)
    except Unfit as fault:
        faults.append(fault.at(", ".join(map(printable, islice(extras, MOST_REASONS)))))
        return None


def _render_extras(extras: dict[str, Any]) -> str:
    try:
        rendered = msgspec.json.encode(extras, order="sorted").decode()
    except UnicodeEncodeError as fault:
        raise unfit("lone-surrogate") from fault
    except (TypeError, ValueError) as fault:
        raise unfit("extras-not-json") from fault
    if "\\u0000" in rendered:
        raise unfit("nul-byte")
    if len(rendered) > MAX_EXTRAS_BYTES:
        raise unfit("extras-too-large", size_bytes=len(rendered), most=MAX_EXTRAS_BYTES)
    return rendered


def parse_row(piece: bytes | msgspec.Raw) -> Any:
    """Parse one row as leniently as helps to say what is wrong with it."""
    body = bytes(piece)
    try:
        return _read_json(body)
    except UnicodeDecodeError:
        return _unreadable(body, reason("", "row-not-utf8"))
    except (ValueError, RecursionError):
        return _parse_with_surrogates(body)


def _parse_with_surrogates(body: bytes) -> Any:
    try:
        return parse_leniently(body)
    except UnicodeDecodeError:
        return _unreadable(body, reason("", "row-not-utf8"))
    except (ValueError, RecursionError):
        return _unreadable(body, reason("", "row-not-json"))


def parse_leniently(body: bytes) -> Any:
    """Parse JSON with the standard library, which lets half surrogate pairs pass.

    Raises:
        ValueError: it is no JSON; UnicodeDecodeError, a subclass: it is not UTF-8.
        RecursionError: it is nested too deeply.
    """
    return json.loads(
        body.decode(),
        parse_float=Decimal,
        parse_int=_read_int,
        parse_constant=_refuse_constant,
        object_pairs_hook=keep_repeats,
    )


def _read_int(digits: str) -> int | Decimal:
    """Python makes no integer of so many digits; a decimal can be judged."""
    return int(digits) if len(digits) <= MAX_INT_DIGITS else Decimal(digits)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON value")


def _unreadable(body: bytes, fault: FieldError) -> Unreadable:
    return Unreadable(body.decode(errors="replace"), fault)


def find_key(raw: Any) -> str | None:
    """Read the key of a row that may be wrong in every other respect."""
    key = raw.get("id_erp") if isinstance(raw, Mapping) else None
    if not isinstance(key, str) or not is_encodable(key) or "\x00" in key:
        return None
    return key.strip() or None
