"""What components show that is no struct of a domain."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class StepView:
    """A step of a provisioning run or a phase of a load, in the reader's language."""

    id: str
    label: str
    status: str
    duration_seconds: float | None = None
    attempts: int = 1
    detail: str | None = None
    """What it did, such as "3 roles created"."""
    problem: str | None = None
    """Why it failed, and what to do."""
