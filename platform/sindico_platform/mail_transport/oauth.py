"""Access tokens for XOAUTH2, got through the egress guard and kept while they last."""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

import httpx
import msgspec

from sindico_platform.egress import GuardedHttp
from sindico_platform.errors import OutsideError
from sindico_platform.mail_transport import errors
from sindico_platform.mail_transport.replies import Reply
from sindico_platform.mail_transport.schemas import OAuthClient, OAuthGrant
from sindico_platform.settings import Secret

Keep = Callable[[Secret[str]], Awaitable[None]]
"""Takes the refresh token that replaces the one that was used."""

_EARLY_SECONDS = 120
_USUAL_LIFE_SECONDS = 3600
_MAX_KEPT = 10_000
_MAX_BODY_BYTES = 1 << 18
_REFUSALS = {
    "invalid_client": errors.OAUTH_CLIENT_REFUSED,
    "unauthorized_client": errors.OAUTH_CLIENT_REFUSED,
    "invalid_grant": errors.OAUTH_GRANT_REFUSED,
    "invalid_scope": errors.OAUTH_SCOPE_REFUSED,
}


class _Granted(msgspec.Struct):
    access_token: str
    expires_in: float | str | None = None
    refresh_token: str | None = None


class _Refused(msgspec.Struct):
    error: str
    error_description: str = ""


@dataclass(slots=True)
class _Entry:
    token: Secret[str] | None = None
    ends_at: float = 0.0
    """On the process's monotonic clock."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class TokenSource:
    """This process's access tokens, by the credential they were got with."""

    def __init__(self, http: GuardedHttp) -> None:
        self._http = http
        self._entries: dict[bytes, _Entry] = {}

    async def get_token(
        self, client: OAuthClient, *, fresh: bool = False, keep: Keep | None = None
    ) -> Secret[str]:
        """The token in hand, or a new one.

        Args:
            fresh: get a new one in any case, as a connection test does.
            keep: called with the refresh token to use from now on, if the provider replaced it.

        Raises:
            Terminal, Transient: ``mail-oauth-…``, or the way to the token address failed.
        """
        entry = self._entry(client)
        async with entry.lock:
            if fresh or entry.token is None or time.monotonic() >= entry.ends_at:
                granted = await self._fetch(client)
                entry.token = Secret(granted.access_token)
                entry.ends_at = time.monotonic() + _usable_seconds(granted)
                if keep is not None and (replaced := _replaced(client, granted)):
                    self._entries[_digest(replace(client, refresh_token=replaced))] = entry
                    await keep(replaced)
            return entry.token

    def forget(self, client: OAuthClient) -> None:
        """Do not use a token again that a server has refused."""
        self._entry(client).token = None

    def _entry(self, client: OAuthClient) -> _Entry:
        digest = _digest(client)
        if digest not in self._entries and len(self._entries) >= _MAX_KEPT:
            self._entries.pop(next(iter(self._entries)))
        return self._entries.setdefault(digest, _Entry())

    async def _fetch(self, client: OAuthClient) -> _Granted:
        async with self._http.client(
            max_body_bytes=_MAX_BODY_BYTES, read_seconds=20, system="oauth"
        ) as http:
            response = await http.post(
                client.token_url, data=_form(client), headers={"Accept": "application/json"}
            )
        host = httpx.URL(client.token_url).host
        if response.status_code != httpx.codes.OK:
            raise _refusal(host, response)
        try:
            return msgspec.json.decode(response.content, type=_Granted, strict=False)
        except (msgspec.MsgspecError, ValueError) as error:
            raise errors.OAUTH_REFUSED.error(host=host, reply=_quoted(response)) from error


def _form(client: OAuthClient) -> dict[str, str]:
    form = {"grant_type": str(client.grant), "client_id": client.client_id}
    if client.client_secret:
        form["client_secret"] = client.client_secret.reveal()
    if client.scope:
        form["scope"] = client.scope
    if client.grant is OAuthGrant.REFRESH_TOKEN and client.refresh_token:
        form["refresh_token"] = client.refresh_token.reveal()
    return form


def _usable_seconds(granted: _Granted) -> float:
    try:
        life = float(granted.expires_in or _USUAL_LIFE_SECONDS)
    except ValueError:
        life = _USUAL_LIFE_SECONDS
    return max(life - _EARLY_SECONDS, 0)


def _replaced(client: OAuthClient, granted: _Granted) -> Secret[str] | None:
    if client.grant is not OAuthGrant.REFRESH_TOKEN or not granted.refresh_token:
        return None
    old = client.refresh_token.reveal() if client.refresh_token else None
    return None if granted.refresh_token == old else Secret(granted.refresh_token)


def _digest(client: OAuthClient) -> bytes:
    secrets = (client.client_secret, client.refresh_token)
    parts = [client.token_url, client.grant, client.client_id, client.scope]
    parts += [item.reveal() if item else "" for item in secrets]
    return hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).digest()


def _refusal(host: str, response: httpx.Response) -> OutsideError:
    status = response.status_code
    if status == httpx.codes.TOO_MANY_REQUESTS or status >= httpx.codes.INTERNAL_SERVER_ERROR:
        return errors.OAUTH_LATER.error(host=host, reply=_quoted(response))
    try:
        refused = msgspec.json.decode(response.content, type=_Refused)
    except (msgspec.MsgspecError, ValueError):
        return errors.OAUTH_REFUSED.error(host=host, reply=_quoted(response))
    mistake = _REFUSALS.get(refused.error, errors.OAUTH_REFUSED)
    reply = Reply(status, f"{refused.error} {refused.error_description}")
    return mistake.error(host=host, reply=str(reply))


def _quoted(response: httpx.Response) -> str:
    """The status alone: a body that we do not understand may hold anything, even a token."""
    return str(Reply(response.status_code, response.reason_phrase))
