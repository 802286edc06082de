"""Opening the connector of an integration."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sindico_platform.connection_tests.schemas import Report
from sindico_platform.connection_tests.walk import report_on
from sindico_platform.errors import FieldError
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


@dataclass(frozen=True, kw_only=True, slots=True)
class _Kind:
    find_faults: Callable[[Mapping[str, Any]], list[FieldError]]
    open: Callable[..., Connector]


_KINDS = {
    "mega": _Kind(find_faults=mega.find_setting_faults, open=_open_mega),
    "erpx": _Kind(find_faults=erpx.find_setting_faults, open=_open_erpx),
}


def _kind_of(kind: str) -> _Kind:
    if kind not in _KINDS:
        raise ConnectorNotFound(kind=kind)
    return _KINDS[kind]


def find_property_faults(kind: str, properties: Mapping[str, Any]) -> list[FieldError]:
    """Find everything that is wrong with service properties; fields that are absent count as empty.

    Raises:
        ConnectorNotFound: no connector has that name.
    """
    return _kind_of(kind).find_faults(properties)


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
    return _kind_of(kind).open(properties, http=http, scope=scope, now=now)


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
