"""Opening the connector of an integration."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sindico_platform.connection_tests.schemas import Report
from sindico_platform.connection_tests.walk import report_on
from sindico_provisioning.connectors.erpx import settings as erpx
from sindico_provisioning.connectors.erpx.connector import ErpxConnector
from sindico_provisioning.connectors.errors import ConnectorNotFound
from sindico_provisioning.connectors.mega import settings as mega
from sindico_provisioning.connectors.mega.connector import MegaConnector
from sindico_provisioning.connectors.schemas import CHECK_STAGES, Connector, HttpClients
from sindico_provisioning.connectors.sessions import Now, utc_now


def _open_mega(
    properties: Mapping[str, Any], *, http: HttpClients, scope: str, now: Now
) -> Connector:
    return MegaConnector(mega.read_settings(properties), http=http, scope=scope, now=now)


def _open_erpx(
    properties: Mapping[str, Any], *, http: HttpClients, scope: str, now: Now
) -> Connector:
    return ErpxConnector(erpx.read_settings(properties), http=http, scope=scope, now=now)


_OPENERS: dict[str, Callable[..., Connector]] = {"mega": _open_mega, "erpx": _open_erpx}
"""By kind of connector."""


def open_connector(
    kind: str, properties: Mapping[str, Any], *, http: HttpClients, scope: str, now: Now = utc_now
) -> Connector:
    """Make the connector of an integration, to be used as an async context manager.

    Args:
        kind: ``mega`` or ``erpx``.
        properties: service properties by key; secrets in clear or as `Secret`.
        http: makes guarded clients.
        scope: whose credential it is, usually the tenant's id.
        now: the clock.

    Raises:
        ConnectorNotFound: no connector has that name.
        InvalidInput: the properties are not complete or not right.
    """
    if kind not in _OPENERS:
        raise ConnectorNotFound(kind=kind)
    return _OPENERS[kind](properties, http=http, scope=scope, now=now)


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
