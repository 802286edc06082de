"""The only writer of service properties."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from sindico_platform.audit import service as audit
from sindico_platform.database.base import table_of
from sindico_platform.database.tx import Tx
from sindico_platform.errors import FieldError, InvalidInput, field_error
from sindico_platform.revisions import demand_revision
from sindico_platform.secrets import KeyRing
from sindico_provisioning.connectors.schemas import PropertyType
from sindico_provisioning.integrations import service as integrations
from sindico_provisioning.packages import service as packages
from sindico_provisioning.service_properties import queries
from sindico_provisioning.service_properties.catalogue import SERVICE_OF, Service
from sindico_provisioning.service_properties.models import ServiceConfiguration, ServiceProperty
from sindico_provisioning.service_properties.queries import KEPT
from sindico_provisioning.service_properties.schemas import ServicePropertiesOut

CHANGED = "changed"
ENSURE_CONFIGURATION = insert(table_of(ServiceConfiguration)).on_conflict_do_nothing()
ENSURE_PROPERTY = insert(table_of(ServiceProperty)).on_conflict_do_nothing()


async def ensure_defaults(tx: Tx, *, integration: str) -> None:
    """Make the configuration that belongs to an integration; whatever is there stays."""
    service = SERVICE_OF[integration]
    await _insert_configuration(tx, service)
    rows = [
        _row(tx, service, item.key, value=item.default)
        for item in service.properties
        if item.default is not None and not item.advanced
    ]
    await tx.session.execute(ENSURE_PROPERTY, rows)


async def replace_properties(
    tx: Tx,
    keys: KeyRing,
    *,
    domain: str,
    name: str,
    values: Mapping[str, Any],
    revision: int | None = None,
) -> ServicePropertiesOut:
    """Give a service its properties anew.

    What is absent returns to its default; an absent secret is kept, one given as null is removed.
    The integration of the service is made if the tenant has none, and paused or resumed as the
    property `ativo` says.

    Args:
        values: by key, in the declared types.
        revision: what the caller read; None replaces whatever is there.

    Raises:
        ServiceNotFound: nothing of this name has properties.
        FeatureNotInPackage, PackageLimitReached, CrmNotActive: the tenant may not have it.
        ChangedMeanwhile: somebody else changed it since.
        InvalidInput: listing every property that is wrong.
    """
    service = queries.get_service(domain, name)
    await packages.require_feature(tx, service.feature)
    configuration = await _ensure_configuration(tx, service)
    demand_revision(configuration.revision, revision)
    stored = await queries.list_stored(tx, service)
    wanted = _wanted(service, stored, values)
    if faults := _faults(service, stored, values, wanted):
        raise InvalidInput(*faults)
    changes = await _store(tx, keys, service, stored, values)
    if changes:
        await _note_change(tx, configuration, service, changes)
    await integrations.follow_properties(
        tx, kind=service.integration, is_active=wanted.get("ativo") is not False
    )
    return queries.describe(service, configuration, await queries.list_stored(tx, service))


async def begin_test(tx: Tx, keys: KeyRing, *, domain: str, name: str) -> Mapping[str, Any]:
    """Note in the trail that the connection is tried, and give what the connector needs for it.

    Raises:
        ServiceNotFound: nothing of this name has properties.
        FeatureNotInPackage, CrmNotActive: the tenant may not have it.
    """
    service = queries.get_service(domain, name)
    await packages.require_feature(tx, service.feature)
    await audit.record(
        tx, "service-properties:test", target_type="service", domain=domain, service=name
    )
    return await queries.read_properties(tx, keys, domain=domain, name=name)


def _wanted(
    service: Service, stored: Mapping[str, ServiceProperty], values: Mapping[str, Any]
) -> dict[str, Any]:
    """Every property's value to be, with `KEPT` for a secret that stays."""
    wanted: dict[str, Any] = {}
    for item in service.properties:
        if item.key in values:
            wanted[item.key] = values[item.key]
        elif item.type is PropertyType.SECRET and item.key in stored:
            wanted[item.key] = KEPT
        else:
            wanted[item.key] = item.default
    return wanted


