"""What each row of a batch comes to: a pure function of its cells and of what is registered.

Columns are read before rows: a text that a thousand rows share is judged once.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from sindico_platform.errors import FieldError
from sindico_platform.spreadsheets.schemas import SheetRow
from sindico_tenants.imports.definitions import Importable, ImportField, Key, Value
from sindico_tenants.imports.errors import reason
from sindico_tenants.imports.models import Outcome
from sindico_tenants.imports.reading import find_cell_fault
from sindico_tenants.imports.schemas import SheetColumn, StoredRow

KEPT_CHARACTERS = 4_000
"""Of one cell; a longer one is kept cut, and its row is rejected if the cell fills a field."""
DIGITS = frozenset({"cnpj", "company_cnpj", "cep", "phone", "ibge_code"})
MAX_SHOWN = 60


class Record(NamedTuple):
    """A record that is there already."""

    id: UUID
    revision: int
    pinned_fields: list[str]
    name: str
    values: dict[str, Any]
    """By column: those that a sheet may fill, and the parent's."""


@dataclass(kw_only=True, slots=True)
class Known:
    """What is registered, as far as a batch names it."""

    records: dict[str, dict[str, list[Record]]] = field(default_factory=dict)
    """By field and value of each key."""
    parents: dict[str, dict[str, list[UUID]]] = field(default_factory=dict)
    """By field of the sheet and value."""
    holders: dict[UUID, UUID] = field(default_factory=dict)
    """By parent, the record that has its `alone` mark."""


@dataclass(kw_only=True, slots=True)
class Draft:
    """One row while it is being judged."""

    row: SheetRow
    values: dict[str, Value] = field(default_factory=dict)
    """What was given and is right, by field."""
    texts: dict[str, str] = field(default_factory=dict)
    """What was given and is not right: it may be what is stored all the same."""
    faults: list[FieldError] = field(default_factory=list)
    unfit: dict[str, FieldError] = field(default_factory=dict)
    """The faults of `texts`."""
    parent_id: UUID | None = None
    target: Record | None = None


def read_rows(
    definition: Importable, columns: Sequence[SheetColumn], rows: Sequence[SheetRow]
) -> list[Draft]:
    """Read every cell that fills a field."""
    drafts = [Draft(row=row) for row in rows]
    width = len(columns)
    for draft in drafts:
        if any(extra := draft.row.cells[width:]):
            shown = next(text for text in extra if text)[:MAX_SHOWN]
            draft.faults.append(reason("", "beyond-columns", text=shown))
    for column in columns:
        if column.field is not None:
            _read_column(definition.by_name[column.field], column.index, drafts)
    return drafts


def _read_column(entry: ImportField, index: int, drafts: Sequence[Draft]) -> None:
    seen: dict[str, tuple[Value, FieldError | None]] = {}
    for draft in drafts:
        cells = draft.row.cells
        text = cells[index] if index < len(cells) else ""
        if not text or text.isspace():
            continue
        found = seen.get(text)
        if found is None:
            found = seen[text] = _read_cell(entry, text)
        value, fault = found
        if fault is None:
            draft.values[entry.name] = value
        else:
            draft.texts[entry.name], draft.unfit[entry.name] = text, fault


def _read_cell(entry: ImportField, text: str) -> tuple[Value, FieldError | None]:
    if len(text) > KEPT_CHARACTERS:
        return None, reason(entry.name, "cell-too-long", length=len(text), most=KEPT_CHARACTERS)
    fault = find_cell_fault(entry.name, text, is_number=entry.name in DIGITS)
    if fault is not None:
        return None, fault
    value, fault = entry.read(entry.name, text)
    return value, _named(fault, entry)


def _named(fault: FieldError | None, entry: ImportField) -> FieldError | None:
    if fault is None or fault.field == entry.name:
        return fault
    return FieldError(field=entry.name, code=fault.code, detail=fault.detail, facts=fault.facts)


