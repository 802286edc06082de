"""The first sheet of a history file: what it holds, and how to read it."""

from collections.abc import Iterator, Sequence

from sindico_platform.spreadsheets.typed_cells import (
    EMPTY,
    HEADER,
    TITLE,
    WHOLE,
    instant_cells,
    number_cells,
    text_cell,
    wrapped_cell,
)
from sindico_platform.spreadsheets.writing import Column
from sindico_provisioning.exchanges.schemas import Outcome
from sindico_provisioning.history_exports.schemas import Asked
from sindico_provisioning.history_exports.sheets import Reader, RequestSheet, TableSheet
from sindico_provisioning.history_exports.words import (
    MASKED_NOTE,
    OUTCOMES,
    OUTCOMES_EXPLAINED,
    OVERVIEW_TITLES,
    READING,
    TABLE_DESCRIPTIONS,
)

COLUMNS = (
    Column(title="", width=20),
    Column(title="", width=64),
    *(Column(title="", width=12) for _ in range(2 + len(Outcome))),
)
SHOWN = tuple(Outcome)


def overview_rows(
    reader: Reader, asked: Asked, requests: RequestSheet, tables: Sequence[TableSheet]
) -> list[str]:
    """The rows, once all other sheets are written."""
    _ = reader.translate
    return [
        text_cell(_("History of the integrations"), TITLE),
        EMPTY,
        *_facts(reader, asked),
        EMPTY,
        *_counts(reader, requests, tables),
        EMPTY,
        text_cell(_("How to read this file"), TITLE),
        *(EMPTY + wrapped_cell(_(text)) for text in READING),
        EMPTY,
        text_cell(_("What the outcomes mean"), TITLE),
        *(
            text_cell(_(text)) + wrapped_cell(_(OUTCOMES_EXPLAINED[letter]))
            for letter, text in OUTCOMES.items()
        ),
    ]


def _facts(reader: Reader, asked: Asked) -> Iterator[str]:
    _, instant = reader.translate, instant_cells(reader.zone)
    yield text_cell(_("Period from")) + instant(asked.period.since)
    yield text_cell(_("Period to")) + instant(asked.period.until)
    yield text_cell(_("Time zone")) + text_cell(str(reader.zone))
    if not reader.sees_personal:
        yield text_cell(_("Personal data")) + wrapped_cell(_(MASKED_NOTE))


def _counts(reader: Reader, requests: RequestSheet, tables: Sequence[TableSheet]) -> Iterator[str]:
    _, whole = reader.translate, number_cells(WHOLE)
    titles = (*OVERVIEW_TITLES, *(OUTCOMES[each] for each in SHOWN))
    yield "".join(text_cell(_(title), HEADER) for title in titles)
    for sheet in tables:
        name, counts = sheet.table.name, sheet.counts
        numbers = (requests.by_table[name], counts.total(), *(counts[each] for each in SHOWN))
        yield "".join(
            (
                text_cell(name),
                wrapped_cell(_(TABLE_DESCRIPTIONS[name])),
                *(whole(number) for number in numbers),
            )
        )
