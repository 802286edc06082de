"""Roles every tenant starts with, as declared data."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from sindico_platform.identity.grid import Access, Grid

EVERY_ACCESS = frozenset(Access)


@dataclass(frozen=True, kw_only=True, slots=True)
class DefaultRole:
    """A role that provisioning makes and every release brings up to date."""

    code: str
    """Stable; names match ignoring case, accents, spaces and dashes."""
    name: str
    """As screens show it, in Portuguese, since it is a tenant's data."""
    description: str
    modules: AbstractSet[str] | None
    """Whose resources it covers; `None` covers all."""
    accesses: AbstractSet[Access] = EVERY_ACCESS
    is_locked: bool = False
    """Its grid cannot be edited, so that nobody shuts a tenant out of itself."""
    vendor: bool = False
    """Exists on the master tenant only."""

    def permissions(self, grid: Grid, *, master: bool) -> frozenset[str]:
        """What the role grants, given every resource there is."""
        return frozenset(
            resource.permission(access)
            for resource in grid.resources(master=master)
            if self.modules is None or resource.module in self.modules
            for access in self.accesses
        )


ADMIN = DefaultRole(
    code="admin",
    name="Admin",
    description="Superacesso a todos os módulos.",
    modules=None,
    is_locked=True,
)
OPERATOR = DefaultRole(
    code="operator",
    name="Operador",
    description="Equipe do fornecedor: implanta e acompanha os tenants.",
    modules={"operation"},
    vendor=True,
)
