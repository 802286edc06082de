"""What may be refused about support sessions."""

from sindico_platform.errors import SindicoError


class SupportSessionNotFound(SindicoError):
    """No such support session in this tenant."""

    code, status, title = "support-session-not-found", 404, "There is no such support session"
    detail = "Check the support session's id."


class SupportUserMissing(SindicoError):
    """The tenant has no user to act as."""

    code, status, title = "support-user-missing", 409, "The tenant has no support user"
    detail = "Provision the tenant, or repair its default records, then try again."


class PeopleAlone(SindicoError):
    """A program has no reason to act as a person."""

    code, status, title = "people-alone", 403, "Only a person may do this"
    detail = "An API client cannot act as a user."
