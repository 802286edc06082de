"""When a change of counts withdraws a sign-off.

What is signed is that nothing was left behind. New rows of daily business leave nothing behind, and
so change nothing; rows that are refused, missing or gone do.
"""

from types import MappingProxyType

import msgspec

from sindico_platform.words import translatable
from sindico_provisioning.erp_tables.queries import TABLES

BY_HAND = "by-hand"
REASONS = MappingProxyType(
    {
        "more-rejected": translatable("More rows were rejected than when it was signed off."),
        "more-missing": translatable(
            "The reconciliation found more differences than when it was signed off."
        ),
        "more-outside-crm": translatable(
            "More rows are not in the CRM than when it was signed off."
        ),
        "fewer-rows": translatable("Rows that were there when it was signed off are gone."),
        BY_HAND: translatable("Somebody withdrew it."),
    }
)
"""In the order in which they are looked for."""
LEAST_SHARE = 0.99
"""Of the rows signed for; single customers that the ERP removes are daily business."""
SHRINKING = frozenset(name for name, table in TABLES.items() if table.history_years) | {"fatura"}
"""Tables whose old or paid rows leave by rule."""


class Counts(msgspec.Struct, kw_only=True, frozen=True):
    """What was seen of a table."""

    source: int | None
    """What the ERP said it has."""
    staged: int
    in_crm: int | None
    """None of a table of which no records of the CRM are made."""
    rejected: int
    differences: int
    """Missing, extra and changed keys, by the last reconciliation."""

    @property
    def outside_crm(self) -> int:
        return 0 if self.in_crm is None else self.staged - self.in_crm


def find_reason(table: str, signed: Counts, now: Counts) -> str | None:
    """Why a sign-off no longer holds; None while it does."""
    if now.rejected > signed.rejected:
        return "more-rejected"
    if now.differences > signed.differences:
        return "more-missing"
    if now.outside_crm > signed.outside_crm:
        return "more-outside-crm"
    if table not in SHRINKING and now.staged < signed.staged * LEAST_SHARE:
        return "fewer-rows"
    return None
