"""Nobody overwrites what they have not seen: rows count their changes, updates name the count."""

from sindico_platform.errors import SindicoError


class ChangedMeanwhile(SindicoError):
    """Somebody changed the record after the caller read it. Nothing was changed now."""

    code, status, title = "changed-meanwhile", 412, "Somebody changed this meanwhile"
    detail = "Read it again, look at the change, and send yours once more."


def demand_revision(actual: int, expected: int | None) -> None:
    """Refuse an update made from an older state; `None` expects nothing.

    Raises:
        ChangedMeanwhile: the record has another revision.
    """
    if expected is not None and actual != expected:
        raise ChangedMeanwhile
