"""Looking at a customer's views: their names, columns and first rows. No transaction is open."""

from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Connection

from sindico_platform.egress import EgressGuard
from sindico_platform.words import Translate
from sindico_provisioning.connectors.view.reaching import explained, signed_in
from sindico_provisioning.connectors.view.reflection import (
    MOST_VIEWS,
    list_columns,
    list_views,
    reflect_columns,
)
from sindico_provisioning.connectors.view.schemas import (
    FoundColumn,
    FoundView,
    ViewServer,
    ViewSource,
)
from sindico_provisioning.connectors.view.statements import Layout, lay_out, select_few
from sindico_provisioning.connectors.view.values import turn_rows
from sindico_provisioning.erp_tables.queries import get_table, list_copy_columns
from sindico_provisioning.erp_tables.schemas import Checked, Rejection
from sindico_provisioning.erp_tables.service import check_rows
from sindico_provisioning.view_connections.mappings.rules import suggest
from sindico_provisioning.view_connections.schemas import (
    FoundColumnsOut,
    FoundViewsOut,
    PreviewFault,
    PreviewOut,
    PreviewRow,
)

SHOWN_VIEWS, PREVIEW_ROWS = 200, 20
_MAX_SHOWN = 200


async def find_views(guard: EgressGuard, server: ViewServer, *, search: str = "") -> FoundViewsOut:
    """Views and tables whose name contains `search`, views first.

    Raises:
        Terminal, Transient: the database could not be reached or does not let us.
    """
    async with signed_in(guard, server) as session:
        with explained(server, server.database):
            found = await session.run(partial(list_views, server=server))
    wanted = search.strip().casefold()
    matching = [view for view in found if wanted in _name_of(view).casefold()]
    return FoundViewsOut(
        items=matching[:SHOWN_VIEWS],
        is_whole=len(matching) <= SHOWN_VIEWS and len(found) < MOST_VIEWS,
    )


async def find_columns(
    guard: EgressGuard, server: ViewServer, *, schema: str | None, view: str
) -> list[FoundColumn]:
    """The columns of a view.

    Raises:
        Terminal, Transient: as `find_views`, and ``view-missing``.
    """
    async with signed_in(guard, server) as session:
        with explained(server, view):
            return await session.run(partial(list_columns, server=server, schema=schema, view=view))


def show_columns(columns: list[FoundColumn], table: str | None) -> FoundColumnsOut:
    """The columns, with those that look like a table's fields."""
    return FoundColumnsOut(
        items=columns, suggested=suggest(get_table(table), columns) if table else {}
    )


async def preview(
    guard: EgressGuard, server: ViewServer, source: ViewSource, translate: Translate
) -> PreviewOut:
    """The first rows as they are, and what each would become.

    Raises:
        Terminal, Transient: as `find_columns`, and ``view-column-missing``.
    """
    async with signed_in(guard, server) as session:
        with explained(server, source.name):
            layout, rows = await session.run(partial(_read_few, server, source))
    mapped = turn_rows(layout, rows, ZoneInfo(server.time_zone))
    checked = check_rows(get_table(source.table), mapped)
    return _show(layout, rows, checked, translate)


def _read_few(
    server: ViewServer, source: ViewSource, connection: Connection
) -> tuple[Layout, Sequence[Sequence[Any]]]:
    columns = reflect_columns(connection, server, schema=source.schema, view=source.view)
    layout = lay_out(source, columns, row_comparison=False)
    return layout, connection.execute(select_few(layout, rows=PREVIEW_ROWS)).all()


def _show(
    layout: Layout, rows: Sequence[Sequence[Any]], checked: Checked, translate: Translate
) -> PreviewOut:
    names = list_copy_columns(checked.table)
    rejected = {rejection.index: rejection for rejection in checked.rejections}
    good = iter(checked.rows)
    shown = [
        PreviewRow(
            source={name: _shown(value) for name, value in zip(layout.columns, row, strict=True)},
            becomes=None if at in rejected else _becomes(layout, names, next(good)),
            errors=_faults(rejected[at], translate) if at in rejected else [],
        )
        for at, row in enumerate(rows)
    ]
    return PreviewOut(
        table=layout.source.table,
        rows=shown,
        accepted=len(checked.rows),
        rejected=len(checked.rejections),
    )


def _becomes(layout: Layout, names: Sequence[str], row: Sequence[Any]) -> dict[str, Any]:
    """The mapped fields of a row as it would be stored, as JSON has them."""
    stored = dict(zip(names, row, strict=True))
    return {name: msgspec.to_builtins(stored[name]) for name in layout.source.columns}


def _faults(rejection: Rejection, translate: Translate) -> list[PreviewFault]:
    return [
        PreviewFault(
            field=fault.field, code=fault.code, detail=translate(fault.detail, **dict(fault.facts))
        )
        for fault in rejection.reasons
    ]


def _shown(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bytes | bytearray | memoryview):
        return f"0x{bytes(value)[:16].hex()}"
    text = value.isoformat() if isinstance(value, date) else str(value)
    return text[:_MAX_SHOWN].replace("\x00", "")


def _name_of(view: FoundView) -> str:
    return f"{view.db_schema}.{view.name}" if view.db_schema else view.name
