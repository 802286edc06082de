"""The ERPX connector: one entity per table, read by its ids."""

from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import date, timedelta
from types import TracebackType
from typing import Self
from zoneinfo import ZoneInfo

from sindico_platform.connection_tests.schemas import Stage
from sindico_platform.connection_tests.walk import UNWATCHED, Seen, Watch
from sindico_platform.errors import OutsideError
from sindico_platform.words import translatable
from sindico_provisioning.connectors.answers import parse_json
from sindico_provisioning.connectors.erpx.paging import Listed, Place, read_listed
from sindico_provisioning.connectors.erpx.schemas import ROUTES, SINCE_MARK, Access, Paging
from sindico_provisioning.connectors.erpx.session import Session, credential_of
from sindico_provisioning.connectors.erpx.settings import ErpxSettings
from sindico_provisioning.connectors.erpx.wire import Way, turn_rows
from sindico_provisioning.connectors.errors import TableNotOffered
from sindico_provisioning.connectors.schemas import Cursor, Exchange, HttpClients, Page, Totals
from sindico_provisioning.connectors.sessions import Now, TokenCache, utc_now

MAX_BODY_BYTES = 48 << 20
READ_SECONDS = 60
_SPLIT_CODES = {"answer-too-large", "answer-timed-out"}
"""Failures of a page that a smaller one may not have."""

TOKENS = TokenCache()
"""This process's tokens."""


class ErpxConnector:
    """Reads one customer's ERPX; see `sindico_provisioning.connectors.schemas.Connector`.

    Args:
        settings: where it is and as whom to read it.
        http: makes guarded clients.
        scope: whose credential it is, usually the tenant's id.
        tokens: shared by connectors that may share a token.
        now: the clock, for tokens and for what "today" is.
    """

    def __init__(
        self,
        settings: ErpxSettings,
        *,
        http: HttpClients,
        scope: str,
        tokens: TokenCache = TOKENS,
        now: Now = utc_now,
        read_seconds: float = READ_SECONDS,
        max_body_bytes: int = MAX_BODY_BYTES,
    ) -> None:
        self._settings, self._http, self._now = settings, http, now
        self._way = Way(zone=ZoneInfo(settings.time_zone), decimal_comma=settings.decimal_comma)
        self._entry = tokens.entry(scope, *credential_of(settings))
        self._read_seconds, self._max_body_bytes = read_seconds, max_body_bytes
        self._stack = AsyncExitStack()
        self._opened: Session | None = None
        self._watch: Watch = UNWATCHED
        self._exchanges: list[Exchange] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._close()

    @property
    def tables(self) -> tuple[str, ...]:
        return tuple(table for table in ROUTES if table in self._settings.routes)

    @property
    def snapshots(self) -> frozenset[str]:
        """Tables read from the beginning on; by page number a change may shift a row away."""
        if self._settings.paging is Paging.PAGES:
            return frozenset()
        routes = self._settings.routes
        return frozenset(name for name in self.tables if SINCE_MARK not in routes[name])

    async def check(self, watch: Watch) -> None:
        await self._close()  # so that the connection is made under the watch
        self._watch = watch
        with watch.stage(Stage.AUTHENTICATE) as seen:
            await self._session().sign_in_anew()
            self._note_identity(seen)
        with watch.stage(Stage.READ) as seen:
            for table in self.tables[:1]:
                _, listed = await self._list(table, self._begin(table))
                rows = len(listed.rows) if listed.total is None else listed.total
                seen.note("{table}: {rows} records", table=table, rows=rows)

    async def read_page(self, table: str, cursor: Cursor | None) -> Page:
        if table not in self._settings.routes:
            raise TableNotOffered(table=table)
        place = self._begin(table) if cursor is None else Place.from_cursor(cursor)
        try:
            body, listed = await self._list(table, place)
        except OutsideError as error:
            smaller = place.halved() if error.code in _SPLIT_CODES else None
            if smaller is None:
                raise
            return _split(table, smaller, error)
        following = place.following(listed, self._path_of(table)[0])
        return Page(
            table=table,
            rows=turn_rows(table, listed.rows, self._way),
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

    def take_exchanges(self) -> list[Exchange]:
        taken = self._exchanges.copy()
        self._exchanges.clear()
        return taken

    def _begin(self, table: str) -> Place:
        settings = self._settings
        return Place.begin(settings.paging, since=self._since(table), size=settings.page_rows)

    def _since(self, table: str) -> date:
        today = self._now().astimezone(self._way.zone).date()
        return today - timedelta(days=ROUTES[table].days)

    def _path_of(self, table: str) -> tuple[str, str]:
        """The entity's path below the base path, and the filter that the route has."""
        path, _, expression = self._settings.routes[table].partition("?filter=")
        return path, expression

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

    async def _close(self) -> None:
        self._opened = None
        await self._stack.aclose()

    def _session(self) -> Session:
        if self._opened is None:
            client = self._http.client(
                self._settings.url,
                ca_pem=self._settings.ca_certificate,
                read_seconds=self._read_seconds,
                max_body_bytes=self._max_body_bytes,
                system="erp",
                watch=self._watch,
            )
            self._stack.push_async_callback(client.aclose)
            self._opened = Session(
                client,
                self._settings,
                self._entry,
                now=self._now,
                record=self._exchanges.append,
            )
        return self._opened


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
