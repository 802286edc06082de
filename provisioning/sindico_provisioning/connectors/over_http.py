"""What connectors of ERPs with an HTTP interface of their own share."""

from abc import abstractmethod
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Generic, Protocol, TypeVar
from zoneinfo import ZoneInfo

from sindico_platform.connection_tests.schemas import Stage
from sindico_platform.connection_tests.walk import UNWATCHED, Seen, Watch
from sindico_provisioning.connectors.recording import RecordingConnector
from sindico_provisioning.connectors.schemas import HttpClients
from sindico_provisioning.connectors.sessions import Now, TokenCache, TokenSession, utc_now

MAX_BODY_BYTES = 48 << 20
READ_SECONDS = 60
TOO_MUCH_CODES = frozenset({"answer-too-large", "answer-timed-out", "erp-page-too-large"})
"""Failures of a page that a smaller one may not have."""

TOKENS = TokenCache()
"""This process's tokens."""


class HttpSettings(Protocol):
    """Where an ERP is and what is read of it."""

    @property
    def url(self) -> str: ...

    @property
    def ca_certificate(self) -> str | None: ...

    @property
    def time_zone(self) -> str: ...

    @property
    def routes(self) -> Mapping[str, str]:
        """Path by table, parents before children; tables without one are not read."""


Settings = TypeVar("Settings", bound=HttpSettings)


class HttpConnector(RecordingConnector, Generic[Settings]):
    """Reads one customer's ERP in one session, which is opened when it is first needed.

    Args:
        settings: where it is and as whom to read it.
        http: makes guarded clients.
        scope: whose credential it is, usually the tenant's id.
        tokens: shared by connectors that may share a token.
        now: the clock, for tokens and for what "today" is.
    """

    session_kind: type[TokenSession[Settings]]

    def __init__(
        self,
        settings: Settings,
        *,
        http: HttpClients,
        scope: str,
        tokens: TokenCache = TOKENS,
        now: Now = utc_now,
        read_seconds: float = READ_SECONDS,
        max_body_bytes: int = MAX_BODY_BYTES,
    ) -> None:
        super().__init__()
        self._settings, self._http, self._now = settings, http, now
        self._zone = ZoneInfo(settings.time_zone)
        self._entry = tokens.entry(scope, *self.session_kind.credential_of(settings))
        self._read_seconds, self._max_body_bytes = read_seconds, max_body_bytes
        self._stack = AsyncExitStack()
        self._opened: TokenSession[Settings] | None = None
        self._watch: Watch = UNWATCHED

    @property
    def tables(self) -> tuple[str, ...]:
        return tuple(self._settings.routes)

    async def check(self, watch: Watch) -> None:
        await self._hang_up()  # so that the connection is made under the watch
        self._watch = watch
        with watch.stage(Stage.AUTHENTICATE) as seen:
            await self._session().sign_in_anew()
            self._note_identity(seen)
        with watch.stage(Stage.READ) as seen:
            await self._read_a_little(seen)

    @abstractmethod
    def _note_identity(self, seen: Seen) -> None:
        """Say as whom it has signed in."""

    @abstractmethod
    async def _read_a_little(self, seen: Seen) -> None:
        """Read what costs the ERP least, and say what came."""

    async def _hang_up(self) -> None:
        self._opened = None
        await self._stack.aclose()

    def _session(self) -> TokenSession[Settings]:
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
            self._opened = self.session_kind(
                client,
                self._settings,
                self._entry,
                now=self._now,
                record=self._exchanges.append,
            )
        return self._opened