def judge(
    definition: Importable,
    drafts: Iterable[Draft],
    known: Known,
    *,
    example: Sequence[str],
    new_id: Callable[[], UUID],
) -> list[StoredRow]:
    """Say what becomes of each row.

    Args:
        example: the template's example, in the order of the sheet's columns.
    """
    return [_judge(definition, draft, known, example, new_id) for draft in drafts]


def _judge(
    definition: Importable,
    draft: Draft,
    known: Known,
    example: Sequence[str],
    new_id: Callable[[], UUID],
) -> StoredRow:
    if example and [*draft.row.cells] == [*example]:
        draft.faults.append(reason("", "template-example"))
        return _rejected(draft, [])
    _find_parent(definition, draft, known)
    _find_target(definition, draft, known)
    keys = _keys_of(definition, draft)
    changes = _changes(definition, draft)
    if definition.alone and changes.get(definition.alone) is True and draft.parent_id:
        keys.append(f"{definition.alone}:{draft.parent_id}")
        _check_alone(definition.alone, draft, known.holders.get(draft.parent_id))
    if draft.faults:
        return _rejected(draft, keys)
    if draft.target is None:
        return _stored(
            draft,
            Outcome.CREATED,
            keys=keys,
            target_id=new_id(),
            values=changes,
        )
    target = draft.target
    if not changes:
        return _stored(draft, Outcome.UNCHANGED, keys=keys, target_id=target.id)
    before = {name: target.values[name] for name in changes}
    return _stored(
        draft,
        Outcome.UPDATED,
        keys=keys,
        target_id=target.id,
        target_revision=target.revision,
        values=changes,
        before=before | {"pinned_fields": target.pinned_fields},
    )


def _find_parent(definition: Importable, draft: Draft, known: Known) -> None:
    """Tell which parent is meant, by whatever names it."""
    if definition.parent is None:
        return
    named: dict[str, UUID] = {}
    for name in definition.parent.by:
        if name in draft.unfit:
            draft.faults.append(draft.unfit.pop(name))
            draft.texts.pop(name)
        value = draft.values.pop(name, None)
        if value is None:
            continue
        found = known.parents[name].get(str(value), [])
        if not found:
            draft.faults.append(reason(name, "company-unknown", value=value))
        elif len(found) > 1:
            draft.faults.append(reason(name, "company-ambiguous", value=value))
        else:
            named[name] = found[0]
    if len(set(named.values())) > 1:
        draft.faults.append(reason(next(iter(named)), "companies-disagree"))
    elif named:
        draft.parent_id = next(iter(named.values()))


def _find_target(definition: Importable, draft: Draft, known: Known) -> None:
    """Find the record by the surest key that any record has; the others must not name another."""
    found: list[tuple[Key, Record]] = []
    for key in definition.keys:
        value = draft.values.get(key.field)
        if value is None:
            continue
        named = known.records[key.field].get(str(value), [])
        matches = _matches(key, named, _scope_of(draft, found, key))
        if found and found[0][1] in matches:
            continue
        if len(matches) > 1:
            fault = reason(key.field, "several-match", value=value)
            draft.faults.append(fault)
        elif matches:
            found.append((key, matches[0]))
    if len(found) > 1:
        one, other = found[0][1], found[1][1]
        draft.faults.append(
            reason(found[1][0].field, "keys-disagree", by_cnpj=one.name, by_code=other.name)
        )
    if found:
        draft.target = found[0][1]
        _check_parent(definition, draft)
    elif not any(key.field in draft.values or key.field in draft.unfit for key in definition.keys):
        draft.faults.append(reason(definition.keys[0].field, "key-missing"))


def _scope_of(draft: Draft, found: Sequence[tuple[Key, Record]], key: Key) -> UUID | None:
    """The parent under which a key is looked for: the row's, or that of the record found so far."""
    if key.within is None or draft.parent_id is not None or not found:
        return draft.parent_id
    parent_id: UUID = found[0][1].values[key.within]
    return parent_id


