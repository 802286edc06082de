"""Finding what is wrong with service properties."""

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Protocol
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sindico_platform.egress import tls_context
from sindico_platform.errors import FieldError, Terminal, field_error
from sindico_platform.words import translatable
from sindico_provisioning.connectors.schemas import Property, PropertyType
from sindico_provisioning.connectors.sessions import fits_header

MAX_ROUTE = 300
"""Characters of a path."""


class FindFaults(Protocol):
    """Finds what is wrong with a text that is given for a property."""

    def __call__(self, value: str, *, field: str) -> list[FieldError]: ...


def find_all_faults(
    declared: Iterable[Property],
    given: Mapping[str, Any],
    *,
    finders: Mapping[str, FindFaults],
    needed: Collection[str] = (),
) -> list[FieldError]:
    """Find everything that is wrong with the properties that are given.

    Args:
        finders: by key, for texts that have to have a form.
        needed: keys that what else is given requires.
    """
    faults: list[FieldError] = []
    for item in declared:
        value = given.get(item.key)
        if item.type is PropertyType.BOOLEAN:
            if not isinstance(value, bool | None):
                faults.append(field_error(item.key, "wrong-type", "Expected true or false."))
        elif value is None or value == "":
            if item.required or item.key in needed:
                faults.append(field_error(item.key, "required", "This field is required."))
        elif not isinstance(value, str):
            faults.append(field_error(item.key, "wrong-type", "Expected text."))
        elif item.choices:
            faults.extend(find_choice_faults(item, value))
        elif find := finders.get(item.key):
            faults.extend(find(value, field=item.key))
    return faults


def find_url_faults(value: str, *, field: str) -> list[FieldError]:
    """Find what keeps a URL from the form ``https://host:port/`` (R-168, R-169)."""
    malformed = field_error(
        field, "url-malformed", "The URL must have the form https://host:port/."
    )
    try:
        parts = urlsplit(value)
        host, port = parts.hostname, parts.port
    except ValueError:
        return [malformed]
    faults = [] if value.isprintable() and " " not in value and host else [malformed]
    if parts.scheme != "https":
        faults.append(field_error(field, "url-scheme", "The URL must start with https://."))
    if parts.username is not None or parts.password is not None:
        detail = translatable(
            "The URL must not hold a user or password; they have fields of their own."
        )
        faults.append(field_error(field, "url-credentials", detail))
    if host and not port:
        detail = translatable("The URL must state the port, as in https://host:8443/.")
        faults.append(field_error(field, "url-port-missing", detail))
    if host and not parts.path:
        detail = translatable("The URL must end with a slash.")
        faults.append(field_error(field, "url-trailing-slash", detail))
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        detail = translatable("The URL must end after the port and its slash; leave the path out.")
        faults.append(field_error(field, "url-extra-path", detail))
    return faults


def find_header_faults(value: str, *, field: str) -> list[FieldError]:
    """Find what keeps a text from being sent in a header."""
    if fits_header(value):
        return []
    detail = translatable(
        "It is sent in a header, so it may only have letters without accents, digits and signs, "
        "and no space around it."
    )
    return [field_error(field, "header-malformed", detail)]


def find_certificate_faults(value: str, *, field: str) -> list[FieldError]:
    try:
        tls_context(value)
    except Terminal as fault:
        return [field_error(field, fault.code, fault.detail, **fault.facts)]
    return []


def find_zone_faults(value: str, *, field: str) -> list[FieldError]:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError):
        detail = translatable("There is no time zone {zone}.")
        return [field_error(field, "time-zone-unknown", detail, zone=value[:60])]
    return []


def find_choice_faults(item: Property, value: str) -> list[FieldError]:
    values = [choice.value for choice in item.choices]
    if value in values:
        return []
    detail = translatable("Choose one of: {values}.")
    return [field_error(item.key, "not-offered", detail, values=", ".join(values))]


SHARED_FINDERS: Mapping[str, FindFaults] = MappingProxyType(
    {
        "url": find_url_faults,
        "caCertificate": find_certificate_faults,
        "fusoHorario": find_zone_faults,
    }
)
"""By key of a property that connectors of ERPs over HTTP have alike."""
