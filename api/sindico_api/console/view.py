"""What the layout needs of a request: language, theme, viewer, messages."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from litestar import Request
from litestar.datastructures import Cookie, State

from sindico_api.console.viewer import Viewer
from sindico_api.i18n import CONSOLE_PATH, Locale, Translator, locale_of, translator
from sindico_api.readers.telling import Telling
from sindico_api.request_id import request_id_of
from sindico_platform.identity.authentication.service import Principal

THEME_COOKIE = "sindico_theme"
FLASH_COOKIE = "sindico_flash"
THEMES = ("light", "dark")
TONES = ("neutral", "info", "good", "warn", "bad")

ConsoleRequest = Request[Any, Any, State]


@dataclass(frozen=True, kw_only=True, slots=True)
class Flash:
    """One sentence shown on the next page, such as "Tenant saved."."""

    text: str
    tone: str = "good"

    def cookie(self, *, secure: bool) -> Cookie:
        packed = urlsafe_b64encode(json.dumps([self.tone, self.text]).encode()).decode()
        return Cookie(
            key=FLASH_COOKIE,
            value=packed,
            path=CONSOLE_PATH,
            max_age=60,
            httponly=True,
            secure=secure,
            samesite="lax",
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """Stands in every template as `view`."""

    locale: Locale
    path: str
    query: str = ""
    """What follows the path, such as the filters of a list."""
    theme: str | None = None
    """``light`` or ``dark``; `None` follows the device."""
    viewer: Viewer | None = None
    csrf_token: str = ""
    demo: bool = False
    flash: Flash | None = None
    request_id: str | None = None

    @property
    def address(self) -> str:
        """Path and query, to come back to."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def zone(self) -> str:
        return self.viewer.zone if self.viewer else "America/Sao_Paulo"

    @property
    def translate(self) -> Translator:
        return translator(self.locale)

    @property
    def tell(self) -> Telling:
        """Translates sentences whose facts come from rows: numbers, days and instants in them."""
        return Telling(self.translate, self.zone)


def view_of(request: ConsoleRequest) -> View:
    """The view of a request. The viewer is whoever the session says."""
    state = request.state
    return View(
        locale=locale_of(request),
        path=request.url.path,
        query=request.url.query,
        theme=theme_of(request.cookies),
        viewer=state.get("viewer") or viewer_of(request.scope.get("auth")),
        csrf_token=state.get("csrf_token", ""),
        demo=request.app.state.settings.demo,
        flash=flash_of(request.cookies),
        request_id=request_id_of(request.scope),
    )


def viewer_of(principal: Principal | None) -> Viewer | None:
    if principal is None:
        return None
    actor = principal.actor
    return Viewer(
        name=principal.display_name,
        login=actor.name,
        tenant_name=principal.tenant_name,
        permissions=actor.permissions,
        is_master=actor.is_master,
        zone=actor.timezone,
    )


def theme_of(cookies: Mapping[str, str]) -> str | None:
    theme = cookies.get(THEME_COOKIE)
    return theme if theme in THEMES else None


def flash_of(cookies: Mapping[str, str]) -> Flash | None:
    """The flash a cookie carries; a cookie that is not one of ours shows nothing."""
    try:
        tone, text = json.loads(urlsafe_b64decode(cookies.get(FLASH_COOKIE, "")))
    except (ValueError, TypeError):
        return None
    return Flash(text=str(text), tone=tone if tone in TONES else "neutral")
