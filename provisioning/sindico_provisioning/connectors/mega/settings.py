"""A tenant's service properties for Mega (domain ``crm``, service ``integration_mega``)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sindico_platform.errors import FieldError, InvalidInput, field_error
from sindico_platform.settings import Secret
from sindico_platform.words import translatable
from sindico_provisioning.connectors.checks import (
    MAX_ROUTE,
    SHARED_FINDERS,
    FindFaults,
    find_all_faults,
    find_header_faults,
)
from sindico_provisioning.connectors.mega.schemas import ROUTES
from sindico_provisioning.connectors.properties import (
    ACTIVE,
    CA_CERTIFICATE,
    DEFAULT_ZONE,
    TIME_ZONE,
    declare_routes,
    read_secret,
)
from sindico_provisioning.connectors.schemas import Property, PropertyType

_WINDOW_MARKS = ("{inicio}", "{fim}")
_ROUTE = re.compile(r"/(?!/)[\w./?&=%{}:,-]*", re.ASCII)

PROPERTIES = (
    Property(
        key="url",
        type=PropertyType.STRING,
        label=translatable("URL"),
        description=translatable("Address of the ERP, as https://host:port/."),
        required=True,
    ),
    Property(
        key="tenantId",
        type=PropertyType.STRING,
        label=translatable("Tenant ID"),
        description=translatable(
            "Your environment in Mega's cloud; empty for a server of your own."
        ),
    ),
    Property(
        key="username",
        type=PropertyType.STRING,
        label=translatable("User"),
        description=translatable("The ERP's user for its API."),
        required=True,
    ),
    Property(
        key="password",
        type=PropertyType.SECRET,
        label=translatable("Password"),
        description=translatable("Password of that user."),
        required=True,
    ),
    Property(
        key="grantType",
        type=PropertyType.STRING,
        label=translatable("Grant type"),
        description=translatable("How to authenticate; Mega knows Api."),
        default="Api",
    ),
    CA_CERTIFICATE,
    ACTIVE,
    TIME_ZONE,
    *declare_routes(
        ROUTES.values(),
        translatable("Path in the ERP; {{inicio}} and {{fim}} become dates. Empty: not read."),
    ),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class MegaSettings:
    """Service properties, read and found right."""

    url: str
    username: str
    password: Secret[str]
    tenant_id: str | None = None
    grant_type: str = "Api"
    ca_certificate: str | None = None
    active: bool = True
    time_zone: str = DEFAULT_ZONE
    routes: Mapping[str, str]
    """Path by table; tables without one are not read."""


def read_settings(properties: Mapping[str, Any]) -> MegaSettings:
    """Read service properties, by their keys.

    Raises:
        InvalidInput: naming everything that is wrong with them.
    """
    given = {item.key: properties.get(item.key, item.default) for item in PROPERTIES}
    password = read_secret(given["password"])
    if faults := find_setting_faults(given | {"password": password.reveal()}):
        raise InvalidInput(*faults)
    return MegaSettings(
        url=given["url"],
        username=given["username"],
        password=password,
        tenant_id=given["tenantId"] or None,
        grant_type=given["grantType"] or "Api",
        ca_certificate=given["caCertificate"] or None,
        active=bool(given["ativo"]),
        time_zone=given["fusoHorario"] or DEFAULT_ZONE,
        routes={r.table: path for r in ROUTES.values() if (path := given[r.setting])},
    )


def find_setting_faults(properties: Mapping[str, Any]) -> list[FieldError]:
    """Find everything that is wrong with the properties that are given."""
    return find_all_faults(PROPERTIES, properties, finders=_FINDERS)


def _find_tenant_id_faults(value: str, *, field: str) -> list[FieldError]:
    try:
        UUID(value)
    except ValueError:
        detail = translatable(
            "The tenant id must be a GUID, such as 6f0c1d52-8f0e-4c5b-9a53-2f9a1f6f0d11."
        )
        return [field_error(field, "guid-malformed", detail)]
    return []


def _find_route_faults(value: str, *, field: str) -> list[FieldError]:
    marks = [mark in value for mark in _WINDOW_MARKS]
    plain = value
    for mark in _WINDOW_MARKS:
        plain = plain.replace(mark, "", 1)
    right = _ROUTE.fullmatch(value) and ".." not in value and not set(plain) & set("{}")
    if not right or len(value) > MAX_ROUTE or len(set(marks)) > 1:
        detail = translatable(
            "A route is a path such as /api/global/Filial; dates stand in it as both {{inicio}} "
            "and {{fim}}, or not at all."
        )
        return [field_error(field, "route-malformed", detail)]
    return []


_FINDERS: Mapping[str, FindFaults] = {
    **SHARED_FINDERS,
    "tenantId": _find_tenant_id_faults,
    "grantType": find_header_faults,
    **{route.setting: _find_route_faults for route in ROUTES.values()},
}
