"""Sentences with facts as people of a language and zone write them: numbers, days, instants."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sindico_api.i18n import Translator
from sindico_api.readers import formats, offers
from sindico_api.readers.system_words import who
from sindico_api.readers.table_words import table_label

DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})")
PEOPLE, TABLES = frozenset({"requested_by", "operator"}), frozenset({"resource", "table"})
NO_AMOUNTS = frozenset({"port", "data_port"})
"""Numbers that are names, not amounts."""


@dataclass(frozen=True, slots=True)
class Telling:
    """Translates, and writes the facts as the reader does; stands where `Translate` is asked."""

    translate: Translator
    zone: str

    def __call__(self, message: str, /, **facts: Any) -> str:
        return self.translate(message, **{name: self._say(name, facts[name]) for name in facts})

    def _say(self, name: str, value: Any) -> Any:
        if isinstance(value, int) and not isinstance(value, bool) and name not in NO_AMOUNTS:
            return formats.number(value, self.translate.locale)
        return self._say_text(name, value) if isinstance(value, str) else value

    def _say_text(self, name: str, text: str) -> str:
        if name in PEOPLE:
            return who(text, self.translate)
        if name in TABLES:
            return self.translate(table_label(text))
        if name == "package":
            return offers.package_title(text) or text
        try:
            return self._say_time(text)
        except (ValueError, OverflowError):  # somebody's text, which only looks like a day
            return text

    def _say_time(self, text: str) -> str:
        if DAY.fullmatch(text):
            return formats.day(date.fromisoformat(text), self.translate.locale)
        if INSTANT.fullmatch(text):
            return formats.instant(datetime.fromisoformat(text), self.translate.locale, self.zone)
        return text
