"""What components show that is no struct of a domain."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class StepView:
    """A step of a provisioning run or a stage of a connection test, in the reader's language."""

    id: str
    label: str
    status: str
    duration_seconds: float | None = None
    attempts: int = 1
    detail: str | None = None
    """What it did, such as "3 roles created"."""
    problem: str | None = None
    """Why it failed, and what to do unless `advice` says so."""
    advice: str | None = None
    code: str | None = None
    """Permanent name of the failure, for those who look it up."""
