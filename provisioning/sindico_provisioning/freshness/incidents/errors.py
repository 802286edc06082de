"""What may be refused about incidents."""

from sindico_platform.errors import SindicoError


class IncidentNotFound(SindicoError):
    """No such incident in this tenant."""

    code, status, title = "incident-not-found", 404, "There is no such incident"
    detail = "Check the incident's id."
