"""From stored or typed settings to what the transport reaches a server with."""

import hashlib
from dataclasses import asdict, dataclass
from uuid import UUID

import msgspec
from msgspec import UNSET

from sindico_platform.connection_tests.schemas import Report, Stage, StageStatus
from sindico_platform.egress.hosts import normalise_host
from sindico_platform.errors import OutsideError
from sindico_platform.file_transport import Connection, FileServerSettings
from sindico_platform.file_transport.names import normalise_folder
from sindico_platform.secrets import KeyRing
from sindico_platform.settings import Secret
from sindico_tenants.ftp_settings.fields import port_of
from sindico_tenants.ftp_settings.models import FtpSettings
from sindico_tenants.ftp_settings.schemas import (
    PASSWORD_FIELD,
    PRIVATE_KEY_FIELD,
    FtpSettingsIn,
)
from sindico_tenants.server_settings.schemas import Scope
from sindico_tenants.server_settings.service import trusted_authority

Place = tuple[str | None, int | None, str | None, str]
Destination = tuple[Place, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Secrets:
    """What signs in, in plain."""

    password: Secret[str] | None = None
    private_key: Secret[str] | None = None


def place_of(row: FtpSettings) -> Place:
    """Whose folder on which server the files lie in."""
    return row.host, row.port, row.username, row.connection


def destination_of(row: FtpSettings) -> Destination:
    """Where the stored secrets go, and how the server proves who it is."""
    return place_of(row), _proof(row.connection, row.ca_certificate, row.host_key)


def typed_destination(data: FtpSettingsIn, place: Place) -> Destination:
    """Where secrets would go as it was typed; `place` has the host in its normal form."""
    return place, _proof(data.connection, data.ca_certificate, data.host_key)


def _proof(connection: str, ca_certificate: str | None, host_key: str | None) -> str:
    if connection == Connection.SFTP:
        return "".join((host_key or "").split()[-1:])  # with or without the key's kind
    return trusted_authority(ca_certificate) if connection == Connection.FTPS else ""


def open_secrets(row: FtpSettings, keys: KeyRing) -> Secrets:
    """The stored secrets of a row."""

    def plain(sealed: str | None, field: str) -> Secret[str] | None:
        return keys.open(sealed, tenant_id=row.tenant_id, field=field) if sealed else None

    return Secrets(
        password=plain(row.password_sealed, PASSWORD_FIELD),
        private_key=plain(row.private_key_sealed, PRIVATE_KEY_FIELD),
    )


def typed_secrets(data: FtpSettingsIn) -> Secrets:
    """What was typed; a secret that is absent or null is none."""
    password, key = data.password, data.private_key
    return Secrets(
        password=Secret(password) if isinstance(password, str) else None,
        private_key=Secret(key) if isinstance(key, str) else None,
    )


def completed(typed: Secrets, data: FtpSettingsIn, stored: Secrets) -> Secrets:
    """What was typed, and the stored secrets where nothing was sent."""
    is_sftp = data.connection is Connection.SFTP
    return Secrets(
        password=stored.password if data.password is UNSET else typed.password,
        private_key=(
            stored.private_key if data.private_key is UNSET and is_sftp else typed.private_key
        ),
    )


def reach_stored(row: FtpSettings, secrets: Secrets) -> FileServerSettings:
    """What a row with an address is reached with."""
    return FileServerSettings(
        connection=Connection(row.connection),
        host=row.host or "",
        port=row.port or 0,
        folder=row.folder,
        username=row.username or "",
        password=secrets.password,
        private_key=secrets.private_key,
        host_key=row.host_key,
        certificate=row.ca_certificate,
    )


def reach_typed(data: FtpSettingsIn, secrets: Secrets) -> FileServerSettings:
    """What settings are reached with as they were typed, checked by `find_faults`."""
    return FileServerSettings(
        connection=data.connection,
        host=(data.host or "").strip(),
        port=port_of(data) or 0,
        folder=normalise_folder(data.folder),
        username=data.username or "",
        password=secrets.password,
        private_key=secrets.private_key,
        host_key=data.host_key.strip() if data.host_key else None,
        certificate=data.ca_certificate,
    )


def in_one_form(settings: FileServerSettings, host: str) -> bytes:
    """The settings with their secrets, to tell whether two are the same; never to be shown.

    Args:
        host: in its normal form, which is how it is stored.
    """
    values = asdict(settings) | {"host": host}
    plain = {
        name: value.reveal() if isinstance(value, Secret) else value
        for name, value in values.items()
    }
    return msgspec.json.encode(plain, order="deterministic")


def normal_host(host: str) -> str:
    """The form in which hosts are stored; of what is no host at all, the text itself."""
    try:
        return normalise_host(host)
    except OutsideError:
        return host


def wrote_file(report: Report) -> bool:
    """Whether the test left its file in the folder."""
    return any(
        item.stage is Stage.WRITE and item.status is StageStatus.SUCCEEDED for item in report.stages
    )


def test_file_of(tenant_id: UUID, scope: Scope) -> str:
    """The name of the test file: one for each configuration, so that tests do not pile up."""
    digest = hashlib.sha256(f"{tenant_id}/{scope.company_id}/{scope.branch_id}".encode())
    return f"sindico-teste-{digest.hexdigest()[:8]}.txt"


def file_of(row: FtpSettings) -> str:
    """The name of the test file of what is stored."""
    return test_file_of(row.tenant_id, Scope(row.company_id, row.branch_id))


def tested_as(server: FileServerSettings, path: str) -> bytes:
    """What a test's report is bound to: the settings with their secrets, and where the file is."""
    return in_one_form(server, normal_host(server.host)) + path.encode()


def stored_as(row: FtpSettings, keys: KeyRing) -> bytes:
    """What `tested_as` gives of a test of what is stored."""
    return tested_as(reach_stored(row, open_secrets(row, keys)), file_of(row))
