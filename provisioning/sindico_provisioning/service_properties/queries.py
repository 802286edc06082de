"""Every SELECT on service properties."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from sindico_platform.database.tx import Tx
from sindico_platform.secrets import KeyRing
from sindico_provisioning.service_properties.catalogue import SERVICES, Service
from sindico_provisioning.service_properties.errors import ServiceNotFound
from sindico_provisioning.service_properties.models import ServiceConfiguration, ServiceProperty
from sindico_provisioning.service_properties.schemas import PropertyOut, ServicePropertiesOut


def get_service(domain: str, name: str) -> Service:
    """Raises: ServiceNotFound when nothing of this name has properties."""
    service = SERVICES.get((domain, name))
    if service is None:
        raise ServiceNotFound(services=", ".join("/".join(key) for key in SERVICES))
    return service


async def find_configuration(
    tx: Tx, service: Service, *, lock: bool = False
) -> ServiceConfiguration | None:
    """The bound tenant's configuration of a service, if it has one."""
    query = select(ServiceConfiguration).where(
        ServiceConfiguration.tenant_id == tx.tenant_id,
        ServiceConfiguration.domain == service.domain,
        ServiceConfiguration.service == service.name,
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found: ServiceConfiguration | None = await tx.session.scalar(query)
    return found


async def list_stored(tx: Tx, service: Service) -> dict[str, ServiceProperty]:
    """The properties that were given a value, by key; as many as are declared at most."""
    rows = await tx.session.scalars(
        select(ServiceProperty).where(
            ServiceProperty.tenant_id == tx.tenant_id,
            ServiceProperty.domain == service.domain,
            ServiceProperty.service == service.name,
        )
    )
    return {row.key: row for row in rows}


async def read_properties(tx: Tx, keys: KeyRing, *, domain: str, name: str) -> Mapping[str, Any]:
    """What a connector needs: every value in force, secrets opened and wrapped in `Secret`.

    Raises:
        ServiceNotFound: nothing of this name has properties.
        SealBroken, SealingKeyUnknown: a stored secret cannot be read.
    """
    service = get_service(domain, name)
    stored = await list_stored(tx, service)
    values: dict[str, Any] = {item.key: item.default for item in service.properties}
    for key, row in stored.items():
        values[key] = (
            row.value
            if row.sealed is None
            else keys.open(row.sealed, tenant_id=tx.tenant_id, field=service.secret_field(key))
        )
    return values


async def read_service(tx: Tx, *, domain: str, name: str) -> ServicePropertiesOut:
    """All properties of a service as people may see them; a secret never shows its value.

    Raises:
        ServiceNotFound: nothing of this name has properties.
    """
    service = get_service(domain, name)
    stored = await list_stored(tx, service)
    return describe(service, await find_configuration(tx, service), stored)


def describe(
    service: Service,
    configuration: ServiceConfiguration | None,
    stored: Mapping[str, ServiceProperty],
) -> ServicePropertiesOut:
    return ServicePropertiesOut(
        domain=service.domain,
        service=service.name,
        title=service.title,
        complete=not service.find_faults(shown_values(service, stored)),
        revision=configuration.revision if configuration else 0,
        updated_at=configuration.updated_at if configuration else None,
        updated_by=configuration.updated_by if configuration else None,
        properties=[
            PropertyOut(
                key=item.key,
                type=item.type,
                label=item.label.format(**item.facts),
                description=item.description.format(**item.facts),
                required=item.required,
                advanced=item.advanced,
                proposed=item.proposed,
                multiline=item.multiline,
                choices=[choice.value for choice in item.choices],
                default=item.default,
                value=_shown(item.default, stored.get(item.key)),
                stored=item.key in stored,
            )
            for item in service.properties
        ],
    )


KEPT = "kept"
"""Stands for a stored secret where only its presence matters."""


def shown_values(service: Service, stored: Mapping[str, ServiceProperty]) -> dict[str, Any]:
    """Every value in force, with `KEPT` for a stored secret."""
    values: dict[str, Any] = {item.key: item.default for item in service.properties}
    for key, row in stored.items():
        values[key] = row.value if row.sealed is None else KEPT
    return values


def _shown(default: Any, row: ServiceProperty | None) -> Any:
    if row is None:
        return default
    return None if row.sealed is not None else row.value
