"""The form of file servers' settings: what it shows, and what it sends."""

from collections.abc import Mapping
from typing import Any, TypeVar

from msgspec import structs

from sindico_api.console.submitted import number_in, read_as
from sindico_platform.errors import InvalidInput, field_error
from sindico_platform.file_transport import Connection
from sindico_tenants.ftp_settings.schemas import FtpSettingsIn, FtpSettingsOut

D = TypeVar("D", bound=FtpSettingsIn)

SENT = (
    "company_id",
    "branch_id",
    "transfer_method",
    "connection",
    "host",
    "port",
    "folder",
    "username",
    "password",
    "private_key",
    "host_key",
    "ca_certificate",
)
FIELDS = (
    *SENT,
    "settings_id",
    "revision",
    "signed_report",
    "remove_password",
    "remove_private_key",
    "files_moved",
)
ONLY = {
    "private_key": Connection.SFTP,
    "host_key": Connection.SFTP,
    "ca_certificate": Connection.FTPS,
}
"""Fields that the form hides unless their connection is chosen."""


def values_of(settings: FtpSettingsOut) -> dict[str, Any]:
    """What the form shows of stored settings; secrets stay empty."""
    shown = {name: getattr(settings, name, None) for name in SENT}
    return {
        name: str(value) if name in {"company_id", "branch_id"} and value else value
        for name, value in shown.items()
    } | {"revision": settings.revision, "settings_id": settings.id}


def data_of(kind: type[D], values: Mapping[str, str]) -> D:
    """The struct that the API takes; what the form hides is not sent.

    Raises:
        InvalidInput: a value that the API refuses.
    """
    names = (*SENT, "settings_id") if "settings_id" in kind.__struct_fields__ else SENT
    sent: dict[str, Any] = {name: values[name] for name in names}
    if "files_moved" in kind.__struct_fields__:
        sent["files_moved"] = bool(values["files_moved"])
    for name, connection in ONLY.items():
        if values["connection"] != connection:
            sent[name] = ""
    if sent["port"]:
        sent["port"] = _number(sent["port"])
    data = read_as(kind, sent, required=["connection"])
    return _without_removed(data, values)


def _number(text: str) -> int:
    number = number_in(text)
    if number is None:
        raise InvalidInput(
            field_error("port", "port-out-of-range", "A port is a number from 1 to 65535.")
        )
    return number


def _without_removed(data: D, values: Mapping[str, str]) -> D:
    """Secrets that are marked to be removed are sent as null, unless a new one was typed."""
    removed: dict[str, Any] = {
        name: None
        for name in ("password", "private_key")
        if values[f"remove_{name}"] and not values[name]
    }
    return structs.replace(data, **removed) if removed else data
