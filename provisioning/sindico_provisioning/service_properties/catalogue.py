"""The services that have properties, declared once.

The Mega connector declares its own; those of ERPX follow the platform's key login.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sindico_platform.errors import FieldError, field_error
from sindico_platform.words import translatable
from sindico_provisioning.connectors.mega.settings import PROPERTIES as MEGA_PROPERTIES
from sindico_provisioning.connectors.mega.settings import find_setting_faults, find_url_faults
from sindico_provisioning.connectors.schemas import Property, PropertyType

FindFaults = Callable[[Mapping[str, Any]], list[FieldError]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """One service of a domain."""

    domain: str
    name: str
    title: str
    integration: str
    """Kind of the integration that the properties belong to."""
    properties: tuple[Property, ...]
    find_faults: FindFaults
    """Given every property, its default included, and kept secrets as any text."""
    secrets_go_to: frozenset[str]
    """Where stored secrets are sent: when one of these changes, they must be typed again, or
    whoever may edit could aim them at a host of their own."""

    @property
    def feature(self) -> str:
        return f"erp_{self.integration}"

    def property_of(self, key: str) -> Property | None:
        return next((item for item in self.properties if item.key == key), None)

    def secret_field(self, key: str) -> str:
        """What a secret is sealed for."""
        return f"service_property/{self.domain}/{self.name}/{key}"


ERPX_PROPERTIES = (
    Property(
        key="url",
        type=PropertyType.STRING,
        label=translatable("URL"),
        description=translatable("Address of the platform, as https://host:port/."),
        required=True,
        default="https://platform.senior.com.br:443/",
    ),
    Property(
        key="tenantName",
        type=PropertyType.STRING,
        label=translatable("Tenant name"),
        description=translatable("Name of the tenant on the platform."),
        required=True,
    ),
    Property(
        key="accessKey",
        type=PropertyType.STRING,
        label=translatable("Access key"),
        description=translatable("Key of the application registered on the platform."),
        required=True,
    ),
    Property(
        key="secret",
        type=PropertyType.SECRET,
        label=translatable("Secret"),
        description=translatable("Secret of the application."),
        required=True,
    ),
    Property(
        key="ativo",
        type=PropertyType.BOOLEAN,
        label=translatable("Active"),
        description=translatable("Whether the integration may run."),
        default=True,
    ),
)


def find_erpx_faults(values: Mapping[str, Any]) -> list[FieldError]:
    """Everything that is wrong with the properties of ERPX."""
    faults: list[FieldError] = []
    for item in ERPX_PROPERTIES:
        value = values.get(item.key)
        if item.type is PropertyType.BOOLEAN:
            if not isinstance(value, bool | None):
                faults.append(field_error(item.key, "wrong-type", "Expected true or false."))
        elif value is None or value == "":
            faults.append(field_error(item.key, "required", "The field is required."))
        elif not isinstance(value, str):
            faults.append(field_error(item.key, "wrong-type", "Expected text."))
        elif item.key == "url":
            faults.extend(find_url_faults(value, field=item.key))
    return faults


MEGA = Service(
    domain="crm",
    name="integration_mega",
    title=translatable("Integration with ERP Mega XT"),
    integration="mega",
    properties=MEGA_PROPERTIES,
    find_faults=find_setting_faults,
    secrets_go_to=frozenset({"url", "username", "caCertificate"}),
)
ERPX = Service(
    domain="crm",
    name="integration_erpx",
    title=translatable("Integration with ERPX"),
    integration="erpx",
    properties=ERPX_PROPERTIES,
    find_faults=find_erpx_faults,
    secrets_go_to=frozenset({"url", "tenantName", "accessKey"}),
)
SERVICES: Mapping[tuple[str, str], Service] = MappingProxyType(
    {(service.domain, service.name): service for service in (MEGA, ERPX)}
)
SERVICE_OF: Mapping[str, Service] = MappingProxyType(
    {service.integration: service for service in SERVICES.values()}
)
