"""What may be refused about the modules of ERPX."""

from sindico_platform.errors import SindicoError


class NoContractedPackage(SindicoError):
    """The contract of the tenant names no package, so nobody knows which one it gets."""

    code, status, title = "no-contracted-package", 409, "The contract names no package"
    detail = "Set the contracted package of {domain} in its registration, then activate again."


class ModuleStaysActive(SindicoError):
    """The CRM is not switched off from the ERP."""

    code, status, title = "module-stays-active", 409, "The module cannot be deactivated here"
    detail = "Only the vendor suspends or closes a tenant."
