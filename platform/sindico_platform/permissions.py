"""The ground floor's resources of the permission grid."""

from sindico_platform.identity.grid import Resource
from sindico_platform.words import translatable

RESOURCES = (
    Resource(code="users", label=translatable("Users"), module="administration"),
    Resource(code="roles", label=translatable("Roles"), module="administration"),
    Resource(code="api_clients", label=translatable("API clients"), module="administration"),
    Resource(
        code="support_sessions", label=translatable("Support sessions"), module="administration"
    ),
    Resource(code="jobs", label=translatable("Background tasks"), module="administration"),
    Resource(code="audit", label=translatable("Audit"), module="administration"),
    Resource(
        code="dead_letters", label=translatable("Failed tasks"), module="operation", vendor=True
    ),
    Resource(
        code="denied_hosts", label=translatable("Denied hosts"), module="operation", vendor=True
    ),
    Resource(code="fleet", label=translatable("Fleet"), module="operation", vendor=True),
)