def _faults(
    service: Service,
    stored: Mapping[str, ServiceProperty],
    values: Mapping[str, Any],
    wanted: Mapping[str, Any],
) -> list[FieldError]:
    faults = [
        field_error(key, "unknown-field", "There is no such field.")
        for key in values
        if service.property_of(key) is None
    ]
    faults += service.find_faults(wanted)
    before = queries.shown_values(service, stored)
    faults += [
        field_error(key, "type-again", "Type it again, because where it is sent to has changed.")
        for key, places in service.secrets_go_to.items()
        if key in stored
        and key not in values
        and any(before[place] != wanted[place] for place in places)
    ]
    return faults


async def _store(
    tx: Tx,
    keys: KeyRing,
    service: Service,
    stored: Mapping[str, ServiceProperty],
    values: Mapping[str, Any],
) -> dict[str, tuple[Any, Any]]:
    """Write what differs, and tell it as the audit trail may know it."""
    changes: dict[str, tuple[Any, Any]] = {}
    for item in service.properties:
        row, given = stored.get(item.key), values.get(item.key)
        if item.type is PropertyType.SECRET:
            if item.key in values and (given is not None or row is not None):
                await _put(tx, service, item.key, sealed=_seal(tx, keys, service, item.key, given))
                changes[item.key] = (CHANGED, CHANGED)
        elif given != (row.value if row else None):
            await _put(tx, service, item.key, value=given)
            changes[item.key] = (row.value if row else None, given)
    return changes


def _seal(tx: Tx, keys: KeyRing, service: Service, key: str, plain: Any) -> str | None:
    if plain is None:
        return None
    return keys.seal(str(plain), tenant_id=tx.tenant_id, field=service.secret_field(key))


async def _put(
    tx: Tx, service: Service, key: str, *, value: Any = None, sealed: str | None = None
) -> None:
    """Store one property; without a value it returns to its default."""
    if value is None and sealed is None:
        await tx.session.execute(
            delete(ServiceProperty).where(
                ServiceProperty.tenant_id == tx.tenant_id,
                ServiceProperty.domain == service.domain,
                ServiceProperty.service == service.name,
                ServiceProperty.key == key,
            )
        )
        return
    statement = insert(ServiceProperty).values(_row(tx, service, key, value=value, sealed=sealed))
    await tx.session.execute(
        statement.on_conflict_do_update(
            constraint="pk_service_property",
            set_={"value": statement.excluded.value, "sealed": statement.excluded.sealed},
        )
    )


async def _note_change(
    tx: Tx,
    configuration: ServiceConfiguration,
    service: Service,
    changes: dict[str, tuple[Any, Any]],
) -> None:
    configuration.revision += 1
    configuration.updated_at, configuration.updated_by = tx.now, tx.actor.name
    await tx.session.flush()
    await audit.record(
        tx,
        "service-properties:change",
        target_type="service",
        changes=changes,
        domain=service.domain,
        service=service.name,
    )


async def _ensure_configuration(tx: Tx, service: Service) -> ServiceConfiguration:
    await _insert_configuration(tx, service)
    configuration = await queries.find_configuration(tx, service, lock=True)
    if configuration is None:
        raise RuntimeError("the configuration was neither inserted nor found")
    return configuration


async def _insert_configuration(tx: Tx, service: Service) -> None:
    await tx.session.execute(
        ENSURE_CONFIGURATION,
        {
            "tenant_id": tx.tenant_id,
            "domain": service.domain,
            "service": service.name,
            "revision": 1,
            "updated_at": tx.now,
            "updated_by": tx.actor.name,
        },
    )


def _row(
    tx: Tx, service: Service, key: str, *, value: Any = None, sealed: str | None = None
) -> dict[str, Any]:
    return {
        "tenant_id": tx.tenant_id,
        "domain": service.domain,
        "service": service.name,
        "key": key,
        "value": value,
        "sealed": sealed,
    }
