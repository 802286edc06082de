"""What may be refused about integrations."""

from sindico_platform.errors import SindicoError


class IntegrationNotFound(SindicoError):
    """No such integration in this tenant."""

    code, status, title = "integration-not-found", 404, "There is no such integration"
    detail = "Check the integration's id."