def _matches(key: Key, records: Sequence[Record], scope: UUID | None) -> list[Record]:
    if key.within is None or scope is None:
        return list(records)
    return [record for record in records if record.values[key.within] == scope]


def _check_parent(definition: Importable, draft: Draft) -> None:
    parent, target = definition.parent, draft.target
    if parent is None or target is None:
        return
    stays = target.values[parent.column]
    if draft.parent_id is not None and draft.parent_id != stays:
        draft.faults.append(reason(next(iter(parent.by)), "company-differs", name=target.name))
    draft.parent_id = stays


def _keys_of(definition: Importable, draft: Draft) -> list[str]:
    """What must stand once in the sheet, whatever becomes of the row."""
    keys = [f"id:{draft.target.id}"] if draft.target else []
    for key in definition.keys:
        if (value := draft.values.get(key.field)) is not None:
            scope = f":{draft.parent_id}" if key.within else ""
            keys.append(f"{key.field}{scope}:{value}")
    return keys


def _changes(definition: Importable, draft: Draft) -> dict[str, Any]:
    """The values to write; what is wrong and not what is stored becomes a fault."""
    target = draft.target
    if target is None:
        return _new_values(definition, draft)
    changes = {
        name: value
        for name, value in draft.values.items()
        if value != target.values[name] and not definition.is_same(name, target.values[name], value)
    }
    for name, text in draft.texts.items():
        if not definition.is_same(name, target.values[name], text):
            draft.faults.append(draft.unfit[name])
    merged = target.values | changes
    if changes and (clash := definition.find_clash(merged, changes)):
        draft.faults.append(clash)
    return changes


def _new_values(definition: Importable, draft: Draft) -> dict[str, Any]:
    draft.faults.extend(draft.unfit.values())
    values: dict[str, Any] = {**definition.defaults, **draft.values}
    missing = [
        each.name
        for each in definition.fields
        if each.is_required and each.name not in values and each.name not in draft.unfit
    ]
    draft.faults.extend(reason(name, "required") for name in missing)
    if definition.parent is not None:
        if draft.parent_id is not None:
            values[definition.parent.column] = str(draft.parent_id)
        elif not any(fault.field in definition.parent.by for fault in draft.faults):
            draft.faults.append(reason(next(iter(definition.parent.by)), "company-missing"))
    if clash := definition.find_clash(values, values):
        draft.faults.append(clash)
    return values


def _check_alone(alone: str, draft: Draft, holder: UUID | None) -> None:
    if holder is not None and (draft.target is None or draft.target.id != holder):
        draft.faults.append(reason(alone, "alone-taken"))


def _rejected(draft: Draft, keys: list[str]) -> StoredRow:
    reasons = [describe_reason(fault) for fault in draft.faults]
    return _stored(draft, Outcome.REJECTED, keys=keys, reasons=reasons)


def _stored(draft: Draft, outcome: Outcome, **told: Any) -> StoredRow:
    cells = [
        cell if len(cell) <= KEPT_CHARACTERS else f"{cell[:KEPT_CHARACTERS]}…"
        for cell in draft.row.cells
    ]
    return StoredRow(number=draft.row.number, cells=cells, outcome=outcome, **told)


def describe_reason(fault: FieldError) -> dict[str, Any]:
    """The reason with its facts apart, so that it can be told in any language."""
    return {
        "field": fault.field,
        "code": fault.code,
        "detail": fault.detail,
        "facts": msgspec.to_builtins(dict(fault.facts), str_keys=True),
    }


def wanted_values(definition: Importable, drafts: Iterable[Draft]) -> dict[str, list[str]]:
    """The values by which records and parents have to be looked up, by field."""
    names = [key.field for key in definition.keys]
    names += definition.parent.by if definition.parent else ()
    wanted: dict[str, set[str]] = defaultdict(set)
    for draft in drafts:
        for name in names:
            if (value := draft.values.get(name)) is not None:
                wanted[name].add(str(value))
    return {name: sorted(wanted[name]) for name in names}
