"""What may be refused about the watch over integrations."""

from sindico_platform.errors import SindicoError


class NothingWatched(SindicoError):
    """An integration without a limit has no alerts that could be snoozed."""

    code, status, title = "nothing-watched", 409, "The integration is not watched"
    detail = "Set a maximum time without success first."
