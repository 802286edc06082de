"""Signing in to Mega: tokens are cached, renewed once after a 401, and a refusal is remembered.

Repeated sign-ins have locked accounts, so nothing here signs in twice for the same reason.
"""

import asyncio
import hashlib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx
import msgspec

from sindico_platform.errors import OutsideError
from sindico_provisioning.connectors import errors
from sindico_provisioning.connectors.mega.schemas import SIGN_IN
from sindico_provisioning.connectors.mega.settings import MegaSettings
from sindico_provisioning.connectors.schemas import Exchange

_EARLY = timedelta(minutes=2)
_LONGEST_LIFE = timedelta(hours=2)
_REFUSAL_REMEMBERED = timedelta(minutes=10)
_DEFAULT_WAIT_SECONDS = 60
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_FRACTION = re.compile(r"\.(\d+)")

Now = Callable[[], datetime]


class _SignedIn(msgspec.Struct, rename="camel"):
    access_token: str
    expiration_token: str | None = None


@dataclass(slots=True)
class _Entry:
    token: str | None = None
    expires_at: datetime = _LONG_AGO
    refused_until: datetime = _LONG_AGO
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class TokenCache:
    """Tokens and refusals of this process, by tenant and credential."""

    def __init__(self) -> None:
        self._entries: dict[bytes, _Entry] = {}

    def entry(self, scope: str, settings: MegaSettings) -> _Entry:
        """Find or make what is known of a credential.

        Args:
            scope: whose credential it is, so that tenants never share a token.
            settings: the credential; another password is another credential.
        """
        parts = (
            scope,
            settings.url,
            settings.tenant_id or "",
            settings.grant_type,
            settings.username,
            settings.password.reveal(),
        )
        digest = hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).digest()
        return self._entries.setdefault(digest, _Entry())


class Session:
    """Requests of one connector, with the credential's token."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        settings: MegaSettings,
        entry: _Entry,
        *,
        now: Now,
        record: Callable[[Exchange], None],
    ) -> None:
        self._client, self._settings = client, settings
        self._entry, self._now, self._record = entry, now, record

    async def read(self, path: str, *, setting: str) -> bytes:
        """Give the body of a route's answer; empty when there is nothing (204).

        Args:
            path: from the root, with its dates filled in.
            setting: property that corrects the route.

        Raises:
            Transient, Terminal: see `sindico_provisioning.connectors.errors`.
        """
        token = await self._find_token()
        response = await self._get(path, token)
        if response.status_code == httpx.codes.UNAUTHORIZED:
            token = await self._renew(token)
            response = await self._get(path, token)
            if response.status_code == httpx.codes.UNAUTHORIZED:
                raise errors.TOKEN_REFUSED.error()
        _refuse_failure(response, path, setting)
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
            return await self._sign_in_unless_refused(now)

    async def _renew(self, refused: str) -> str:
        async with self._entry.lock:
            entry = self._entry
            if entry.token is not None and entry.token != refused:
                return entry.token  # somebody else has renewed it meanwhile
            return await self._sign_in_unless_refused(self._now())

    async def _sign_in_unless_refused(self, now: datetime) -> str:
        if now < self._entry.refused_until:
            raise errors.LOGIN_REFUSED.error(user=self._settings.username)
        return await self._sign_in()

    async def _sign_in(self) -> str:
        settings, entry = self._settings, self._entry
        headers = {"grantType": settings.grant_type}
        if settings.tenant_id:
            headers["tenantId"] = settings.tenant_id
        body = {"userName": settings.username, "password": settings.password.reveal()}
        entry.token = None
        response = await self._send("POST", SIGN_IN, json=body, headers=headers)
        signed_in = _read_sign_in(response)
        if signed_in is None:
            entry.refused_until = self._now() + _REFUSAL_REMEMBERED
            raise errors.LOGIN_REFUSED.error(user=settings.username)
        entry.token = signed_in.access_token
        entry.expires_at = parse_expiry(signed_in.expiration_token, self._now()) - _EARLY
        entry.refused_until = _LONG_AGO
        return entry.token

    async def _get(self, path: str, token: str) -> httpx.Response:
        return await self._send("GET", path, headers={"Authorization": f"Bearer {token}"})

    async def _send(self, method: str, path: str, **options: object) -> httpx.Response:
        started_at, started = self._now(), time.monotonic()
        response: httpx.Response | None = None
        failure: str | None = None
        try:
            response = await self._client.request(method, path, **options)  # type: ignore[arg-type]  # httpx's own keywords
        except OutsideError as error:
            failure = error.code
            raise
        finally:
            self._record(
                Exchange(
                    method=method,
                    path=path,
                    status=None if response is None else response.status_code,
                    started_at=started_at,
                    elapsed_ms=round((time.monotonic() - started) * 1000),
                    body=b"" if response is None or path == SIGN_IN else response.content,
                    failure=failure,
                )
            )
        return response


def _read_sign_in(response: httpx.Response) -> _SignedIn | None:
    """Read the token; None means that the credential was refused."""
    status = response.status_code
    if status == httpx.codes.OK:  # which a refusal has too, with plain text
        try:
            return msgspec.json.decode(response.content, type=_SignedIn)
        except (msgspec.MsgspecError, ValueError):
            return None
    if status in {httpx.codes.BAD_REQUEST, httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
        return None
    _refuse_failure(response, SIGN_IN, "url")
    raise errors.PAGE_UNEXPECTED.error(path=SIGN_IN)


def _refuse_failure(response: httpx.Response, path: str, setting: str) -> None:
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
    if value.isdigit():
        return min(int(value), 86_400)
    try:
        instant = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return _DEFAULT_WAIT_SECONDS
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    return max(0, min(86_400, round((instant - now).total_seconds())))


def parse_expiry(text: str | None, now: datetime) -> datetime:
    """When a token ends; Mega writes 5 to 7 fractional digits, and sometimes no zone.

    An instant that cannot be right (in the past, or much later than a token lives) counts as the
    usual life from now; a 401 says so if that was too long.
    """
    usual = now + _LONGEST_LIFE
    if text is None:
        return usual
    shortened = _FRACTION.sub(lambda match: "." + match[1][:6].ljust(6, "0"), text.strip())
    try:
        instant = datetime.fromisoformat(shortened)
    except ValueError:
        return usual
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    return instant if now < instant <= usual else usual
