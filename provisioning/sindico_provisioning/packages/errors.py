"""What may be refused because of a package."""

from typing import Any

from sindico_platform.errors import InvalidInput, SindicoError, field_error
from sindico_provisioning.packages.catalogue import LIMITS, PACKAGES


class UnknownPackage(InvalidInput):
    """No package has this code."""

    code, status, title = "unknown-package", 422, "There is no such package"
    detail = "Choose one of the packages there are."

    def __init__(self, *, field: str, packages: str) -> None:
        super().__init__(
            field_error(
                field,
                "unknown-package",
                "There is no such package. The packages are: {packages}.",
                packages=packages,
            )
        )


class PackageLimitReached(SindicoError):
    """The package, or the tenant's own limit beside it, allows no more of something."""

    code, status, title = "package-limit-reached", 409, "The package allows no more"
    detail = (
        "{limit_title}: the limit with the package {package_title} is {allowed_text}, and this"
        " would make {used_text}. {advice}"
    )
    words = ("limit_title", "advice")

    def __init__(self, *, limit: str, package: str, allowed: int, used: int) -> None:
        declared = LIMITS[limit]
        super().__init__(
            limit=limit,
            package=package,
            allowed=allowed,
            used=used,
            limit_title=declared.title,
            package_title=PACKAGES[package].title,
            allowed_text=declared.describe(allowed),
            used_text=declared.describe(used),
            advice=declared.advice,
        )

    @property
    def extra(self) -> dict[str, Any]:
        """The codes and numbers; the words are the detail's."""
        return {name: self.facts[name] for name in ("limit", "package", "allowed", "used")}


class TooManyRequests(SindicoError):
    """The package's requests of this minute are used up."""

    code, status, title = "too-many-requests", 429, "Too many requests"
    detail = (
        "The package {package} allows {allowed} API requests per minute. Wait"
        " {retry_after_seconds} seconds."
    )

    @property
    def headers(self) -> dict[str, str]:
        """``Retry-After``, and where the tenant stands."""
        wait = self.facts["retry_after_seconds"]
        return super().headers | limit_headers(self.facts["allowed"], 0, wait)


def limit_headers(allowed: int, remaining: int, reset_seconds: int) -> dict[str, str]:
    """Where a caller stands in a minute, as the RateLimit header fields say it."""
    return {
        "RateLimit-Limit": str(allowed),
        "RateLimit-Remaining": str(remaining),
        "RateLimit-Reset": str(reset_seconds),
    }


class FeatureNotInPackage(SindicoError):
    """The package does not have a feature."""

    code, status, title = "feature-not-in-package", 409, "The package does not include this"
    detail = "The package {package} does not include {feature}."


class PackageDoesNotFit(SindicoError):
    """The tenant uses more than the package it should change to allows."""

    code, status, title = "package-does-not-fit", 409, "The tenant uses more than this package has"
    detail = "Before the change to {package}, reduce what exceeds it: {summary}."

    def __init__(self, *, package: str, exceeding: list[dict[str, Any]]) -> None:
        summary = "; ".join(
            f"{item['limit']} {item['used']} > {item['allowed']}"
            if "limit" in item
            else str(item["feature"])
            for item in exceeding
        )
        super().__init__(package=package, exceeding=exceeding, summary=summary)


class PackageNotOffered(SindicoError):
    """The package is not sold together with this ERP."""

    code, status, title = "package-not-offered", 409, "This package is not offered for this ERP"
    detail = "Customers of {erp} receive {offered}; {package} is not offered to them."


class CrmNotActive(SindicoError):
    """The CRM of this tenant is not provisioned to the end."""

    code, status, title = "crm-not-active", 409, "The CRM is not active"
    detail = "The CRM of this tenant is not active; its state is {crm_state}."


class SubscriptionNotFound(SindicoError):
    """The tenant bought nothing: there is none, or it is the vendor's own."""

    code, status, title = "tenant-not-found", 404, "There is no such tenant"
    detail = "Check the tenant's id."
