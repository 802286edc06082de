"""A tenant's service properties for Mega (domain ``crm``, service ``integration_mega``)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sindico_platform.egress import tls_context
from sindico_platform.errors import FieldError, InvalidInput, Terminal, field_error
from sindico_platform.settings import Secret
from sindico_provisioning.connectors.mega.schemas import ROUTES
from sindico_provisioning.connectors.schemas import Property, PropertyType

_WINDOW_MARKS = ("{inicio}", "{fim}")
_MAX_ROUTE = 300
_ROUTE = re.compile(r"/(?!/)[\w./?&=%{}:,-]*", re.ASCII)
_REQUIRED = "The field is required."

PROPERTIES = (
    Property(
        key="url",
        type=PropertyType.STRING,
        label="URL",
        description="Endereço do ERP, na forma https://dominio:porta/.",
        required=True,
    ),
    Property(
        key="tenantId",
        type=PropertyType.STRING,
        label="Tenant ID",
        description="Identificador do ambiente na nuvem da Mega; em servidor próprio, deixe vazio.",
    ),
    Property(
        key="username",
        type=PropertyType.STRING,
        label="Usuário",
        description="Usuário da API do ERP.",
        required=True,
    ),
    Property(
        key="password",
        type=PropertyType.SECRET,
        label="Senha",
        description="Senha do usuário da API.",
        required=True,
    ),
    Property(
        key="grantType",
        type=PropertyType.STRING,
        label="Grant type",
        description="Forma de autenticação; a Mega conhece Api.",
        default="Api",
    ),
    Property(
        key="caCertificate",
        type=PropertyType.STRING,
        label="Certificado da autoridade",
        description="Certificado em PEM, quando o ERP não usa uma autoridade pública.",
        multiline=True,
    ),
    Property(
        key="ativo",
        type=PropertyType.BOOLEAN,
        label="Ativo",
        description="Se a integração pode ser executada.",
        default=True,
    ),
    Property(
        key="fusoHorario",
        type=PropertyType.STRING,
        label="Fuso horário",
        description="Fuso dos horários que o ERP informa sem fuso.",
        default="America/Sao_Paulo",
        advanced=True,
    ),
    *(
        Property(
            key=route.setting,
            type=PropertyType.STRING,
            label=f"Rota de {route.table}",
            description="Caminho no ERP; {inicio} e {fim} recebem as datas. Vazio: não carregar.",
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
                faults.append(field_error(item.key, "required", _REQUIRED))
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
            return _find_certificate_faults(value)
        case "fusoHorario":
            return _find_zone_faults(value)
        case _ if key.startswith("rota"):
            return _find_route_faults(key, value)
    return []


def find_url_faults(url: str, *, field: str = "url") -> list[FieldError]:
    """Find what keeps a URL from the form ``https://host:port/`` (R-168, R-169)."""

    def fault(code: str, detail: str) -> FieldError:
        return field_error(field, code, detail)

    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return [fault("url-malformed", "The URL must have the form https://host:port/.")]
    faults = []
    if not url.isprintable() or " " in url or not host:
        faults.append(fault("url-malformed", "The URL must have the form https://host:port/."))
    if parts.scheme != "https":
        faults.append(fault("url-scheme", "The URL must start with https://."))
    if parts.username is not None or parts.password is not None:
        detail = "The URL must not hold a user or password; they have fields of their own."
        faults.append(fault("url-credentials", detail))
    if host and not port:
        detail = "The URL must state the port, as in https://host:8443/."
        faults.append(fault("url-port-missing", detail))
    if host and not parts.path:
        faults.append(fault("url-trailing-slash", "The URL must end with a slash."))
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        detail = "The URL must end after the port and its slash; leave the path out."
        faults.append(fault("url-extra-path", detail))
    return faults


def _find_tenant_id_faults(value: str) -> list[FieldError]:
    try:
        UUID(value)
    except ValueError:
        detail = "The tenant id must be a GUID, such as 6f0c1d52-8f0e-4c5b-9a53-2f9a1f6f0d11."
        return [field_error("tenantId", "guid-malformed", detail)]
    return []


def _find_certificate_faults(value: str) -> list[FieldError]:
    try:
        tls_context(value)
    except Terminal as fault:
        return [field_error("caCertificate", fault.code, fault.detail, **fault.facts)]
    return []


def _find_zone_faults(value: str) -> list[FieldError]:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError):
        detail = "There is no time zone {zone}."
        return [field_error("fusoHorario", "time-zone-unknown", detail, zone=value[:60])]
    return []


def _find_route_faults(key: str, value: str) -> list[FieldError]:
    marks = [mark in value for mark in _WINDOW_MARKS]
    plain = value
    for mark in _WINDOW_MARKS:
        plain = plain.replace(mark, "", 1)
    right = _ROUTE.fullmatch(value) and ".." not in value and not set(plain) & set("{}")
    if not right or len(value) > _MAX_ROUTE or len(set(marks)) > 1:
        detail = (
            "A route is a path such as /api/global/Filial; dates stand in it as both {{inicio}} "
            "and {{fim}}, or not at all."
        )
        return [field_error(key, "route-malformed", detail)]
    return []
