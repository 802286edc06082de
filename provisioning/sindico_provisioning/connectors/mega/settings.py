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
    find_certificate_faults,
    find_url_faults,
    find_zone_faults,
)
from sindico_provisioning.connectors.mega.schemas import ROUTES
from sindico_provisioning.connectors.schemas import Property, PropertyType

_WINDOW_MARKS = ("{inicio}", "{fim}")
_MAX_ROUTE = 300
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
    Property(
        key="caCertificate",
        type=PropertyType.STRING,
        label=translatable("CA certificate"),
        description=translatable(
            "Certificate in PEM form, where the ERP's authority is not a public one."
        ),
        multiline=True,
    ),
    Property(
        key="ativo",
        type=PropertyType.BOOLEAN,
        label=translatable("Active"),
        description=translatable("Whether the integration may run."),
        default=True,
    ),
    Property(
        key="fusoHorario",
        type=PropertyType.STRING,
        label=translatable("Time zone"),
        description=translatable("Zone of the times that the ERP gives without one."),
        default="America/Sao_Paulo",
        advanced=True,
    ),
    *(
        Property(
            key=route.setting,
            type=PropertyType.STRING,
            label=translatable("Route of the table {table}"),
            description=translatable(
                "Path in the ERP; {{inicio}} and {{fim}} become dates. Empty: not read."
            ),
            facts={"table": route.table},
            default=route.path,
            proposed=not route.verified,
            advanced=True,
        )
        for route in ROUTES.values()
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
    time_zone: str = "America/Sao_Paulo"
    routes: Mapping[str, str]
    """Path by table; tables without one are not read."""


def read_settings(properties: Mapping[str, Any]) -> MegaSettings:
    """Read service properties, by their keys.

    Raises:
        InvalidInput: naming everything that is wrong with them.
    """
    given = {item.key: properties.get(item.key, item.default) for item in PROPERTIES}
    password = given["password"]
    secret = password if isinstance(password, Secret) else Secret(str(password or ""))
    faults = find_setting_faults(given | {"password": secret.reveal()})
    if faults:
        raise InvalidInput(*faults)
    return MegaSettings(
        url=given["url"],
        username=given["username"],
        password=secret,
        tenant_id=given["tenantId"] or None,
        grant_type=given["grantType"] or "Api",
        ca_certificate=given["caCertificate"] or None,
        active=bool(given["ativo"]),
        time_zone=given["fusoHorario"] or "America/Sao_Paulo",
        routes={r.table: path for r in ROUTES.values() if (path := given[r.setting])},
    )


def find_setting_faults(properties: Mapping[str, Any]) -> list[FieldError]:
    """Find everything that is wrong with the properties that are given."""
    faults: list[FieldError] = []
    for item in PROPERTIES:
        value = properties.get(item.key)
        if item.type is PropertyType.BOOLEAN:
            if not isinstance(value, bool | None):
                faults.append(field_error(item.key, "wrong-type", "Expected true or false."))
        elif value is None or value == "":
            if item.required:
                faults.append(field_error(item.key, "required", "This field is required."))
        elif not isinstance(value, str):
            faults.append(field_error(item.key, "wrong-type", "Expected text."))
        else:
            faults.extend(_find_faults(item.key, value))
    return faults


def _find_faults(key: str, value: str) -> list[FieldError]:
    match key:
        case "url":
            return find_url_faults(value, field=key)
        case "tenantId":
            return _find_tenant_id_faults(value)
        case "caCertificate":
            return find_certificate_faults(value, field=key)
        case "fusoHorario":
            return find_zone_faults(value, field=key)
        case _ if key.startswith("rota"):
            return _find_route_faults(key, value)
    return []


def _find_tenant_id_faults(value: str) -> list[FieldError]:
    try:
        UUID(value)
    except ValueError:
        detail = translatable(
            "The tenant id must be a GUID, such as 6f0c1d52-8f0e-4c5b-9a53-2f9a1f6f0d11."
        )
        return [field_error("tenantId", "guid-malformed", detail)]
    return []


def _find_route_faults(key: str, value: str) -> list[FieldError]:
    marks = [mark in value for mark in _WINDOW_MARKS]
    plain = value
    for mark in _WINDOW_MARKS:
        plain = plain.replace(mark, "", 1)
    right = _ROUTE.fullmatch(value) and ".." not in value and not set(plain) & set("{}")
    if not right or len(value) > _MAX_ROUTE or len(set(marks)) > 1:
        detail = translatable(
            "A route is a path such as /api/global/Filial; dates stand in it as both {{inicio}} "
            "and {{fim}}, or not at all."
        )
        return [field_error(key, "route-malformed", detail)]
    return []
