"""The permission grid: resources by accesses, as data.

Each package lists its resources in its `permissions.py`. Whoever needs the whole grid gets it as
an argument, because this package does not know the ones above it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Access(StrEnum):
    """What can be done with a resource (R-106 to R-112)."""

    ACCESS = "access"
    """Open its screens at all."""
    VIEW = "view"
    INCLUDE = "include"
    EDIT = "edit"
    DELETE = "delete"
    EXPORT = "export"
    FILTER = "filter"


@dataclass(frozen=True, kw_only=True, slots=True)
class Resource:
    """One row of the grid."""

    code: str
    """Plural and snake_case; permanent, since roles keep it."""
    label: str
    """English message id."""
    module: str
    """What default roles are declared by: `crm`, `settings`, `integration`, `administration`."""
    vendor: bool = False
    """Granted on the master tenant only; to everybody else its routes do not exist."""

    def permission(self, access: Access) -> str:
        return f"{self.code}:{access}"

    @property
    def permissions(self) -> tuple[str, ...]:
        return tuple(self.permission(access) for access in Access)


class Grid:
    """Every resource of the product, in the order screens show them."""

    def __init__(self, *lists: Iterable[Resource]) -> None:
        resources = [resource for each in lists for resource in each]
        self._by_code = {resource.code: resource for resource in resources}
        if len(self._by_code) != len(resources):
            raise ValueError("two resources have the same code")

    def resources(self, *, master: bool) -> tuple[Resource, ...]:
        """What a tenant can grant; the master tenant also the vendor's resources."""
        return tuple(each for each in self._by_code.values() if master or not each.vendor)

    def permissions(self, *, master: bool) -> frozenset[str]:
        """Every permission a tenant can grant."""
        return frozenset(p for each in self.resources(master=master) for p in each.permissions)

    def resource_of(self, permission: str) -> Resource:
        """The resource a permission is about.

        Raises:
            KeyError: no such resource or access.
        """
        code, _, access = permission.partition(":")
        if access not in set(Access):
            raise KeyError(permission)
        return self._by_code[code]
