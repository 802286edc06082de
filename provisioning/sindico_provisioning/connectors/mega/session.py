"""Signing in to Mega, whose refusals may come as 200 with text."""

import re
from datetime import UTC, datetime, timedelta

import httpx
import msgspec

from sindico_platform.errors import OutsideError
from sindico_provisioning.connectors import errors
from sindico_provisioning.connectors.mega.schemas import SIGN_IN
from sindico_provisioning.connectors.mega.settings import MegaSettings
from sindico_provisioning.connectors.sessions import (
    LONG_AGO,
    TokenSession,
    fits_header,
    refuse_failure,
)

_EARLY = timedelta(minutes=2)
_LONGEST_LIFE = timedelta(hours=2)
_FRACTION = re.compile(r"\.(\d+)")


class _SignedIn(msgspec.Struct, rename="camel"):
    access_token: str
    expiration_token: str | None = None


class Session(TokenSession[MegaSettings]):
    """Requests of one connector, with the credential's token."""

    @staticmethod
    def credential_of(settings: MegaSettings) -> tuple[str, ...]:
        return (
            settings.url,
            settings.tenant_id or "",
            settings.grant_type,
            settings.username,
            settings.password.reveal(),
        )

    def _login_refused(self) -> OutsideError:
        return errors.LOGIN_REFUSED.error(user=self._settings.username)

    async def _sign_in(self) -> str:
        settings, entry = self._settings, self._entry
        headers = {"grantType": settings.grant_type}
        if settings.tenant_id:
            headers["tenantId"] = settings.tenant_id
        body = {"userName": settings.username, "password": settings.password.reveal()}
        entry.token = None
        response = await self._send("POST", SIGN_IN, is_secret=True, json=body, headers=headers)
        signed_in = _read_sign_in(response)
        if signed_in is None:
            raise self._remember_refusal()
        if not fits_header(signed_in.access_token):
            raise errors.PAGE_UNEXPECTED.error(path=SIGN_IN)
        entry.token = signed_in.access_token
        entry.expires_at = parse_expiry(signed_in.expiration_token, self._now()) - _EARLY
        entry.refused_until = LONG_AGO
        return entry.token


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
    refuse_failure(response, SIGN_IN, "url")
    raise errors.PAGE_UNEXPECTED.error(path=SIGN_IN)


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
