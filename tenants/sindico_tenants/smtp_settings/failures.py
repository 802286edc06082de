"""Failures as rows keep them, words without a language, and as readers see them."""

from typing import Any

from sindico_platform.errors import OutsideError
from sindico_platform.words import Translate
from sindico_tenants.smtp_settings.schemas import SendFailureOut


def failure_of(error: OutsideError) -> dict[str, Any]:
    """Code, detail, advice and facts of a failure, as JSON."""
    return {
        "code": error.code,
        "detail": error.detail,
        "advice": error.advice,
        "facts": {name: str(fact) for name, fact in error.facts.items()},
    }


def show_failure(kept: dict[str, Any] | None, translate: Translate) -> SendFailureOut | None:
    """A failure that a row keeps, in the reader's language."""
    if kept is None:
        return None
    facts, advice = kept["facts"], kept["advice"]
    return SendFailureOut(
        code=kept["code"],
        detail=translate(kept["detail"], **facts),
        advice=translate(advice, **facts) if advice else None,
    )
