"""From stored or typed settings to what the transport reaches a server with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from sindico_platform.egress.hosts import normalise_host
from sindico_platform.errors import OutsideError
from sindico_platform.mail_transport import (
    MailServer,
    OAuthClient,
    OAuthGrant,
    OAuthLogin,
    PasswordLogin,
    Security,
)
from sindico_platform.secrets import KeyRing
from sindico_platform.settings import Secret
from sindico_tenants.server_settings.service import trusted_authority
from sindico_tenants.smtp_settings.fields import authentication_of, security_of
from sindico_tenants.smtp_settings.models import SmtpSettings
from sindico_tenants.smtp_settings.schemas import (
    CLIENT_SECRET_FIELD,
    PASSWORD_FIELD,
    REFRESH_TOKEN_FIELD,
    Authentication,
    OAuthIn,
    SmtpSettingsIn,
)

SEALED = {
    "password": PASSWORD_FIELD,
    "oauth_client_secret": CLIENT_SECRET_FIELD,
    "oauth_refresh_token": REFRESH_TOKEN_FIELD,
}
"""Secrets by the beginning of their column's name, and what they are sealed for."""
FIELD_OF = {
    "password": "password",
    "oauth_client_secret": "oauth.client_secret",
    "oauth_refresh_token": "oauth.refresh_token",
}
"""What callers call them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Destination:
    """Where secrets go, and how; a stored one goes nowhere else."""

    host: str
    port: int
    username: str | None
    security: Security
    authority: str

    @classmethod
    def of_row(cls, row: SmtpSettings) -> "Destination":
        return cls(
            host=row.host or "",
            port=row.port or 0,
            username=row.username,
            security=Security(row.security),
            authority=trusted_authority(row.ca_certificate),
        )

    @classmethod
    def of_typed(cls, data: SmtpSettingsIn) -> "Destination":
        return cls(
            host=normal_host(data.host),
            port=data.port or 0,
            username=username_of(data),
            security=security_of(data),
            authority=trusted_authority(data.ca_certificate),
        )


def token_destination_of_row(row: SmtpSettings) -> tuple[Any, ...]:
    """The client's secrets go to the token address, and what they get to the server."""
    return Destination.of_row(row), row.oauth_token_url, row.oauth_client_id


def token_destination_of_typed(data: SmtpSettingsIn) -> tuple[Any, ...]:
    oauth = data.oauth or OAuthIn()
    return Destination.of_typed(data), oauth.token_url.strip(), oauth.client_id.strip()


def sent_secrets(data: SmtpSettingsIn) -> dict[str, str | UnsetType | None]:
    """What was sent for each secret; one that the chosen way has no use for is removed."""
    way, oauth = authentication_of(data), data.oauth or OAuthIn()
    by_refresh = oauth.grant is OAuthGrant.REFRESH_TOKEN
    is_oauth = way is Authentication.OAUTH2
    return {
        "password": data.password if way is Authentication.PASSWORD else None,
        "oauth_client_secret": oauth.client_secret if is_oauth else None,
        "oauth_refresh_token": oauth.refresh_token if is_oauth and by_refresh else None,
    }


def stored_secret(row: SmtpSettings | None, name: str) -> str | None:
    """A secret as it is stored, sealed."""
    sealed: str | None = getattr(row, f"{name}_sealed", None)
    return sealed


def open_secrets(row: SmtpSettings, keys: KeyRing) -> dict[str, Secret[str] | None]:
    """The stored secrets of a row, in plain."""
    return {
        name: keys.open(sealed, tenant_id=row.tenant_id, field=field) if sealed else None
        for name, field in SEALED.items()
        for sealed in [stored_secret(row, name)]
    }


def completed(
    data: SmtpSettingsIn, stored: Mapping[str, Secret[str] | None]
) -> dict[str, Secret[str] | None]:
    """What was typed, and the stored secrets where nothing was sent."""
    return {
        name: stored.get(name) if text is UNSET else Secret(text) if isinstance(text, str) else None
        for name, text in sent_secrets(data).items()
    }


def reach_stored(row: SmtpSettings, secrets: Mapping[str, Secret[str] | None]) -> MailServer:
    """What a row's server is reached with."""
    client = None
    if row.authentication == Authentication.OAUTH2:
        client = OAuthClient(
            token_url=row.oauth_token_url or "",
            grant=OAuthGrant(row.oauth_grant or OAuthGrant.CLIENT_CREDENTIALS),
            client_id=row.oauth_client_id or "",
            client_secret=secrets["oauth_client_secret"],
            refresh_token=secrets["oauth_refresh_token"],
            scope=row.oauth_scope or "",
        )
    return MailServer(
        host=row.host or "",
        port=row.port or 0,
        security=Security(row.security),
        login=_login(row.username, client, secrets),
        ca_pem=row.ca_certificate,
    )


def reach_typed(data: SmtpSettingsIn, secrets: Mapping[str, Secret[str] | None]) -> MailServer:
    """What a server is reached with as it was typed, checked by `find_faults`."""
    client, oauth = None, data.oauth or OAuthIn()
    if authentication_of(data) is Authentication.OAUTH2:
        client = OAuthClient(
            token_url=oauth.token_url.strip(),
            grant=oauth.grant,
            client_id=oauth.client_id.strip(),
            client_secret=secrets["oauth_client_secret"],
            refresh_token=secrets["oauth_refresh_token"],
            scope=oauth.scope.strip(),
        )
    return MailServer(
        host=data.host.strip(),
        port=data.port or 0,
        security=security_of(data),
        login=_login(username_of(data), client, secrets),
        ca_pem=(data.ca_certificate or "").strip() or None,
    )


def username_of(data: SmtpSettingsIn) -> str | None:
    return (data.username or "").strip() or None if data.requires_authentication else None


def in_one_form(server: MailServer, sender: str) -> bytes:
    """Settings with their secrets, to tell whether two are the same; never to be shown."""

    def plain(value: Any) -> Any:
        return value.reveal() if isinstance(value, Secret) else str(value)

    values = [normal_host(server.host), server.port, server.security, server.login, server.ca_pem]
    if isinstance(server.login, PasswordLogin):
        values[3] = ["password", server.login.username, server.login.password.reveal()]
    elif isinstance(server.login, OAuthLogin):
        client = server.login.client
        parts = (client.token_url, client.grant, client.client_id, client.client_secret)
        more = (client.refresh_token, client.scope)
        values[3] = ["oauth2", server.login.username, *map(plain, (*parts, *more))]
    return msgspec.json.encode([*values, sender])


def normal_host(host: str) -> str:
    """The form in which hosts are stored; of what is no host at all, the text itself."""
    try:
        return normalise_host(host)
    except OutsideError:
        return host.strip()


def _login(
    username: str | None, client: OAuthClient | None, secrets: Mapping[str, Secret[str] | None]
) -> PasswordLogin | OAuthLogin | None:
    if username is None:
        return None
    if client is not None:
        return OAuthLogin(username=username, client=client)
    return PasswordLogin(username=username, password=secrets["password"] or Secret(""))
