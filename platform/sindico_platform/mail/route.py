"""``SINDICO_MAIL_URL``: which server the product's mail goes through, and from whom."""

from dataclasses import dataclass
from email.headerregistry import Address
from email.utils import parseaddr
from pathlib import Path
from typing import Self
from urllib.parse import parse_qs, unquote, urlsplit

from sindico_platform.settings import Secret, SettingsInvalid

_PORTS = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True, kw_only=True, slots=True)
class MailRoute:
    """A parsed ``smtp://`` or ``smtps://user:password@host:port?from=address&ca=file``.

    ``smtps`` is TLS from the first byte. ``smtp`` turns to TLS when the server offers it; without
    it a password is never sent, and mail without a login goes in the clear.
    """

    host: str
    port: int
    implicit_tls: bool
    sender: Address
    user: str | None = None
    password: Secret[str] | None = None
    ca_pem: str | None = None
    """Certificates to trust instead of the public authorities."""

    @classmethod
    def parse(cls, url: Secret[str]) -> Self:
        """Read the setting.

        Raises:
            SettingsInvalid: listing every fault, never the password.
        """
        parts = urlsplit(url.reveal())
        options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        faults: list[str] = []
        sender = _sender(options.pop("from", ""), faults)
        ca_pem = _ca(options.pop("ca", None), faults)
        port = _port(parts, faults)
        if parts.scheme not in _PORTS or not parts.hostname:
            faults.append("expected smtp:// or smtps:// and a host")
        if (parts.username is None) != (parts.password is None):
            faults.append("user and password come together; escape : @ / as %3A %40 %2F")
        faults += [f"unknown option {name}" for name in options]
        if faults or sender is None or not parts.hostname:
            raise SettingsInvalid([f"SINDICO_MAIL_URL: {fault}" for fault in faults])
        return cls(
            host=parts.hostname,
            port=port,
            implicit_tls=parts.scheme == "smtps",
            sender=sender,
            user=unquote(parts.username) if parts.username else None,
            password=Secret(unquote(parts.password)) if parts.password else None,
            ca_pem=ca_pem,
        )


def _port(parts: object, faults: list[str]) -> int:
    try:
        port = parts.port  # type: ignore[attr-defined]  # urlsplit's result has several types
    except ValueError:
        faults.append("the port is not a number up to 65535")
        return 0
    return port or _PORTS.get(parts.scheme, 0)  # type: ignore[attr-defined]  # as above


def _sender(text: str, faults: list[str]) -> Address | None:
    name, address = parseaddr(text)
    try:
        if "@" in address:
            return Address(display_name=name or "Síndico", addr_spec=address)
    except ValueError:
        pass
    faults.append("expected ?from=address, such as no-reply@example.com")
    return None


def _ca(path: str | None, faults: list[str]) -> str | None:
    if path is None:
        return None
    try:
        return Path(path).read_text()
    except OSError as error:
        faults.append(f"the file of ?ca= cannot be read: {error.strerror}")
        return None
