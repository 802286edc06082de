"""Requests to an ERP that hands out tokens: cached, renewed once after a 401, refusals remembered.

Repeated sign-ins have locked accounts, so nothing here signs in twice for the same reason.
"""

import asyncio
import hashlib
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Generic, TypeVar

import httpx

from sindico_platform.errors import OutsideError
from sindico_provisioning.connectors import errors
from sindico_provisioning.connectors.schemas import Exchange

REFUSAL_REMEMBERED = timedelta(minutes=10)
_MOST_DIGITS = 8
_DEFAULT_WAIT_SECONDS = 60
LONG_AGO = datetime.min.replace(tzinfo=UTC)

Now = Callable[[], datetime]
Settings = TypeVar("Settings")


def utc_now() -> datetime:
    return datetime.now(UTC)


def fits_header(text: str) -> bool:
    """Whether a header can carry a text as it is."""
    return text.isascii() and text.isprintable() and text == text.strip()


@dataclass(slots=True)
class TokenEntry:
    """What is known of one credential."""

    token: str | None = None
    expires_at: datetime = LONG_AGO
    refresh_token: str | None = None
    refresh_until: datetime = LONG_AGO
    refused_until: datetime = LONG_AGO
    refusal: str = ""
    """What the ERP said when it refused the credential."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class TokenCache:
    """Tokens and refusals of this process, by tenant and credential."""

    def __init__(self) -> None:
        self._entries: dict[bytes, TokenEntry] = {}

    def entry(self, scope: str, *credential: str) -> TokenEntry:
        """Find or make what is known of a credential.

        Args:
            scope: whose credential it is, so that tenants never share a token.
            credential: everything that makes it; another password is another credential.
        """
        parts = (scope, *credential)
        digest = hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).digest()
        return self._entries.setdefault(digest, TokenEntry())


class TokenSession(ABC, Generic[Settings]):
    """Requests of one connector, with the credential's token."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        settings: Settings,
        entry: TokenEntry,
        *,
        now: Now,
        record: Callable[[Exchange], None],
    ) -> None:
        self._client, self._settings, self._entry = client, settings, entry
        self._now, self._record = now, record

    @staticmethod
    @abstractmethod
    def credential_of(settings: Settings) -> tuple[str, ...]:
        """Everything that makes a credential."""

    @abstractmethod
    async def _sign_in(self) -> str:
        """Get a token for the credential and keep it in the entry.

        Raises:
            Transient, Terminal: see `sindico_provisioning.connectors.errors`.
        """

    @abstractmethod
    def _login_refused(self) -> OutsideError:
        """The failure of a credential that was refused before."""

    async def _refresh(self) -> str | None:
        """Get a token without the password, where the ERP knows such a way."""
        return None

    def _refuse(self, response: httpx.Response, path: str, setting: str) -> None:
        """Raise what an answer that is no data means."""
        refuse_failure(response, path, setting)

    async def read(
        self, path: str, *, setting: str, params: Mapping[str, str] | None = None
    ) -> bytes:
        """Give the body of a route's answer; empty when there is nothing (204).

        Args:
            path: from the root, with its dates filled in.
            setting: property that corrects the route.
            params: of the query, not yet encoded.

        Raises:
            Transient, Terminal: see `sindico_provisioning.connectors.errors`.
        """
        token = await self._find_token()
        response = await self._get(path, token, params)
        if response.status_code == httpx.codes.UNAUTHORIZED:
            token = await self._renew(token)
            response = await self._get(path, token, params)
            if response.status_code == httpx.codes.UNAUTHORIZED:
                raise errors.TOKEN_REFUSED.error()
        self._refuse(response, path, setting)
        body = response.content
        if body and body.lstrip()[:1] not in {b"[", b"{"}:
            raise errors.text_answer(path, response.text)
        return body

    async def sign_in_anew(self) -> None:
        """Sign in although a token may be there: a person asked for it."""
        async with self._entry.lock:
            await self._sign_in()

    async def _find_token(self) -> str:
        async with self._entry.lock:
            entry, now = self._entry, self._now()
            if entry.token is not None and now < entry.expires_at:
                return entry.token
            return await self._refresh() or await self._sign_in_unless_refused(now)

    async def _renew(self, refused: str) -> str:
        async with self._entry.lock:
            entry = self._entry
            if entry.token is not None and entry.token != refused:
                return entry.token  # somebody else has renewed it meanwhile
            return await self._sign_in_unless_refused(self._now())

    async def _sign_in_unless_refused(self, now: datetime) -> str:
        if now < self._entry.refused_until:
            raise self._login_refused()
        return await self._sign_in()

    def _remember_refusal(self) -> OutsideError:
        self._entry.refused_until = self._now() + REFUSAL_REMEMBERED
        return self._login_refused()

    async def _get(
        self, path: str, token: str, params: Mapping[str, str] | None = None
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"}
        return await self._send("GET", path, headers=headers, params=params)

    async def _send(
        self, method: str, path: str, *, is_secret: bool = False, **options: object
    ) -> httpx.Response:
        started_at, started = self._now(), time.monotonic()
        response: httpx.Response | None = None
        failure: str | None = None
        request = self._client.build_request(method, path, **options)  # type: ignore[arg-type]  # httpx's own keywords
        try:
            response = await self._client.send(request)
        except OutsideError as error:
            failure = error.code
            raise
        finally:
            self._record(
                Exchange(
                    method=method,
                    path=request.url.raw_path.decode("ascii"),
                    status=None if response is None else response.status_code,
                    started_at=started_at,
                    elapsed_ms=round((time.monotonic() - started) * 1000),
                    body=b"" if response is None or is_secret else response.content,
                    failure=failure,
                )
            )
        return response


def refuse_failure(response: httpx.Response, path: str, setting: str) -> None:
    """Raise what a status other than success means.

    Raises:
        Transient, Terminal: see `sindico_provisioning.connectors.errors`.
    """
    status = response.status_code
    if status < httpx.codes.MULTIPLE_CHOICES:
        return
    if status < httpx.codes.BAD_REQUEST:
        raise errors.REDIRECTED.error(path=path)
    if status == httpx.codes.TOO_MANY_REQUESTS:
        raise errors.too_many_requests(read_retry_after(response, datetime.now(UTC)))
    if status >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise errors.SERVER_ERROR.error(path=path, status=status)
    raise _refuse_request(status, path, setting)


def _refuse_request(status: int, path: str, setting: str) -> OutsideError:
    if status == httpx.codes.FORBIDDEN:
        return errors.ACCESS_DENIED.error(path=path)
    if status in {httpx.codes.NOT_FOUND, httpx.codes.METHOD_NOT_ALLOWED}:
        return errors.ROUTE_MISSING.error(path=path, setting=setting)
    return errors.REQUEST_REFUSED.error(path=path, status=status)


def read_retry_after(response: httpx.Response, now: datetime) -> int:
    """Seconds that ``Retry-After`` asks to wait, in either of its forms; 60 if it does not say."""
    value = response.headers.get("retry-after", "").strip()
    if value.isdecimal() and len(value) <= _MOST_DIGITS:
        return min(int(value), 86_400)
    try:
        instant = parsedate_to_datetime(value)
    except (TypeError, ValueError, OverflowError):
        return _DEFAULT_WAIT_SECONDS
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    return max(0, min(86_400, round((instant - now).total_seconds())))
