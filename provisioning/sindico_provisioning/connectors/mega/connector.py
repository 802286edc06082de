"""The Mega connector: one route per table, one date window per page."""

from typing import Any

from sindico_platform.connection_tests.walk import Seen
from sindico_platform.errors import OutsideError
from sindico_platform.words import translatable
from sindico_provisioning.connectors import errors
from sindico_provisioning.connectors.answers import parse_json
from sindico_provisioning.connectors.mega.schemas import ROUTES, Span
from sindico_provisioning.connectors.mega.session import Session
from sindico_provisioning.connectors.mega.settings import MegaSettings
from sindico_provisioning.connectors.mega.windows import Window
from sindico_provisioning.connectors.mega.wire import turn_rows
from sindico_provisioning.connectors.over_http import TOO_MUCH_CODES, HttpConnector
from sindico_provisioning.connectors.schemas import Cursor, Page, Totals


class MegaConnector(HttpConnector[MegaSettings]):
    """Reads one customer's Mega; see `sindico_provisioning.connectors.schemas.Connector`."""

    session_kind = Session

    @property
    def snapshots(self) -> frozenset[str]:
        """The registers: answered at once, or by windows that end after the walk does."""
        return frozenset(name for name in self.tables if ROUTES[name].span is Span.REGISTERS)

    async def read_page(self, table: str, cursor: Cursor | None) -> Page:
        if table not in self._settings.routes:
            raise errors.TableNotOffered(table=table)
        path = self._settings.routes[table]
        if "{inicio}" not in path:
            return await self._read_all(table, path)
        return await self._read_window(table, path, self._find_window(table, cursor))

    async def tell_totals(self, table: str) -> Totals | None:  # noqa: ARG002  (the protocol's)
        """Mega answers no totals: all that it tells of a table are its rows."""
        return None

    def _find_window(self, table: str, cursor: Cursor | None) -> Window:
        if cursor is not None:
            return Window.from_cursor(cursor)
        today = self._now().astimezone(self._zone).date()
        return Window.begin_span(ROUTES[table].span, today)

    async def _read_all(self, table: str, path: str) -> Page:
        body, rows = await self._read_rows(table, path)
        return Page(
            table=table,
            rows=rows,
            next_cursor=None,
            fetched_bytes=len(body),
            progress=1,
            detail=translatable("{path}: {rows} records"),
            facts={"path": path, "rows": len(rows)},
        )

    async def _read_window(self, table: str, template: str, window: Window) -> Page:
        first, last = window.first.isoformat(), window.last.isoformat()
        path = template.replace("{inicio}", first).replace("{fim}", last)
        try:
            body, rows = await self._read_rows(table, path)
        except OutsideError as error:
            narrower = window.cursor_halved() if error.code in TOO_MUCH_CODES else None
            if narrower is None:
                raise
            return _split(table, window, narrower, error)
        return Page(
            table=table,
            rows=rows,
            next_cursor=window.cursor_after(len(rows)),
            fetched_bytes=len(body),
            progress=window.progress,
            detail=translatable("{first} to {last}: {rows} records"),
            facts={"first": first, "last": last, "rows": len(rows)},
        )

    async def _read_rows(self, table: str, path: str) -> tuple[bytes, list[dict[str, Any]]]:
        body = await self._session().read(path, setting=ROUTES[table].setting)
        if not body:
            return body, []
        return body, turn_rows(table, parse_page(body, path), self._zone)

    def _note_identity(self, seen: Seen) -> None:
        seen.note("Signed in as {user}.", user=self._settings.username)

    async def _read_a_little(self, seen: Seen) -> None:
        for table in self.tables:
            if "{inicio}" not in self._settings.routes[table]:
                page = await self.read_page(table, None)
                seen.note("{table}: {rows} records", table=table, rows=len(page.rows))
                return


def _split(table: str, window: Window, narrower: Cursor, error: OutsideError) -> Page:
    """Bring nothing, and go on from the same day with fewer days."""
    done = (window.first - window.begin).days / ((window.until - window.begin).days + 1)
    return Page(
        table=table,
        rows=[],
        next_cursor=narrower,
        fetched_bytes=0,
        progress=done,
        detail=translatable(
            "{first} to {last} is too much at once ({code}); asking for {days} days"
        ),
        facts={
            "first": window.first.isoformat(),
            "last": window.last.isoformat(),
            "code": error.code,
            "days": narrower["days"],
        },
    )


def parse_page(body: bytes, path: str) -> list[Any]:
    """Parse an answer into its rows; numbers stay exact.

    Raises:
        Transient: it is not JSON, or no list.
    """
    rows = parse_json(body, path)
    if not isinstance(rows, list):
        raise errors.PAGE_UNEXPECTED.error(path=path)
    return rows
