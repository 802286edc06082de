"""What a sandbox ERP of the tests has in it."""

from datetime import UTC, date, datetime, timedelta

from sindico_provisioning.sandbox.scale import Scale

TINY = Scale(
    name="tiny",
    companies=1,
    branches=2,
    sellers=3,
    suppliers=4,
    customers=20,
    contacts=10,
    quotations=5,
    orders=30,
)
END = date(2026, 11, 21)
"""Its last day, for whoever brings a clock of their own."""


def recent_end() -> date:
    """Its last day, for whoever goes by the real clock: today, or yesterday, in any zone.

    Loads read two years, which the sandbox fills but for a day.
    """
    return datetime.now(UTC).date() - timedelta(days=1)
