"""The permission grid as a form: resources by the seven accesses, grouped by module."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from sindico_api.console.view import ConsoleRequest
from sindico_api.grid import GRID
from sindico_platform.database.tx import Actor
from sindico_platform.identity.grid import Access
from sindico_platform.words import translatable

ACCESS_LABELS: dict[Access, str] = {
    Access.ACCESS: translatable("Access"),
    Access.VIEW: translatable("View"),
    Access.INCLUDE: translatable("Include"),
    Access.EDIT: translatable("Edit"),
    Access.DELETE: translatable("Delete"),
    Access.EXPORT: translatable("Export"),
    Access.FILTER: translatable("Filter"),
}
MODULE_LABELS: dict[str, str] = {
    "crm": translatable("CRM"),
    "settings": translatable("Settings"),
    "integration": translatable("Integration"),
    "administration": translatable("Administration"),
    "operation": translatable("Operation of the platform"),
}
FIELD = "permissions"


@dataclass(frozen=True, kw_only=True, slots=True)
class GridCell:
    """One permission; `closed` when the viewer may not grant it and it is not granted yet."""

    permission: str
    access: str
    granted: bool
    closed: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class GridLine:
    """One resource with its seven cells."""

    code: str
    label: str
    cells: list[GridCell]


@dataclass(frozen=True, kw_only=True, slots=True)
class GridView:
    """The whole grid for `ui.permission_grid`; texts are message ids."""

    accesses: list[str]
    modules: list[tuple[str, list[GridLine]]]


def grid_view(actor: Actor, granted: AbstractSet[str]) -> GridView:
    """What `actor` sees of a grid in which `granted` is granted."""
    modules: dict[str, list[GridLine]] = {}
    for resource in GRID.resources(master=actor.is_master):
        permissions = [(access, resource.permission(access)) for access in Access]
        cells = [
            GridCell(
                permission=permission,
                access=ACCESS_LABELS[access],
                granted=permission in granted,
                closed=not actor.may(permission) and permission not in granted,
            )
            for access, permission in permissions
        ]
        line = GridLine(code=resource.code, label=resource.label, cells=cells)
        modules.setdefault(MODULE_LABELS[resource.module], []).append(line)
    return GridView(accesses=list(ACCESS_LABELS.values()), modules=list(modules.items()))


async def sent_permissions(request: ConsoleRequest) -> frozenset[str]:
    """The permissions marked in the form that was sent."""
    return frozenset(str(each) for each in (await request.form()).getall(FIELD, []))
