"""One import: how it is read, what its columns are, what it would do, what it did."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import ServerSentEvent

from sindico_api.console import rendering
from sindico_api.console.forms import EMPTY_FORM, Form
from sindico_api.console.imports import HOMES, IMPORTS_PATH, MAY_IMPORT, MAY_VIEW
from sindico_api.console.listing import Listing
from sindico_api.console.live_blocks import stream_block
from sindico_api.console.rendering import see_other
from sindico_api.console.view import ConsoleRequest, View, view_of
from sindico_api.dependencies import AppContext, AskedPage, CurrentActor, Uow
from sindico_api.i18n import Translator
from sindico_api.live import follow
from sindico_api.readers.formats import BRAZILIAN, MISSING
from sindico_platform.database.tx import Tx
from sindico_platform.errors import InvalidInput
from sindico_tenants.imports import queries, service
from sindico_tenants.imports.definitions import Importable, Value, get_importable
from sindico_tenants.imports.models import ImportStatus, Outcome
from sindico_tenants.imports.retention.service import KEPT_DAYS
from sindico_tenants.imports.schemas import ColumnChoice, ImportOut, ImportRowOut, SheetColumn

OUTCOMES = (Outcome.CREATED, Outcome.UPDATED, Outcome.REJECTED, Outcome.UNCHANGED)
"""In the order in which people want to see them."""
DETAIL, MAPPING = "imports/detail.html", "imports/mapping.html"
LEFT_OUT = ""
SHOWN_CHARACTERS, TITLE_CHARACTERS = 300, 120
"""Of one cell; the download has it whole."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RowView:
    """One row of the sheet in the reader's language."""

    number: int
    title: str
    note: str
    cells: list[tuple[str, str]]
    """Label and text of every cell that is not empty."""
    changes: list[tuple[str, str, str]]
    """Label, before, after."""
    reasons: list[tuple[str, str]]
    """Label of the field, or nothing, and what is wrong."""
    kept_because: str | None
    href: str | None
    """The record's own page, once it is there."""


@get("/imports/{import_id:uuid}", guards=[MAY_VIEW])
async def show_import(
    request: ConsoleRequest,
    import_id: FromPath[UUID],
    actor: CurrentActor,
    uow: Uow,
    page: AskedPage,
) -> Response[str]:
    """What the import is at: reading, asking, showing, writing, or done."""
    view = view_of(request)
    listing = Listing(
        path=f"{IMPORTS_PATH}/{import_id}", query=dict(request.query_params), default_sort="number"
    )
    async with uow.begin(actor) as tx:
        shown = await import_variables(tx, import_id, view)
        found: ImportOut = shown["imported"]
        if found.status == ImportStatus.MAPPING:
            return mapping_page(request, shown, EMPTY_FORM)
        outcome = listing.chosen("outcome", (*OUTCOMES, queries.KEPT)) or first_outcome(found)
        rows = await queries.list_rows(
            tx, import_id, request=page, outcome=outcome, translate=view.translate
        )
    return rendering.page(
        request,
        DETAIL,
        **shown,
        listing=listing,
        outcome=outcome,
        outcomes=outcome_tabs(found, outcome, listing, view.translate),
        rows=[view_row(row, found, view.translate) for row in rows.items],
        next_cursor=rows.next_cursor,
    )


@get("/imports/{import_id:uuid}/events", guards=[MAY_VIEW])
async def follow_import(
    request: ConsoleRequest,
    import_id: FromPath[UUID],
    actor: CurrentActor,
    uow: Uow,
    context: AppContext,
) -> ServerSentEvent:
    """The progress with every change, until the import rests."""
    view = view_of(request)

    async def read() -> dict[str, Any]:
        async with uow.begin(actor) as tx:
            return await import_variables(tx, import_id, view)

    await read()  # an import that is not there answers 404, not an empty stream
    states = follow(
        context.redis,
        channel=queries.wake_channel(import_id),
        read=read,
        is_final=lambda shown: shown["is_ended"],
    )
    return ServerSentEvent(stream_block(states, view, DETAIL, "progress"))


