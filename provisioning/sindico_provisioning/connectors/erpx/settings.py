"""A tenant's service properties for ERPX (domain ``crm``, service ``integration_erpx``)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
from sindico_provisioning.connectors.erpx.schemas import (
    BRIDGE,
    DEFAULT_PAGE_ROWS,
    MAX_PAGE_ROWS,
    ROUTES,
    SINCE_MARK,
    Access,
    Paging,
)
from sindico_provisioning.connectors.properties import (
    ACTIVE,
    CA_CERTIFICATE,
    DEFAULT_ZONE,
    TIME_ZONE,
    declare_routes,
    read_secret,
)
from sindico_provisioning.connectors.schemas import Choice, Property, PropertyType

_BASE = re.compile(r"(/[\w.-]+)*", re.ASCII)
_ROUTE = re.compile(r"(/[\w.-]+)+(\?filter=(?P<filter>[^?&#]+))?", re.ASCII)

PROPERTIES = (
    Property(
        key="url",
        type=PropertyType.STRING,
        label=translatable("URL"),
        description=translatable("Address of the platform, as https://host:port/."),
        required=True,
        default="https://platform.senior.com.br:443/",
    ),
    Property(
        key="acesso",
        type=PropertyType.STRING,
        label=translatable("Sign in as"),
        description=translatable(
            "An application is the better identity: its key does not expire, and its roles say "
            "what it may read."
        ),
        choices=(
            Choice(value=Access.KEY, label=translatable("Application, with key and secret")),
            Choice(value=Access.USER, label=translatable("User, with password")),
        ),
        default=Access.KEY.value,
    ),
    Property(
        key="tenantName",
        type=PropertyType.STRING,
        label=translatable("Tenant name"),
        description=translatable(
            "Name of the tenant on the platform, not its domain. Needed by applications; for a "
            "user it lets tokens be renewed without the password."
        ),
    ),
    Property(
        key="accessKey",
        type=PropertyType.STRING,
        label=translatable("Access key"),
        description=translatable("Of an application: its key, as registered on the platform."),
    ),
    Property(
        key="secret",
        type=PropertyType.SECRET,
        label=translatable("Secret"),
        description=translatable("Of an application: its secret."),
    ),
    Property(
        key="username",
        type=PropertyType.STRING,
        label=translatable("User"),
        description=translatable("Of a user: the login, as user@tenant-domain."),
    ),
    Property(
        key="password",
        type=PropertyType.SECRET,
        label=translatable("Password"),
        description=translatable("Of a user: the password."),
    ),
    CA_CERTIFICATE,
    ACTIVE,
    Property(
        key="caminhoBase",
        type=PropertyType.STRING,
        label=translatable("Base path"),
        description=translatable("Where the platform's services begin."),
        default=BRIDGE,
        advanced=True,
    ),
    Property(
        key="paginacao",
        type=PropertyType.STRING,
        label=translatable("Paging"),
        description=translatable(
            "How an entity is walked. By id nothing shifts between pages; by page number where the "
            "platform does not keep the order asked for."
        ),
        choices=(
            Choice(value=Paging.IDS, label=translatable("By id")),
            Choice(value=Paging.PAGES, label=translatable("By page number")),
        ),
        default=Paging.IDS.value,
        proposed=True,
        advanced=True,
    ),
    Property(
        key="linhasPorPagina",
        type=PropertyType.STRING,
        label=translatable("Rows per page"),
        description=translatable("How many rows one request asks for, from 1 to {most}."),
        facts={"most": str(MAX_PAGE_ROWS)},
        default=str(DEFAULT_PAGE_ROWS),
        proposed=True,
        advanced=True,
    ),
    Property(
        key="separadorDecimal",
        type=PropertyType.STRING,
        label=translatable("Decimal separator"),
        description=translatable("Of numbers that the ERP writes as text."),
        choices=(
            Choice(value=".", label=translatable("Point")),
            Choice(value=",", label=translatable("Comma")),
        ),
        default=".",
        proposed=True,
        advanced=True,
    ),
    TIME_ZONE,
    *declare_routes(
        ROUTES.values(),
        translatable(
            "Path of the entity, with ?filter= and an expression if not all rows are meant; "
            "{{inicio}} becomes the first day. Empty: not read."
        ),
    ),
)

NEEDED = {
    Access.KEY: ("tenantName", "accessKey", "secret"),
    Access.USER: ("username", "password"),
}
"""What each way of signing in needs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ErpxSettings:
    """Service properties, read and found right."""

    url: str
    access: Access
    tenant_name: str | None
    access_key: str
    secret: Secret[str]
    username: str
    password: Secret[str]
    ca_certificate: str | None
    base_path: str
    paging: Paging
    page_rows: int
    decimal_comma: bool
    time_zone: str
    routes: Mapping[str, str]
    """Path by table; tables without one are not read."""


