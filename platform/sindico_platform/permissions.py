"""The ground floor's resources of the permission grid."""

from sindico_platform.identity.grid import Resource

RESOURCES = (
    Resource(code="users", label="Users", module="administration"),
    Resource(code="roles", label="Roles", module="administration"),
    Resource(code="api_clients", label="API clients", module="administration"),
    Resource(code="audit", label="Audit", module="administration"),
    Resource(code="dead_letters", label="Failed tasks", module="operation", vendor=True),
    Resource(code="fleet", label="Fleet", module="operation", vendor=True),
)
