"""Which of several servers a mail goes by."""

from collections.abc import Sequence
from datetime import datetime

from sindico_tenants.smtp_settings.models import SmtpSettings


def first_choice(servers: Sequence[SmtpSettings], now: datetime) -> SmtpSettings | None:
    """The first server that does not rest after a failure; where all do, the first."""
    awake = (row for row in servers if not is_resting(row, now))
    return next(awake, servers[0] if servers else None)


def is_resting(row: SmtpSettings, now: datetime) -> bool:
    """Whether it is left alone because it failed; one that only keeps its pace is not."""
    return row.send_failures > 0 and row.rests_until is not None and row.rests_until > now
