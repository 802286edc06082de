"""What may be refused about a tenant."""

from sindico_platform.errors import SindicoError


class TenantNotFound(SindicoError):
    """No such tenant, or none that the actor may see."""

    code, status, title = "tenant-not-found", 404, "There is no such tenant"
    detail = "Check the tenant's id."


class DomainTaken(SindicoError):
    """Another tenant has this domain, be it a closed one."""

    code, status, title = "domain-taken", 409, "This domain is taken"
    detail = "Another tenant has the domain {domain}. Choose another one."

    def __init__(self, *, domain: str) -> None:
        super().__init__(domain=domain, field="domain")


class TenantClosing(SindicoError):
    """The tenant is in the grace period before its end."""

    code, status, title = "tenant-closing", 409, "The tenant is closing"
    detail = "The tenant closes at {closes_at}. Resume it first."


class TenantClosed(SindicoError):
    """The tenant was closed for good."""

    code, status, title = "tenant-closed", 409, "The tenant is closed"
    detail = "A closed tenant cannot be opened again."


class TenantNotActive(SindicoError):
    """The tenant is suspended, closing or closed."""

    code, status, title = "tenant-not-active", 409, "The tenant is not active"
    detail = "The state of the tenant is {state}. Resume it first."
