"""From a stored or typed connection to what a database is reached with."""

from collections.abc import Iterable
from dataclasses import asdict

import msgspec
from msgspec import UNSET

from sindico_platform.egress.hosts import normalise_host
from sindico_platform.errors import InvalidInput, OutsideError
from sindico_platform.secrets import KeyRing
from sindico_platform.settings import Secret
from sindico_provisioning.connectors.view.schemas import Dialect, TlsMode, ViewServer, ViewSource
from sindico_provisioning.view_connections.fields import port_of
from sindico_provisioning.view_connections.models import ViewConnection, ViewMapping
from sindico_provisioning.view_connections.schemas import PASSWORD_FIELD, ViewConnectionIn
from sindico_tenants.server_settings.service import find_secret_faults, trusted_authority

NO_PASSWORD = Secret("")


def reach_stored(row: ViewConnection, keys: KeyRing) -> ViewServer:
    """What a stored connection is reached with."""
    return ViewServer(
        dialect=Dialect(row.dialect),
        host=row.host,
        port=row.port,
        database=row.database,
        username=row.username,
        password=open_password(row, keys),
        tls=TlsMode(row.tls),
        ca_certificate=row.ca_certificate,
        time_zone=row.time_zone,
        statement_seconds=row.statement_seconds,
    )


def reach_typed(data: ViewConnectionIn, password: Secret[str], *, time_zone: str) -> ViewServer:
    """What a connection is reached with as it was typed, checked by `demand_valid`."""
    return ViewServer(
        dialect=data.dialect,
        host=normal_host(data.host),
        port=port_of(data),
        database=data.database,
        username=data.username,
        password=password,
        tls=data.tls,
        ca_certificate=data.ca_certificate or None,
        time_zone=data.time_zone or time_zone,
        statement_seconds=data.statement_seconds,
    )


def open_password(row: ViewConnection, keys: KeyRing) -> Secret[str]:
    if row.password_sealed is None:
        return NO_PASSWORD
    return keys.open(row.password_sealed, tenant_id=row.tenant_id, field=PASSWORD_FIELD)


def password_for(data: ViewConnectionIn, row: ViewConnection | None, keys: KeyRing) -> Secret[str]:
    """The password typed or, where none was, the stored one, which may not go elsewhere.

    Raises:
        InvalidInput: it must be typed again.
    """
    if isinstance(data.password, str):
        return Secret(data.password)
    if data.password is None or row is None:
        return NO_PASSWORD
    demand_same_destination(row, data)
    return open_password(row, keys)


def demand_same_destination(row: ViewConnection, data: ViewConnectionIn) -> None:
    """A stored password is used only for where it was typed for.

    Raises:
        InvalidInput: it must be typed again.
    """
    if row.password_sealed is None or data.password is not UNSET:
        return
    stored = (
        *(row.dialect, row.host, row.port, row.username, row.tls),
        trusted_authority(row.ca_certificate),
    )
    wanted = (
        *(data.dialect, normal_host(data.host), port_of(data), data.username, data.tls),
        trusted_authority(data.ca_certificate),
    )
    if faults := find_secret_faults(stored, wanted, kept=["password"]):
        raise InvalidInput(*faults)


def normal_host(host: str) -> str:
    """The form in which hosts are stored; of what is no host at all, the text itself."""
    try:
        return normalise_host(host)
    except OutsideError:
        return host.strip()


def tested_as(server: ViewServer) -> bytes:
    """The settings with their secret in one form, to tell whether two are the same; never shown."""
    return msgspec.json.encode(
        asdict(server) | {"password": server.password.reveal()}, order="deterministic"
    )


def sources_of(row: ViewConnection, mappings: Iterable[ViewMapping]) -> list[ViewSource]:
    """What is read from where."""
    origin = f"{row.dialect}://{row.host}:{row.port}/{row.database}"
    return [
        ViewSource(
            table=mapping.resource,
            schema=mapping.db_schema,
            view=mapping.view,
            columns=mapping.columns,
            watermark=mapping.watermark,
            overlap_minutes=mapping.overlap_minutes,
            is_complete=mapping.is_complete,
            origin=origin,
        )
        for mapping in mappings
    ]
