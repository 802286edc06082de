"""Walking date windows: Mega has no paging, so a page is a span of days.

The cursor is the end of what was read, with the number of days to ask for next. That number follows
the size of what came: windows grow over empty years and shrink where much was sold.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

from sindico_provisioning.connectors.mega.schemas import MAX_WINDOW_DAYS, Span
from sindico_provisioning.connectors.schemas import Cursor

FIRST_WINDOW_DAYS = 31
TARGET_ROWS = 10_000
"""Rows a page should have; a row is 250 to 800 bytes."""
_MOST_GROWTH = 4
_ONE_DAY = timedelta(days=1)
_HISTORY = timedelta(days=730)
_OVERDUE, _AHEAD = timedelta(days=5 * 365), timedelta(days=2 * 365)
_BEGINNING = date(1995, 1, 1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """A span of days within the whole span to be read."""

    begin: date
    """First day of the whole span."""
    first: date
    """First day of this window."""
    until: date
    """Last day of the whole span, fixed when the walk begins."""
    days: int

    @classmethod
    def begin_span(cls, span: Span, today: date) -> Self:
        """Begin at the first day that a kind of route is asked for."""
        match span:
            case Span.HISTORY:
                begin, until = today - _HISTORY, today
            case Span.BILLS:
                begin, until = today - _OVERDUE, today + _AHEAD
            case Span.REGISTERS:
                # A row changed during the walk moves to the last window; that lies ahead of the
                # walk's end, so that no row is missed.
                begin, until = _BEGINNING, today + _ONE_DAY
        return cls(begin=begin, first=begin, until=until, days=FIRST_WINDOW_DAYS)

    @classmethod
    def from_cursor(cls, cursor: Cursor) -> Self:
        return cls(
            begin=date.fromisoformat(cursor["begin"]),
            first=date.fromisoformat(cursor["next"]),
            until=date.fromisoformat(cursor["until"]),
            days=int(cursor["days"]),
        )

    @property
    def last(self) -> date:
        """Last day of this window."""
        return min(self.first + timedelta(days=self.days - 1), self.until)

    @property
    def progress(self) -> float:
        """Share of the whole span that is read when this window is."""
        return ((self.last - self.begin).days + 1) / ((self.until - self.begin).days + 1)

    def cursor_after(self, rows: int) -> Cursor | None:
        """Where to go on after this window has brought so many rows; None at the end."""
        if self.last >= self.until:
            return None
        growth = min(_MOST_GROWTH, TARGET_ROWS / rows) if rows else _MOST_GROWTH
        asked_days = (self.last - self.first).days + 1
        days = max(1, min(MAX_WINDOW_DAYS, int(asked_days * growth)))
        return self._cursor(self.last + _ONE_DAY, days)

    def cursor_halved(self) -> Cursor | None:
        """The same beginning with half the days; None when one day cannot be split."""
        days = (self.last - self.first).days + 1
        return self._cursor(self.first, days // 2) if days > 1 else None

    def _cursor(self, first: date, days: int) -> Cursor:
        return {
            "begin": self.begin.isoformat(),
            "next": first.isoformat(),
            "until": self.until.isoformat(),
            "days": days,
        }
