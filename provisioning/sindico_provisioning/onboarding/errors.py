"""What may be refused about the follow-up of a deployment."""

from sindico_platform.errors import SindicoError


class LoadUnderWay(SindicoError):
    """The counts are still moving."""

    code, status, title = "load-under-way", 409, "A load is under way"
    detail = "A load of this integration is under way; sign off when it has ended."


class NotSignedOff(SindicoError):
    """There is nothing to withdraw."""

    code, status, title = "not-signed-off", 409, "The table is not signed off"
    detail = "The table {table} is not signed off."
