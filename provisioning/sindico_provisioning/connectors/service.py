"""Opening the connector of an integration."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sindico_platform.connection_tests.schemas import Report
from sindico_platform.connection_tests.walk import report_on
from sindico_platform.errors import FieldError
from sindico_provisioning.connectors.errors import ConnectorNotFound
from sindico_provisioning.connectors.mega.connector import MegaConnector, utc_now
from sindico_provisioning.connectors.mega.session import Now
from sindico_provisioning.connectors.mega.settings import (
    PROPERTIES,
    find_setting_faults,
    read_settings,
)
from sindico_provisioning.connectors.schemas import CHECK_STAGES, Connector, HttpClients, Property

_PROPERTIES = {"mega": PROPERTIES}


def list_properties(kind: str) -> tuple[Property, ...]:
    """List the service properties that a kind of connector reads.

    Raises:
        ConnectorNotFound: no connector has that name.
    """
    if kind not in _PROPERTIES:
        raise ConnectorNotFound(kind=kind)
    return _PROPERTIES[kind]


def find_property_faults(kind: str, properties: Mapping[str, Any]) -> list[FieldError]:
    """Find everything that is wrong with service properties; fields that are absent count as empty.

    Raises:
        ConnectorNotFound: no connector has that name.
    """
    list_properties(kind)
    return find_setting_faults(properties)


def open_connector(
    kind: str, properties: Mapping[str, Any], *, http: HttpClients, scope: str, now: Now = utc_now
) -> Connector:
    """Make the connector of an integration, to be used as an async context manager.

    Args:
        kind: ``mega``.
        properties: service properties by key; secrets in clear or as `Secret`.
        http: makes guarded clients.
        scope: whose credential it is, usually the tenant's id.
        now: the clock.

    Raises:
        ConnectorNotFound: no connector has that name.
        InvalidInput: the properties are not complete or not right.
    """
    list_properties(kind)
    return MegaConnector(read_settings(properties), http=http, scope=scope, now=now)


async def check_connection(
    kind: str, properties: Mapping[str, Any], *, http: HttpClients, scope: str, tested_at: datetime
) -> Report:
    """Sign in to the ERP and read a little, as a load does. Call it outside any transaction.

    Raises:
        ConnectorNotFound: no connector has that name.
        InvalidInput: the properties are not complete or not right.
    """
    async with open_connector(kind, properties, http=http, scope=scope) as connector:
        return await report_on(CHECK_STAGES, connector.check, tested_at=tested_at)