def read_settings(properties: Mapping[str, Any]) -> ErpxSettings:
    """Read service properties, by their keys.

    Raises:
        InvalidInput: naming everything that is wrong with them.
    """
    given = {item.key: properties.get(item.key, item.default) for item in PROPERTIES}
    secret, password = read_secret(given["secret"]), read_secret(given["password"])
    plain = {"secret": secret.reveal(), "password": password.reveal()}
    if faults := find_setting_faults(given | plain):
        raise InvalidInput(*faults)
    return ErpxSettings(
        url=given["url"],
        access=Access(given["acesso"] or Access.KEY),
        tenant_name=given["tenantName"] or None,
        access_key=given["accessKey"] or "",
        secret=secret,
        username=given["username"] or "",
        password=password,
        ca_certificate=given["caCertificate"] or None,
        base_path=given["caminhoBase"] or "",
        paging=Paging(given["paginacao"] or Paging.IDS),
        page_rows=int(given["linhasPorPagina"] or DEFAULT_PAGE_ROWS),
        decimal_comma=given["separadorDecimal"] == ",",
        time_zone=given["fusoHorario"] or DEFAULT_ZONE,
        routes={r.table: path for r in ROUTES.values() if (path := given[r.setting])},
    )


def find_setting_faults(properties: Mapping[str, Any]) -> list[FieldError]:
    """Find everything that is wrong with the properties that are given."""
    access = properties.get("acesso") or Access.KEY
    return find_all_faults(PROPERTIES, properties, finders=_FINDERS, needed=NEEDED.get(access, ()))


def _find_number_faults(value: str, *, field: str) -> list[FieldError]:
    is_number = value.isascii() and value.isdecimal() and len(value) <= len(str(MAX_PAGE_ROWS))
    if is_number and 1 <= int(value) <= MAX_PAGE_ROWS:
        return []
    detail = translatable("Enter a whole number from 1 to {most}.")
    return [field_error(field, "number-out-of-range", detail, most=MAX_PAGE_ROWS)]


def _find_base_faults(value: str, *, field: str) -> list[FieldError]:
    if len(value) <= MAX_ROUTE and _BASE.fullmatch(value) and ".." not in value:
        return []
    detail = translatable(
        "A base path begins with a slash and ends without one, such as {example}."
    )
    return [field_error(field, "path-malformed", detail, example=BRIDGE)]


def _find_route_faults(value: str, *, field: str) -> list[FieldError]:
    found = _ROUTE.fullmatch(value)
    plain = value.replace(SINCE_MARK, "", 1)
    is_right = found and value.isprintable() and ".." not in value and not set(plain) & set("{}")
    if is_right and len(value) <= MAX_ROUTE:
        return []
    detail = translatable(
        "A route is the path of an entity such as /erpx_fnd/pessoa/entities/e001pes, followed by "
        "?filter= and an expression if not all rows are meant."
    )
    return [field_error(field, "route-malformed", detail)]


_FINDERS: Mapping[str, FindFaults] = {
    **SHARED_FINDERS,
    "tenantName": find_header_faults,
    "linhasPorPagina": _find_number_faults,
    "caminhoBase": _find_base_faults,
    **{route.setting: _find_route_faults for route in ROUTES.values()},
}
