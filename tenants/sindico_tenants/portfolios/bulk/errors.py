"""What can go wrong with placing many accounts."""

from sindico_platform.errors import SindicoError


class TooManyAccounts(SindicoError):
    """A filter matches more than are placed at once."""

    code, status, title = "too-many-accounts", 409, "Too many accounts at once"
    detail = "At most {most} accounts are placed at once. Narrow the filter."


class OtherNumber(SindicoError):
    """A filter matches another number of accounts than the caller agreed to."""

    code, status, title = "other-number-of-accounts", 409, "Another number of accounts matches now"
    detail = "{matched} accounts match now, not {expected}. Nothing was changed."
