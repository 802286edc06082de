"""Signing in to Senior's platform, as an application or as a user."""

import json
from datetime import timedelta
from typing import Any

import httpx
import msgspec

from sindico_platform.errors import OutsideError
from sindico_provisioning.connectors.erpx import errors
from sindico_provisioning.connectors.erpx.schemas import KEY_LOGIN, LOGIN, REFRESH, Access
from sindico_provisioning.connectors.erpx.settings import ErpxSettings
from sindico_provisioning.connectors.errors import PAGE_UNEXPECTED
from sindico_provisioning.connectors.sessions import (
    LONG_AGO,
    TokenSession,
    fits_header,
    refuse_failure,
)

_EARLY = timedelta(seconds=60)
_USUAL_LIFE = timedelta(days=7)
_REFRESH_LIFE = timedelta(days=180)
_MAX_MESSAGE = 200
_REFUSALS = frozenset({httpx.codes.BAD_REQUEST, httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN})
_QUERY_FAULTS = frozenset({httpx.codes.BAD_REQUEST, httpx.codes.UNPROCESSABLE_ENTITY})


class _Token(msgspec.Struct):
    """What stands in the text of ``jsonToken``."""

    access_token: str
    refresh_token: str | None = None
    expires_in: int | None = None


class Session(TokenSession[ErpxSettings]):
    """Requests of one connector, with the credential's token."""

    @staticmethod
    def credential_of(settings: ErpxSettings) -> tuple[str, ...]:
        shared = (settings.url, settings.base_path, settings.access, settings.tenant_name or "")
        if settings.access is Access.KEY:
            return (*shared, settings.access_key, settings.secret.reveal())
        return (*shared, settings.username, settings.password.reveal())

    def _login_refused(self) -> OutsideError:
        settings = self._settings
        if settings.access is Access.KEY:
            return errors.KEY_REFUSED.error(
                key=settings.access_key, tenant=settings.tenant_name, message=self._entry.refusal
            )
        return errors.USER_REFUSED.error(user=settings.username, message=self._entry.refusal)

    def _refuse(self, response: httpx.Response, path: str, setting: str) -> None:
        if response.status_code in _QUERY_FAULTS:
            message = message_of(response)
            raise errors.QUERY_REFUSED.error(path=path, message=message, setting=setting)
        refuse_failure(response, path, setting)

    async def _sign_in(self) -> str:
        self._entry.token = self._entry.refresh_token = None
        path, body = self._login()
        response = await self._send("POST", path, is_secret=True, json=body)
        if response.status_code in _REFUSALS:
            self._entry.refusal = message_of(response)
            raise self._remember_refusal()
        refuse_failure(response, path, "caminhoBase")
        return self._keep(self._read_token(response, path))

    def _login(self) -> tuple[str, dict[str, Any]]:
        settings = self._settings
        if settings.access is Access.KEY:
            return settings.base_path + KEY_LOGIN, {
                "accessKey": settings.access_key,
                "secret": settings.secret.reveal(),
                "tenantName": settings.tenant_name,
            }
        return settings.base_path + LOGIN, {
            "username": settings.username,
            "password": settings.password.reveal(),
        }

    async def _refresh(self) -> str | None:
        """Renew by the refresh token, which only goes with the tenant's name.

        A refusal leads to signing in; it is not tried a second time.
        """
        entry, tenant = self._entry, self._settings.tenant_name
        refresh_token = entry.refresh_token
        if refresh_token is None or tenant is None or self._now() >= entry.refresh_until:
            return None
        path = self._settings.base_path + REFRESH
        response = await self._send(
            "POST",
            path,
            is_secret=True,
            json={"refreshToken": refresh_token},
            headers={"X-Tenant": tenant},
        )
        if response.status_code not in _REFUSALS:
            refuse_failure(response, path, "caminhoBase")
        entry.refresh_token = None
        token = _find_token(response)
        return None if token is None else self._keep(token)

    def _read_token(self, response: httpx.Response, path: str) -> _Token:
        """Read the token of an answer that is no refusal.

        Raises:
            Terminal: the platform wants something of the user first, or sent no token.
        """
        token = _find_token(response)
        if token is not None:
            return token
        told = _object_of(response)
        if told is None:
            raise PAGE_UNEXPECTED.error(path=path)
        self._entry.refused_until = LONG_AGO
        user = self._settings.username or self._settings.access_key
        if told.get("mfaInfo"):
            raise errors.SECOND_FACTOR.error(user=user)
        if told.get("resetPasswordInfo"):
            raise errors.PASSWORD_RESET.error(user=user)
        raise errors.TOKEN_MISSING.error()

    def _keep(self, token: _Token) -> str:
        entry, now = self._entry, self._now()
        life = timedelta(seconds=token.expires_in) if token.expires_in else _USUAL_LIFE
        entry.token, entry.expires_at = token.access_token, now + max(life, 2 * _EARLY) - _EARLY
        entry.refresh_token, entry.refresh_until = token.refresh_token, now + _REFRESH_LIFE
        entry.refused_until = LONG_AGO
        return token.access_token


def _object_of(response: httpx.Response) -> dict[str, Any] | None:
    try:
        told = json.loads(response.content)
    except ValueError:
        return None
    return told if isinstance(told, dict) else None


def _find_token(response: httpx.Response) -> _Token | None:
    """Take the token out of ``jsonToken``, a text that is JSON once more."""
    told = _object_of(response) or {}
    inner = told.get("jsonToken")
    if not isinstance(inner, str):
        return None
    try:
        token = msgspec.json.decode(inner, type=_Token)
    except (msgspec.MsgspecError, ValueError):
        return None
    return token if fits_header(token.access_token) else None


def message_of(response: httpx.Response) -> str:
    """What the platform says in ``message``, or its status."""
    told = _object_of(response) or {}
    message = told.get("message") or told.get("reason")
    text = message if isinstance(message, str) else str(response.status_code)
    return " ".join(text.split())[:_MAX_MESSAGE]
