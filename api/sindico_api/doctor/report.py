"""What a check says."""

from enum import StrEnum

import msgspec


class State(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


class Outcome(msgspec.Struct, frozen=True):
    """One check's answer."""

    name: str
    state: State
    found: str
    """What was seen, in one line."""
    advice: str = ""
    """What to do; empty when nothing needs doing."""


class Report(msgspec.Struct, frozen=True):
    """All answers; the program's exit code follows `ok`."""

    ok: bool
    checks: list[Outcome]


def make_report(outcomes: list[Outcome]) -> Report:
    """Warnings leave a report sound; a failed check does not."""
    sound = all(outcome.state is not State.FAILED for outcome in outcomes)
    return Report(ok=sound, checks=outcomes)
