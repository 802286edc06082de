"""What may be refused about service properties."""

from sindico_platform.errors import SindicoError


class ServiceNotFound(SindicoError):
    """No service of this name has properties."""

    code, status, title = "service-not-found", 404, "There is no such service"
    detail = "The services are: {services}."
