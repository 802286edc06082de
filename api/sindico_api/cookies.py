"""The console's two cookies: the session, and the device that signed in before."""

from datetime import timedelta

from litestar.datastructures import Cookie

from sindico_platform.identity.credentials import Credential
from sindico_platform.identity.sessions.service import SESSION_LIFETIME
from sindico_platform.settings import Settings

DEVICE_LIFETIME = timedelta(days=365)


def is_secure(settings: Settings) -> bool:
    return settings.public_url.startswith("https://")


def session_cookie_name(settings: Settings) -> str:
    """Browsers keep ``__Host-`` cookies from being set by a sibling domain or over plain HTTP."""
    return "__Host-sindico" if is_secure(settings) else "sindico"


def device_cookie_name(settings: Settings) -> str:
    return "__Host-sindico-device" if is_secure(settings) else "sindico-device"


def session_cookie(settings: Settings, credential: Credential) -> Cookie:
    value = credential.reveal()
    return _cookie(settings, session_cookie_name(settings), value, lifetime=SESSION_LIFETIME)


def ended_session_cookie(settings: Settings) -> Cookie:
    return _cookie(settings, session_cookie_name(settings), "", lifetime=timedelta(0))


def device_cookie(settings: Settings, value: str) -> Cookie:
    return _cookie(settings, device_cookie_name(settings), value, lifetime=DEVICE_LIFETIME)


def _cookie(settings: Settings, name: str, value: str, *, lifetime: timedelta) -> Cookie:
    return Cookie(
        key=name,
        value=value,
        path="/",
        max_age=int(lifetime.total_seconds()),
        httponly=True,
        secure=is_secure(settings),
        samesite="lax",
    )
