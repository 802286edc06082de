"""What may be refused about settings of servers."""

from sindico_platform.errors import SindicoError


class ScopeTaken(SindicoError):
    """A company, a branch and the tenant have at most one configuration each."""

    code, status, title = "scope-taken", 409, "There is a configuration for it already"
    detail = "Change the one there is, or choose another company or branch."
