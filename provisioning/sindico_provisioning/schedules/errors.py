"""What may be refused about schedules."""

from sindico_platform.errors import SindicoError


class NothingScheduled(SindicoError):
    """Only what runs by itself can be paused or resumed."""

    code, status, title = "nothing-scheduled", 409, "The integration has no schedule"
    detail = "Give the integration {name} a schedule first."
