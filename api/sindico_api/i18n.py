"""Texts in the reader's language: English ids, one Portuguese catalogue.

The console and the API's problems use the same catalogue. Facts in an id stand in braces:
``_("This plan allows {limit} members.", limit=3)``.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from sindico_platform.errors import FieldError, OutsideError, SindicoError

if TYPE_CHECKING:  # the worker translates too, and has no use for a web framework
    from litestar.connection import ASGIConnection

CONSOLE_PATH = "/console"
LANGUAGE_COOKIE = "sindico_language"
LOCALE_DIR = Path(__file__).parent / "console" / "locale"


class Locale(StrEnum):
    PORTUGUESE = "pt-BR"
    ENGLISH = "en"

    @property
    def babel(self) -> str:
        """The name Babel formats dates and numbers by."""
        return "pt_BR" if self is Locale.PORTUGUESE else "en_GB"


@dataclass(frozen=True, slots=True)
class Translator:
    """Translates ids into one language; call it `_`, so that `make messages` finds the ids."""

    locale: Locale
    catalogue: NullTranslations

    def __call__(self, message: str, /, **facts: Any) -> str:
        text = self.catalogue.gettext(message)
        return text.format(**facts) if facts else text

    def ngettext(self, one: str, many: str, count: int, /, **facts: Any) -> str:
        return self.catalogue.ngettext(one, many, count).format(count=count, **facts)

    def title(self, error: SindicoError) -> str:
        return self(error.title)

    def detail(self, error: SindicoError | OutsideError | FieldError) -> str:
        """The error's sentence with its facts filled in."""
        facts = dict(error.facts)
        for name in getattr(error, "words", ()):
            facts[name] = self(facts[name])
        for name, fact in facts.items():
            if type(fact) is date:
                facts[name] = format_date(fact, "short", self.locale.babel)
        return self(error.detail).format(**facts)


@cache
def translator(locale: Locale) -> Translator:
    """The translator of a language; its catalogue is read once per process."""
    if locale is Locale.ENGLISH:
        return Translator(locale, NullTranslations())
    return Translator(locale, _read_catalogue(LOCALE_DIR / "pt_BR/LC_MESSAGES/messages.po"))


def translator_for(locale: str) -> Translator:
    """The translator of the language a row names; Portuguese for one that is not ours."""
    return translator(known_locale(locale) or Locale.PORTUGUESE)


def _read_catalogue(path: Path) -> GNUTranslations:
    compiled = BytesIO()
    with path.open("rb") as source:
        write_mo(compiled, read_po(source, locale="pt_BR"))
    compiled.seek(0)
    return GNUTranslations(compiled)


def best_locale(accept_language: str | None, *, default: Locale) -> Locale:
    """Choose from an ``Accept-Language`` header; `default` when it names no language we have."""
    wanted = [_weighted(part) for part in (accept_language or "").split(",")]
    for weight, tag in sorted(wanted, key=lambda pair: -pair[0]):
        for locale in Locale:
            if weight > 0 and tag.split("-")[0] == locale.value.split("-")[0]:
                return locale
    return default


def _weighted(part: str) -> tuple[float, str]:
    tag, _, parameter = part.strip().lower().partition(";")
    try:
        return float(parameter.strip().removeprefix("q=") or 1), tag.strip()
    except ValueError:
        return 0.0, tag.strip()


def known_locale(value: str | None) -> Locale | None:
    """The language a cookie or profile names, if it is one of ours."""
    return next((locale for locale in Locale if locale.value == value), None)


def locale_of(request: "ASGIConnection[Any, Any, Any, Any]") -> Locale:
    """The language an answer is in.

    On the console what the person chose last in this browser, then the profile's, then the
    browser's, then Portuguese. On the API ``Accept-Language``, then English.
    """
    accepted = request.headers.get("accept-language")
    if not request.url.path.startswith(CONSOLE_PATH):
        return best_locale(accepted, default=Locale.ENGLISH)
    chosen = known_locale(request.cookies.get(LANGUAGE_COOKIE))
    profile = known_locale(getattr(request.scope.get("user"), "locale", None))
    return chosen or profile or best_locale(accepted, default=Locale.PORTUGUESE)
