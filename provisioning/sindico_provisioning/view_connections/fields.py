"""What may be typed into the fields of a View connection."""

import re
from collections.abc import Iterator
from zoneinfo import ZoneInfo, available_timezones

from sindico_platform.egress.tls import tls_context
from sindico_platform.errors import FieldError, InvalidInput, OutsideError, field_error
from sindico_provisioning.connectors.view.schemas import DEFAULT_PORTS, TlsMode
from sindico_provisioning.view_connections.schemas import (
    MAX_STATEMENT_SECONDS,
    ViewConnectionIn,
)

LONGEST = {"database": 128, "username": 128, "password": 1000}
MAX_PEM = 20_000
MAX_NAME = 100
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def port_of(data: ViewConnectionIn) -> int:
    """The port typed, or the dialect's usual one."""
    return DEFAULT_PORTS[data.dialect] if data.port is None else data.port


def demand_valid(data: ViewConnectionIn) -> None:
    """Refuse what cannot be, with all its reasons, but for the address itself.

    Raises:
        InvalidInput: listing every field that is wrong.
    """
    if faults := [*_line_faults(data), *_other_faults(data), *_certificate_faults(data)]:
        raise InvalidInput(*faults)


def clean_name(name: str) -> str:
    """The name of an integration as it is kept.

    Raises:
        InvalidInput: it is empty or too long.
    """
    cleaned = " ".join(name.split())
    if not cleaned:
        raise InvalidInput(field_error("name", "required", "This field is required."))
    if len(cleaned) > MAX_NAME:
        fault = field_error("name", "too-long", "At most {most} characters.", most=MAX_NAME)
        raise InvalidInput(fault)
    return cleaned


def _line_faults(data: ViewConnectionIn) -> Iterator[FieldError]:
    for name, most in LONGEST.items():
        text = getattr(data, name)
        if not isinstance(text, str):
            continue
        if name != "password" and not text.strip():
            yield field_error(name, "required", "This field is required.")
        if len(text) > most:
            yield field_error(name, "too-long", "At most {most} characters.", most=most)
        if _CONTROL.search(text):
            detail = "Line breaks and control characters are not possible here."
            yield field_error(name, "control-characters", detail)


def _other_faults(data: ViewConnectionIn) -> Iterator[FieldError]:
    if not 1 <= data.statement_seconds <= MAX_STATEMENT_SECONDS:
        yield field_error(
            "statement_seconds",
            "out-of-range",
            "Enter a number from {least} to {most}.",
            least=1,
            most=MAX_STATEMENT_SECONDS,
        )
    if data.time_zone is not None and not is_zone(data.time_zone):
        detail = "There is no such time zone; America/Sao_Paulo is one."
        yield field_error("time_zone", "time-zone-unknown", detail)


def is_zone(name: str) -> bool:
    return name in available_timezones() and bool(ZoneInfo(name))


def _certificate_faults(data: ViewConnectionIn) -> Iterator[FieldError]:
    pem = data.ca_certificate
    if pem is None:
        return
    if data.tls is TlsMode.NONE:
        yield field_error("ca_certificate", "for-tls-only", "This is for TLS only.")
    if len(pem) > MAX_PEM:
        yield field_error("ca_certificate", "too-long", "At most {most} characters.", most=MAX_PEM)
        return
    try:
        tls_context(pem)
    except OutsideError as error:
        yield field_error("ca_certificate", error.code, error.detail, **error.facts)
