"""Mails per minute of one server, whichever connection they go through."""

import asyncio
import time

_LONGEST_WAIT_SECONDS = 2.0
_MINUTE_SECONDS = 60.0


class Pacer:
    """Gives out turns. Without a limit every turn is at once."""

    def __init__(self, per_minute: int | None, *, most_at_once: int) -> None:
        self._interval = _MINUTE_SECONDS / per_minute if per_minute else 0.0
        self._next = time.monotonic()
        soon = int(_LONGEST_WAIT_SECONDS / self._interval) if self._interval else most_at_once
        self.batch = max(1, min(most_at_once, soon))
        """How many mails are worth taking in hand."""
        self.refused_seconds = 0.0
        """How far off the turn was that was last refused; 0 when none was."""

    async def turn(self) -> bool:
        """Wait for the next turn; False when it is too far off to wait for."""
        if not self._interval:
            return True
        now = time.monotonic()
        at = max(now, self._next)
        if at - now > _LONGEST_WAIT_SECONDS:
            self.refused_seconds = at - now
            return False
        self._next = at + self._interval
        await asyncio.sleep(at - now)
        return True
