"""The services that have properties, declared once; the properties are their connectors'."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sindico_platform.errors import FieldError
from sindico_platform.words import translatable
from sindico_provisioning.connectors.erpx import settings as erpx
from sindico_provisioning.connectors.mega import settings as mega
from sindico_provisioning.connectors.schemas import Property

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
    secrets_go_to: Mapping[str, frozenset[str]]
    """By stored secret, where and as whose it is sent: when one of these changes, it must be typed
    again, or whoever may edit could aim it at a host of their own."""

    @property
    def feature(self) -> str:
        return f"erp_{self.integration}"

    def property_of(self, key: str) -> Property | None:
        return next((item for item in self.properties if item.key == key), None)

    def secret_field(self, key: str) -> str:
        """What a secret is sealed for."""
        return f"service_property/{self.domain}/{self.name}/{key}"


_PLATFORM = frozenset({"url", "caminhoBase", "caCertificate"})
MEGA = Service(
    domain="crm",
    name="integration_mega",
    title=translatable("Integration with ERP Mega XT"),
    integration="mega",
    properties=mega.PROPERTIES,
    find_faults=mega.find_setting_faults,
    secrets_go_to={"password": frozenset({"url", "username", "caCertificate"})},
)
ERPX = Service(
    domain="crm",
    name="integration_erpx",
    title=translatable("Integration with ERPX"),
    integration="erpx",
    properties=erpx.PROPERTIES,
    find_faults=erpx.find_setting_faults,
    secrets_go_to={
        "secret": _PLATFORM | {"tenantName", "accessKey"},
        "password": _PLATFORM | {"username"},
    },
)
SERVICES: Mapping[tuple[str, str], Service] = MappingProxyType(
    {(service.domain, service.name): service for service in (MEGA, ERPX)}
)
SERVICE_OF: Mapping[str, Service] = MappingProxyType(
    {service.integration: service for service in SERVICES.values()}
)
