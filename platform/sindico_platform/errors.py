"""The errors of the house: what a caller may see, and what a retry loop may repeat.

Titles and details are English message ids; `docs/` and the catalogues in `sindico_api` carry the
Portuguese. A test fails when a class has no translation.
"""

from dataclasses import dataclass
from typing import Any, ClassVar


class SindicoError(Exception):
    """An expected failure with a permanent code, an HTTP status, a title and its facts.

    A subclass sets ``code`` (kebab-case), ``status``, ``title`` and ``detail``; ``detail`` is a
    template filled from the facts given to the constructor.
    """

    code: ClassVar[str]
    status: ClassVar[int]
    title: ClassVar[str]
    detail: ClassVar[str]
    words: ClassVar[tuple[str, ...]] = ()
    """Names of the facts that are ids of the catalogues themselves, such as a label."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        missing = [name for name in ("code", "status", "title", "detail") if not hasattr(cls, name)]
        if missing:
            raise TypeError(f"{cls.__name__} must set {', '.join(missing)}")

    def __init__(self, **facts: Any) -> None:
        self.facts = facts
        super().__init__(self.detail.format(**facts))

    @property
    def extra(self) -> dict[str, Any]:
        """Members of the problem document besides the standard ones."""
        return self.facts

    @property
    def headers(self) -> dict[str, str]:
        """Response headers that belong to the error, such as ``Retry-After``."""
        if "retry_after_seconds" in self.facts:
            return {"Retry-After": str(self.facts["retry_after_seconds"])}
        return {}


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldError:
    """One thing wrong with one input field."""

    field: str
    """Path of the field as the caller wrote it, such as ``admin.email``."""
    code: str
    """Kebab-case and permanent, such as ``cnpj-check-digits``."""
    detail: str
    """English template of what is wrong and what is expected, filled from ``facts``."""
    facts: tuple[tuple[str, Any], ...] = ()

    def text(self, template: str | None = None) -> str:
        """The detail with its facts; `template` is the translated form."""
        return (template or self.detail).format(**dict(self.facts))


class InvalidInput(SindicoError):
    """The payload is well-formed but one or more fields are wrong. Nothing was changed."""

    code, status, title = "invalid-input", 422, "Some fields are not valid"
    detail = "Correct the fields listed and send the request again."

    def __init__(self, *errors: FieldError) -> None:
        super().__init__()
        self.errors = errors


class Busy(SindicoError):
    """It cannot be served now: a lock, a restart, too many at once. Nothing was changed."""

    code, status, title = "busy", 503, "The service is busy"
    detail = "Try again in {retry_after_seconds} seconds."


def field_error(field: str, code: str, detail: str, **facts: Any) -> FieldError:
    """Build a `FieldError` with its facts as keywords."""
    return FieldError(field=field, code=code, detail=detail, facts=tuple(facts.items()))


class OutsideError(Exception):
    """A call to somebody else's system failed.

    Attributes:
        code: kebab-case name of what happened, stable across releases.
        detail: one English sentence for people, an id in the message catalogues, with its
            ``{facts}`` unfilled.
        advice: what to do about it, an id like the detail; None where only the caller knows.
        facts: what fills detail and advice; never a secret.
    """

    def __init__(self, code: str, detail: str, *, advice: str | None = None, **facts: Any) -> None:
        super().__init__(detail.format(**facts))
        self.code, self.detail, self.advice, self.facts = code, detail, advice, facts


class Transient(OutsideError):
    """It may work later; the retry loop repeats it, after ``retry_after_seconds`` if given."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        advice: str | None = None,
        retry_after_seconds: int | None = None,
        **facts: Any,
    ) -> None:
        super().__init__(code, detail, advice=advice, **facts)
        self.retry_after_seconds = retry_after_seconds


class Terminal(OutsideError):
    """It will not work until somebody changes something; never repeated by itself."""
