"""What may be refused about integrations."""

from sindico_platform.errors import SindicoError


class IntegrationNotFound(SindicoError):
    """No such integration in this tenant."""

    code, status, title = "integration-not-found", 404, "There is no such integration"
    detail = "Check the integration's id."


class IntegrationNameTaken(SindicoError):
    """Two integrations of a tenant are never called the same."""

    code, status, title = "integration-name-taken", 409, "Another integration has this name"
    detail = "There is an integration called {name} already; choose another name."
