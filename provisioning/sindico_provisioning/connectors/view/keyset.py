"""Where a reading of a view stands, in a form that JSON keeps exactly."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from sindico_provisioning.connectors.schemas import Cursor
from sindico_provisioning.connectors.view.schemas import ViewSource

Value = str | int | float | Decimal | date | datetime | UUID | None


class Step(StrEnum):
    """Parts of a reading."""

    KEYS = "keys"
    """Everything, by key."""
    KEYLESS = "keyless"
    """After that, rows without a key, which are rejected."""
    CHANGES = "changes"
    """What changed, by watermark and key."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """What comes next: the rows from `key` (and `mark`) on, of which one row was read already."""

    print: str
    """Of the mapping that it was made with."""
    step: Step
    key: Value = None
    mark: Value = None
    reached: Value = None
    """Watermark from which the next load may begin, when this one is done."""
    rows: int = 0
    """Read before it."""

    @classmethod
    def begin(cls, source: ViewSource, reached: Value) -> Self:
        """Everything, or what changed since a load reached that watermark."""
        if source.watermark is None or reached is None:
            return cls(print=source.print, step=Step.KEYS)
        mark = reached
        if isinstance(reached, date):  # an instant is one
            mark = reached - timedelta(minutes=source.overlap_minutes)
        return cls(print=source.print, step=Step.CHANGES, mark=mark, reached=reached)

    @classmethod
    def from_cursor(cls, cursor: Cursor) -> Self:
        return cls(
            print=cursor["print"],
            step=Step(cursor["step"]),
            key=decode(cursor["key"]),
            mark=decode(cursor["mark"]),
            reached=decode(cursor["reached"]),
            rows=cursor["rows"],
        )

    def cursor(self) -> Cursor:
        return {
            "print": self.print,
            "step": self.step.value,
            "key": encode(self.key),
            "mark": encode(self.mark),
            "reached": encode(self.reached),
            "rows": self.rows,
        }

    def after(self, *, key: Value, mark: Value, rows: int) -> Self:
        """The place after a page that ended with these."""
        reached = mark if self.step is Step.CHANGES and mark is not None else self.reached
        return replace(self, key=key, mark=mark, reached=reached, rows=self.rows + rows)


def encode(value: Value) -> list[str] | None:
    """The value with its type, as JSON keeps it.

    Raises:
        TypeError: it is of a type that no key and no watermark may have.
    """
    if value is None:
        return None
    if isinstance(value, datetime | date):
        return [type(value).__name__, value.isoformat()]
    if isinstance(value, bool) or type(value) not in _TYPES:
        raise TypeError(type(value).__name__)
    return [type(value).__name__, repr(value) if isinstance(value, float) else str(value)]


def decode(told: list[str] | None) -> Value:
    """What `encode` was given."""
    if told is None:
        return None
    kind, text = told
    found: Value = _READ[kind](text)
    return found


_TYPES = (str, int, float, Decimal, UUID)
_READ: dict[str, Any] = {
    **{kind.__name__: kind for kind in _TYPES},
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
}
