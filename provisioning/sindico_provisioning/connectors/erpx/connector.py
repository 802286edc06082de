"""The ERPX connector: one entity per table, read by its ids."""

from dataclasses import replace
from datetime import date, timedelta

from sindico_platform.connection_tests.walk import Seen
from sindico_platform.errors import OutsideError
from sindico_platform.words import translatable
from sindico_provisioning.connectors.answers import parse_json
from sindico_provisioning.connectors.erpx.paging import Listed, Place, read_listed
from sindico_provisioning.connectors.erpx.schemas import ROUTES, SINCE_MARK, Access, Paging
from sindico_provisioning.connectors.erpx.session import Session
from sindico_provisioning.connectors.erpx.settings import ErpxSettings
from sindico_provisioning.connectors.erpx.wire import Way, turn_rows
from sindico_provisioning.connectors.errors import TableNotOffered
from sindico_provisioning.connectors.over_http import TOO_MUCH_CODES, HttpConnector
from sindico_provisioning.connectors.schemas import Cursor, Page, Totals


class ErpxConnector(HttpConnector[ErpxSettings]):
    """Reads one customer's ERPX; see `sindico_provisioning.connectors.schemas.Connector`."""

    session_kind = Session

    @property
    def snapshots(self) -> frozenset[str]:
        """Tables read from the beginning on; by page number a change may shift a row away."""
        if self._settings.paging is Paging.PAGES:
            return frozenset()
        routes = self._settings.routes
        return frozenset(name for name in self.tables if SINCE_MARK not in routes[name])

    async def read_page(self, table: str, cursor: Cursor | None) -> Page:
        if table not in self._settings.routes:
            raise TableNotOffered(table=table)
        place = self._begin(table) if cursor is None else Place.from_cursor(cursor)
        try:
            body, listed = await self._list(table, place)
        except OutsideError as error:
            smaller = place.halved() if error.code in TOO_MUCH_CODES else None
            if smaller is None:
                raise
            return _split(table, smaller, error)
        following = place.following(listed, self._path_of(table)[0])
        return Page(
            table=table,
            rows=turn_rows(table, listed.rows, self._way()),
            next_cursor=None if following is None else following.cursor(),
            fetched_bytes=len(body),
            progress=1 if following is None else place.progress(listed),
            detail=translatable("{path}: {rows} records"),
            facts={"path": self._path_of(table)[0], "rows": len(listed.rows)},
        )

    async def tell_totals(self, table: str) -> Totals | None:
        """How many rows the platform counts; it adds nothing up."""
        if table not in self._settings.routes:
            raise TableNotOffered(table=table)
        _, listed = await self._list(table, replace(self._begin(table), size=1))
        return None if listed.total is None else Totals(rows=listed.total)

    def _begin(self, table: str) -> Place:
        settings = self._settings
        return Place.begin(settings.paging, since=self._since(table), size=settings.page_rows)

    def _way(self) -> Way:
        return Way(zone=self._zone, decimal_comma=self._settings.decimal_comma)

    def _since(self, table: str) -> date:
        today = self._now().astimezone(self._zone).date()
        return today - timedelta(days=ROUTES[table].days)

    def _path_of(self, table: str) -> tuple[str, str]:
        """The entity's path below the base path, and the filter that the route has."""
        path, _, expression = self._settings.routes[table].partition("?filter=")
        return path, expression

    async def _read_a_little(self, seen: Seen) -> None:
        for table in self.tables[:1]:
            _, listed = await self._list(table, self._begin(table))
            rows = len(listed.rows) if listed.total is None else listed.total
            seen.note("{table}: {rows} records", table=table, rows=rows)

    async def _list(self, table: str, place: Place) -> tuple[bytes, Listed]:
        path, expression = self._path_of(table)
        whole = f"{self._settings.base_path}/rest{path}"
        body = await self._session().read(
            whole, setting=ROUTES[table].setting, params=place.query(expression)
        )
        if not body:
            return body, Listed(rows=[], total=0, pages=0)
        return body, read_listed(parse_json(body, whole), whole)

    def _note_identity(self, seen: Seen) -> None:
        settings = self._settings
        if settings.access is Access.KEY:
            seen.note(
                "Signed in as an application with the key {key} at {tenant}.",
                key=settings.access_key,
                tenant=settings.tenant_name,
            )
        else:
            seen.note("Signed in as {user}.", user=settings.username)


def _split(table: str, smaller: Place, error: OutsideError) -> Page:
    """Bring nothing, and go on from the same place with fewer rows."""
    return Page(
        table=table,
        rows=[],
        next_cursor=smaller.cursor(),
        fetched_bytes=0,
        progress=0 if smaller.read == 0 else smaller.read / (smaller.read + smaller.size),
        detail=translatable("The page is too much at once ({code}); asking for {size} rows"),
        facts={"code": error.code, "size": smaller.size},
    )