@get("/imports/{import_id:uuid}/mapping", guards=[MAY_IMPORT])
async def show_mapping(
    request: ConsoleRequest, import_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[str]:
    """What each column was taken for, to be changed."""
    async with uow.begin(actor) as tx:
        shown = await import_variables(tx, import_id, view_of(request))
    return mapping_page(request, shown, EMPTY_FORM)


@post("/imports/{import_id:uuid}/mapping", guards=[MAY_IMPORT])
async def map_columns(
    request: ConsoleRequest, import_id: FromPath[UUID], actor: CurrentActor, uow: Uow
) -> Response[Any]:
    """Read the sheet anew with these columns."""
    view, data = view_of(request), await request.form()
    async with uow.begin(actor) as tx:
        shown = await import_variables(tx, import_id, view)
    chosen = {
        name_of(column): str(data.get(name_of(column), LEFT_OUT))
        for column in shown["imported"].columns
    }
    choices = [
        ColumnChoice(index=column.index, field=chosen[name_of(column)] or None)
        for column in shown["imported"].columns
    ]
    try:
        async with uow.begin(actor) as tx:
            await service.choose_columns(tx, import_id=import_id, choices=choices)
    except InvalidInput as error:
        form = Form(chosen).refused(error, view.translate)
        return mapping_page(request, shown, form, status=error.status)
    return see_other(request, f"{IMPORTS_PATH}/{import_id}")


def mapping_page(
    request: ConsoleRequest, shown: dict[str, Any], form: Form, status: int = 200
) -> Response[str]:
    _ = view_of(request).translate
    definition: Importable = shown["definition"]
    choices = sorted(((each.name, _(each.label)) for each in definition.fields), key=lambda c: c[1])
    return rendering.page(
        request,
        MAPPING,
        status=status,
        **shown,
        form=form,
        field_choices=choices,
        name_of=name_of,
    )


def name_of(column: SheetColumn) -> str:
    """The name of the column's choice in the form."""
    return f"columns.{column.index}"


async def import_variables(tx: Tx, import_id: UUID, view: View) -> dict[str, Any]:
    """What every page of one import shows of it."""
    found = await queries.get_import(tx, import_id, translate=view.translate)
    definition = get_importable(found.resource)
    return {
        "imported": found,
        "import_id": import_id,
        "definition": definition,
        "home": HOMES[found.resource],
        "is_ended": queries.is_at_rest(found),
        "is_streamed": False,
        "seconds": _seconds(found, tx),
        "kept_days": KEPT_DAYS,
    }


def _seconds(found: ImportOut, tx: Tx) -> int | None:
    """How long it has been writing, in whole seconds, so that a live page changes once a second."""
    if found.started_at is None:
        return None
    return int(((found.finished_at or tx.now) - found.started_at).total_seconds())


def first_outcome(found: ImportOut) -> str:
    """What to show first: what happens to most people's interest, if there is any of it."""
    if found.status == ImportStatus.UNDONE and found.kept:
        return queries.KEPT
    return next((each for each in OUTCOMES if getattr(found, each)), Outcome.CREATED)


def outcome_tabs(
    found: ImportOut, current: str, listing: Listing, _: Translator
) -> list[dict[str, Any]]:
    """A tab for each outcome that any row has."""
    labels = {
        Outcome.CREATED: _("Created"),
        Outcome.UPDATED: _("Updated"),
        Outcome.REJECTED: _("Rejected"),
        Outcome.UNCHANGED: _("Unchanged"),
    }
    counts = {str(each): getattr(found, each) for each in OUTCOMES}
    named = {str(each): label for each, label in labels.items()}
    if found.kept:
        counts[queries.KEPT], named[queries.KEPT] = found.kept, _("Left by the undo")
    return [
        {
            "label": named[each],
            "href": listing.href(outcome=each, after=None),
            "current": each == current,
            "count": count,
        }
        for each, count in counts.items()
        if count or each == current
    ]


def view_row(row: ImportRowOut, found: ImportOut, _: Translator) -> RowView:
    """One row for people."""
    definition = get_importable(found.resource)
    labels = {each.name: _(each.label) for each in definition.fields}
    by_field = {
        column.field: row.cells[column.index]
        for column in found.columns
        if column.field and column.index < len(row.cells)
    }
    keys = [by_field.get(key.field) for key in definition.keys]
    is_there = row.record_id is not None and (
        row.outcome != Outcome.CREATED or (found.finished_at and not found.undone_at)
    )
    return RowView(
        number=row.number,
        title=shorten(
            by_field.get("name") or next(filter(None, keys), "") or _("Without a name"),
            TITLE_CHARACTERS,
        ),
        note=" · ".join(shorten(key) for key in keys if key),
        cells=[
            (shorten(column.title) or _("Column {number}", number=column.index + 1), shorten(cell))
            for column, cell in zip(found.columns, row.cells, strict=False)
            if cell.strip()
        ],
        changes=[
            (labels[each.field], say(each.field, each.before, _), say(each.field, each.after, _))
            for each in sorted(row.changes, key=lambda each: [*labels].index(each.field))
        ],
        reasons=[(labels.get(each.field, ""), each.detail) for each in row.reasons],
        kept_because=row.kept_because.detail if row.kept_because else None,
        href=f"{HOMES[found.resource].href}/{row.record_id}" if is_there else None,
    )


def shorten(text: str, most: int = SHOWN_CHARACTERS) -> str:
    return text if len(text) <= most else f"{text[:most]}…"


def say(field: str, value: Value, _: Translator) -> str:
    """A value as the other screens write it."""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    write = BRAZILIAN.get(field)
    return write(value) if write else shorten(value or MISSING)
