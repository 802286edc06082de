"""What can go wrong with the list of denied hosts."""

from sindico_platform.errors import SindicoError


class DeniedHostNotFound(SindicoError):
    """No such line."""

    code, status, title = "denied-host-not-found", 404, "There is no such line in the list"
    detail = "The list of denied hosts has no line {denied_host_id}."


class HostDeniedAlready(SindicoError):
    """The list has this line."""

    code, status, title = "host-denied-already", 409, "The list has this line already"
    detail = "{entry} is on the list already."
