"""The View connector: one query per page, each in a read-only transaction of its own."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Integer, Numeric

from sindico_platform.connection_tests.walk import Watch
from sindico_platform.egress import EgressGuard
from sindico_platform.errors import OutsideError
from sindico_platform.words import translatable
from sindico_provisioning.connectors.errors import TableNotOffered
from sindico_provisioning.connectors.recording import RecordingConnector
from sindico_provisioning.connectors.schemas import Cursor, Exchange, Page, Totals
from sindico_provisioning.connectors.turning import whole_of
from sindico_provisioning.connectors.view import errors
from sindico_provisioning.connectors.view.check import check_database
from sindico_provisioning.connectors.view.drivers import DRIVERS
from sindico_provisioning.connectors.view.drivers.schemas import Reflected
from sindico_provisioning.connectors.view.keyset import Place, Step, decode, encode
from sindico_provisioning.connectors.view.pages import (
    Fetched,
    Rows,
    are_alike,
    fetch_page,
    key_and_mark,
    without_last_read,
)
from sindico_provisioning.connectors.view.reaching import explained, open_session
from sindico_provisioning.connectors.view.reflection import reflect_columns
from sindico_provisioning.connectors.view.schemas import ViewServer, ViewSource
from sindico_provisioning.connectors.view.session import Session
from sindico_provisioning.connectors.view.statements import (
    Layout,
    lay_out,
    select_highest_mark,
    select_totals,
)
from sindico_provisioning.connectors.view.values import turn_rows
from sindico_provisioning.erp_tables.queries import get_table

PAGE_ROWS = 10_000


class ViewConnector(RecordingConnector):
    """Reads one customer's database; see `sindico_provisioning.connectors.schemas.Connector`.

    Args:
        sources: what is mapped, parents before children.
        reached: by table, what a page of an earlier load gave as `reached`; such tables are read
            from there, the others whole.
        expected: by table, how many rows a whole reading will have, as far as is known.
    """

    def __init__(
        self,
        guard: EgressGuard,
        server: ViewServer,
        sources: Sequence[ViewSource],
        *,
        reached: Mapping[str, Cursor] | None = None,
        expected: Mapping[str, int] | None = None,
        page_rows: int | None = None,
    ) -> None:
        super().__init__()
        self._guard, self._server, self._page_rows = guard, server, page_rows or PAGE_ROWS
        self._sources = {source.table: source for source in sources}
        self._reached, self._expected = reached or {}, expected or {}
        self._zone = ZoneInfo(server.time_zone)
        self._session: Session | None = None
        self._layouts: dict[str, Layout] = {}

    @property
    def tables(self) -> tuple[str, ...]:
        return tuple(self._sources)

    @property
    def snapshots(self) -> frozenset[str]:
        """Tables whose view shows everything and is read whole."""
        return frozenset(
            name
            for name, source in self._sources.items()
            if source.is_complete and self._begin(source).step is Step.KEYS
        )

    async def check(self, watch: Watch) -> None:
        await check_database(self._guard, self._server, [*self._sources.values()], watch)

    async def read_page(self, table: str, cursor: Cursor | None) -> Page:
        if table not in self._sources:
            raise TableNotOffered(table=table)
        source = self._sources[table]
        place = self._begin(source) if cursor is None else Place.from_cursor(cursor)
        if place.print != source.print:
            raise errors.MAPPING_CHANGED.error(table=table)
        started_at, started = datetime.now(UTC), time.monotonic()
        failure: str | None = None
        try:
            return await self._read(source, place, is_first=cursor is None)
        except OutsideError as error:
            failure = error.code
            raise
        except BaseException:
            await self._hang_up()
            raise
        finally:
            self._note(source, started_at, time.monotonic() - started, failure)

    async def tell_totals(self, table: str) -> Totals | None:
        """Count and add up in the database, by one statement."""
        if table not in self._sources:
            raise TableNotOffered(table=table)
        source = self._sources[table]
        started_at, started = datetime.now(UTC), time.monotonic()
        failure: str | None = None
        try:
            with explained(self._server, source.name):
                session = await self._signed_in()
                layout = await self._layout_of(session, source)
                return await session.run(partial(_read_totals, layout, _amounts_of(layout)))
        except OutsideError as error:
            failure = error.code
            await self._hang_up()
            raise
        except BaseException:
            await self._hang_up()
            raise
        finally:
            self._note(source, started_at, time.monotonic() - started, failure)

    def _begin(self, source: ViewSource) -> Place:
        reached = self._reached.get(source.table)
        known = reached is not None and reached["print"] == source.print
        return Place.begin(source, decode(reached["mark"]) if reached and known else None)

    def _note(
        self, source: ViewSource, started_at: datetime, seconds: float, failure: str | None
    ) -> None:
        self._exchanges.append(
            Exchange(
                method="SELECT",
                path=source.name,
                status=None,
                started_at=started_at,
                elapsed_ms=round(seconds * 1000),
                body=b"",
                failure=failure,
            )
        )

    async def _read(self, source: ViewSource, place: Place, *, is_first: bool) -> Page:
        try:
            with explained(self._server, source.name):
                session = await self._signed_in()
                layout = await self._layout_of(session, source)
                if is_first and place.step is Step.KEYS and layout.mark is not None:
                    mark = await session.run(partial(_read_highest_mark, layout))
                    place = replace(place, reached=mark)
                fetched = await session.run(partial(fetch_page, layout, place, self._asked(place)))
        except OutsideError:
            await self._hang_up()
            raise
        if fetched.is_early:
            await self._hang_up()
        return self._page(layout, place, fetched)

    async def _signed_in(self) -> Session:
        if self._session is None:
            self._session = await open_session(self._guard, self._server)
        return self._session

    async def _layout_of(self, session: Session, source: ViewSource) -> Layout:
        if source.table not in self._layouts:
            columns = await session.run(
                partial(
                    reflect_columns, server=self._server, schema=source.schema, view=source.view
                )
            )
            self._layouts[source.table] = self._lay_out(source, columns)
        return self._layouts[source.table]

    def _lay_out(self, source: ViewSource, columns: Sequence[Reflected]) -> Layout:
        row_comparison = DRIVERS[self._server.dialect].row_comparison
        return lay_out(source, columns, row_comparison=row_comparison)

    def _asked(self, place: Place) -> int:
        """How many rows a page asks for: one more where it begins with one that was read."""
        return self._page_rows + (place.key is not None)

    def _page(self, layout: Layout, place: Place, fetched: Fetched) -> Page:
        """A page of what was fetched, which begins with a row read before and may end before."""
        is_last = len(fetched.rows) < self._asked(place) and not fetched.is_early
        rows = without_last_read(layout, place, fetched.rows)
        following = self._following(layout, place, rows, is_last=is_last)
        mapped = turn_rows(layout, rows, self._zone)
        return Page(
            table=layout.source.table,
            rows=mapped,
            next_cursor=None if following is None else following.cursor(),
            fetched_bytes=0,
            progress=self._progress(layout.source.table, place.rows + len(rows)),
            detail=translatable("{view}: {rows} records"),
            facts={"view": layout.source.name, "rows": len(rows)},
            reached=self._reached_with(layout, place, rows) if following is None else None,
            is_whole=place.step is not Step.CHANGES,
        )

    def _following(
        self, layout: Layout, place: Place, rows: Rows, *, is_last: bool
    ) -> Place | None:
        if place.step is Step.KEYLESS:
            return None
        if is_last:
            if place.step is Step.CHANGES:
                return None
            return replace(place, step=Step.KEYLESS, key=None, rows=place.rows + len(rows))
        key, mark = key_and_mark(layout, rows[-1])
        if are_alike(key, place.key) and (place.step is Step.KEYS or mark == place.mark):
            raise errors.KEY_REPEATED.error(view=layout.source.name, rows=len(rows), key=str(key))
        return place.after(key=key, mark=mark, rows=len(rows))

    def _reached_with(self, layout: Layout, place: Place, rows: Rows) -> Cursor | None:
        """Where the next load may begin: what the page ends with, or what it began with."""
        mark = place.reached
        if place.step is Step.CHANGES and rows:
            mark = key_and_mark(layout, rows[-1])[1]
        return None if mark is None else {"print": place.print, "mark": encode(mark)}

    def _progress(self, table: str, rows: int) -> float:
        expected = max(self._expected.get(table, 0), rows + self._page_rows)
        return rows / expected

    async def _hang_up(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()


def _amounts_of(layout: Layout) -> dict[str, str]:
    """Columns of numbers that fields with amounts are read from."""
    amounts = {field.name for field in get_table(layout.source.table).columns if field.is_amount}
    return {
        name: column
        for name, column in layout.source.columns.items()
        if name in amounts and isinstance(layout.types[column], Numeric | Integer)
    }


def _read_totals(
    layout: Layout, amounts: Mapping[str, str], connection: Connection
) -> Totals | None:
    told = connection.execute(select_totals(layout, amounts)).one()
    rows = whole_of(told[0])
    if rows is None:
        return None
    sums = {name: Decimal(str(value or 0)) for name, value in zip(amounts, told[1:], strict=True)}
    return Totals(rows=rows, sums=sums)


def _read_highest_mark(layout: Layout, connection: Connection) -> Any:
    return connection.scalar(select_highest_mark(layout))
