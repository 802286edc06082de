"""What a form shows: the values typed, and what is wrong with each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sindico_api.i18n import Translator
from sindico_platform.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Form:
    """Field names are those of the API's payload, such as ``admin.email``."""

    values: Mapping[str, Any] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)

    def value(self, name: str, default: Any = "") -> Any:
        value = self.values.get(name)
        return default if value is None else value

    def error(self, name: str) -> str | None:
        return self.errors.get(name)

    def refused(self, error: InvalidInput, _: Translator) -> "Form":
        """The same values with the error's reasons, one per field, in the reader's language."""
        reasons: dict[str, str] = {}
        for fault in error.errors:
            text = _.detail(fault)
            reasons[fault.field] = (
                f"{reasons[fault.field]} {text}" if fault.field in reasons else text
            )
        return Form(self.values, reasons)

    def with_error(self, name: str, text: str) -> "Form":
        """The same form with one more reason, already in the reader's language."""
        return Form(self.values, {**self.errors, name: text})


EMPTY_FORM = Form()
