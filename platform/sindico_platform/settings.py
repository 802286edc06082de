"""Settings: frozen, typed, documented, read once.

Nothing else reads the environment. `docs/config.md` lists every field; a test compares the two.
"""

import os
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any, Generic, NewType, TypeVar, get_type_hints

T = TypeVar("T")


class Secret(Generic[T]):
    """A value that prints as ``***``; `reveal` gives it to the one place that needs it."""

    __slots__ = ("_value",)

    def __init__(self, value: T) -> None:
        self._value = value

    def reveal(self) -> T:
        return self._value

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__


class SettingsInvalid(Exception):
    """One or more settings are missing or malformed; the message lists all of them."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__(
            "Settings are not valid:\n" + "\n".join(f"  - {fault}" for fault in faults)
        )


EmailAddress = NewType("EmailAddress", str)
Network = IPv4Network | IPv6Network


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """Environment prefix ``SINDICO_``; the variable is the field's name in upper case."""

    database_url: Secret[str]
    """Role `app`: PostgreSQL 15 or newer, as ``postgresql://user:password@host:port/name``."""
    database_owner_url: Secret[str] | None = None
    """Role `owner`, needed by `sindico migrate` alone."""
    database_fleet_url: Secret[str]
    """Role `fleet`: reads named tables across tenants, for the clock and the vendor's screens."""
    redis_url: Secret[str]
    """Redis or Valkey; losing its data loses nothing."""
    key_ring: Secret[str]
    """Keys that seal secrets: ``id:base64url`` pairs, comma-separated, newest first; 32 bytes each.
    """
    public_url: str = "http://127.0.0.1:8100"
    """Address people and integrators use; links in mail and `Location` headers start with it."""
    blob_url: str = "file:///var/lib/sindico/blobs"
    """Where uploaded and exported bytes lie: ``file://…`` or ``s3://bucket/prefix``."""
    mail_url: Secret[str] | None = None
    """The product's own mail: ``smtp://`` or ``smtps://user:password@host:port?from=address``."""
    alert_mail_to: tuple[EmailAddress, ...] = ()
    """Addresses of the vendor's own, comma-separated, that get every tenant's alerts."""
    egress_allow: tuple[Network, ...] = ()
    """CIDR ranges, comma-separated, that hosts typed by customers may be in though private."""
    demo: bool = False
    """Loopback is open for sandboxes; the console says so on every page."""
    log_format: str = "json"
    """``json`` or ``text``."""
    trusted_proxies: tuple[Network, ...] = ()
    """CIDR ranges whose ``X-Forwarded-For`` is believed."""


def load_settings(environ: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """Read settings from the environment; `overrides` win and are taken as they are.

    Raises:
        SettingsInvalid: listing every missing or malformed value.
    """
    source = os.environ if environ is None else environ
    values: dict[str, Any] = dict(overrides)
    faults: list[str] = []
    hints = get_type_hints(Settings)
    for item in fields(Settings):
        name = f"SINDICO_{item.name.upper()}"
        if item.name in values:
            continue
        if raw := source.get(name):
            try:
                values[item.name] = _parse(hints[item.name], raw)
            except ValueError as error:
                faults.append(f"{name}: {error}")
        elif item.default is MISSING:
            faults.append(f"{name} is not set")
    if faults:
        raise SettingsInvalid(faults)
    return Settings(**values)


def _parse(hint: Any, raw: str) -> Any:
    if hint is bool:
        if raw.lower() not in {"true", "false", "1", "0"}:
            raise ValueError(f"expected true or false, got {raw!r}")
        return raw.lower() in {"true", "1"}
    if hint == tuple[Network, ...]:
        return tuple(map(ip_network, _split(raw)))
    if hint == tuple[EmailAddress, ...]:
        return tuple(map(_check_address, _split(raw)))
    if hint is str:
        return raw
    return Secret(raw)


def _split(raw: str) -> list[str]:
    return [part.strip() for part in raw.split(",") if part.strip()]


def _check_address(text: str) -> EmailAddress:
    from sindico_platform.email_addresses import is_email_address  # a start without it is quicker

    if not is_email_address(text):
        raise ValueError(f"expected mail addresses with commas between, got {text!r}")
    return EmailAddress(text)
