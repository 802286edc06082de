"""The permission grid's resources of provisioning, integrations and loads."""

from sindico_platform.identity.grid import Resource

RESOURCES = (
    Resource(code="integrations", label="Integrations", module="integration"),
    Resource(code="service_properties", label="Service properties", module="integration"),
    Resource(code="loads", label="Loads", module="integration"),
    Resource(code="notifications", label="Notifications", module="integration"),
    Resource(code="tenants", label="Tenants", module="operation", vendor=True),
    Resource(code="provisioning", label="Provisioning", module="operation", vendor=True),
)
