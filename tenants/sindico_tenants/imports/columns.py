"""Which row names the columns, and which field each of them fills."""

from collections.abc import Iterable, Mapping, Sequence

from sindico_platform.errors import FieldError, InvalidInput, field_error
from sindico_platform.spreadsheets.schemas import SheetRow
from sindico_tenants.imports.definitions import Importable
from sindico_tenants.imports.reading import plain
from sindico_tenants.imports.schemas import ColumnChoice, SheetColumn

LOOKED_AT = 20
"""Titles and notes above the table are skipped within so many rows."""
SURE = 2
"""So many known names make a row the header."""
OWN_TITLES = frozenset(
    map(plain, ("Row in the file", "Linha no arquivo", "Why it was rejected", "Motivo da rejeição"))
)
"""What the download of rejected rows adds; no field, and nobody has to say so."""
SAMPLES, SAMPLE_CHARACTERS, TITLE_CHARACTERS = 3, 60, 80


def names_of(definition: Importable) -> dict[str, str]:
    """Field by every name of it, in the form that is compared."""
    return {
        plain(name): each.name for each in definition.fields for name in (*each.headers, each.name)
    }


def find_header(definition: Importable, rows: Sequence[SheetRow]) -> int:
    """Tell which of the first rows names the columns; the first one if none surely does."""
    known = names_of(definition)
    for position, row in enumerate(rows[:LOOKED_AT]):
        if len({known[name] for cell in row.cells if (name := plain(cell)) in known}) >= SURE:
            return position
    return 0


def recognise(
    definition: Importable, header: SheetRow, following: Iterable[SheetRow]
) -> list[SheetColumn]:
    """Say what each column is; a name that comes twice is left for a person to decide."""
    known, taken = names_of(definition), set[str]()
    samples = _samples(following, width=len(header.cells))
    columns = []
    for index, title in enumerate(header.cells):
        found = known.get(plain(title))
        field = found if found not in taken else None
        taken.update([field] if field else [])
        columns.append(
            SheetColumn(
                index=index,
                title=title.strip()[:TITLE_CHARACTERS],
                field=field,
                is_decided=field is not None or _is_idle(title, samples[index]),
                samples=tuple(samples[index]),
            )
        )
    return columns


def _is_idle(title: str, samples: Sequence[str]) -> bool:
    return plain(title) in OWN_TITLES or not (title.strip() or samples)


def _samples(rows: Iterable[SheetRow], *, width: int) -> list[list[str]]:
    found: list[list[str]] = [[] for _ in range(width)]
    for row in rows:
        for texts, cell in zip(found, row.cells, strict=False):
            if len(texts) < SAMPLES and (text := cell.strip()):
                texts.append(text[:SAMPLE_CHARACTERS])
    return found


def is_settled(definition: Importable, columns: Iterable[SheetColumn]) -> bool:
    """Whether every column is decided, and one of them tells which record a row is."""
    columns = list(columns)
    filled = {column.field for column in columns}
    return all(column.is_decided for column in columns) and not filled.isdisjoint(
        key.field for key in definition.keys
    )


def choose(
    definition: Importable, columns: Sequence[SheetColumn], choices: Sequence[ColumnChoice]
) -> list[SheetColumn]:
    """The columns as a person names them; what the person leaves out fills nothing.

    Raises:
        InvalidInput: no such column or field, two columns for one field, or none that tells which
            record a row is.
    """
    chosen = {choice.index: choice.field for choice in choices}
    faults = [*_unknown(definition, columns, choices)]
    if faults:
        raise InvalidInput(*faults)
    settled = [_settle(column, chosen) for column in columns]
    faults = [*_twice(settled)]
    if not is_settled(definition, settled):
        faults.append(_keyless(definition))
    if faults:
        raise InvalidInput(*faults)
    return settled


def _settle(column: SheetColumn, chosen: Mapping[int, str | None]) -> SheetColumn:
    return SheetColumn(
        index=column.index,
        title=column.title,
        field=chosen.get(column.index, column.field),
        samples=column.samples,
    )


def _unknown(
    definition: Importable, columns: Sequence[SheetColumn], choices: Sequence[ColumnChoice]
) -> Iterable[FieldError]:
    for position, choice in enumerate(choices):
        if not 0 <= choice.index < len(columns):
            detail = "The sheet has no column {index}; it has {columns}, from 0 on."
            yield field_error(
                f"columns.{position}.index",
                "column-unknown",
                detail,
                index=choice.index,
                columns=len(columns),
            )
        if choice.field is not None and choice.field not in definition.by_name:
            detail = "There is no field {name}. The fields are: {fields}."
            yield field_error(
                f"columns.{position}.field",
                "import-field-unknown",
                detail,
                name=choice.field[:60],
                fields=", ".join(definition.by_name),
            )


def _twice(columns: Sequence[SheetColumn]) -> Iterable[FieldError]:
    first: dict[str, SheetColumn] = {}
    for column in columns:
        if column.field is None:
            continue
        other = first.setdefault(column.field, column)
        if other is not column:
            detail = "The columns {one} and {other} cannot both fill the same field."
            yield field_error(
                f"columns.{column.index}",
                "field-filled-twice",
                detail,
                one=other.title,
                other=column.title,
            )


def _keyless(definition: Importable) -> FieldError:
    detail = "No column tells which record a row is. One of them must be: {fields}."
    fields = ", ".join(key.field for key in definition.keys)
    return field_error("columns", "no-key-column", detail, fields=fields)
