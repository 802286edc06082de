"""The form of a mail server: from the stored settings to its fields, and from its fields back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from msgspec import UNSET, UnsetType, structs

from sindico_api.console.forms import Form
from sindico_api.console.submitted import choice_in, number_in
from sindico_platform.errors import FieldError, InvalidInput, field_error
from sindico_platform.mail_transport import OAuthGrant
from sindico_tenants.smtp_settings.schemas import (
    DEFAULT_CONNECTIONS,
    OAuthIn,
    SmtpSettingsIn,
    SmtpSettingsOut,
    SmtpTestIn,
)

FIELDS = (
    "company_id",
    "branch_id",
    "host",
    "port",
    "send_delay_seconds",
    "sender_email",
    "sender_name",
    "requires_authentication",
    "authentication",
    "username",
    "secure",
    "security",
    "ca_certificate",
    "is_main",
    "connections",
    "mails_per_minute",
)
OAUTH_FIELDS = ("grant", "token_url", "client_id", "scope")
NUMBERS = {"send_delay_seconds": 0, "connections": DEFAULT_CONNECTIONS}
DEFAULTS: dict[str, Any] = {
    "port": 587,
    "send_delay_seconds": 0,
    "requires_authentication": True,
    "authentication": "password",
    "secure": True,
    "security": "tls",
    "connections": DEFAULT_CONNECTIONS,
    "oauth.grant": OAuthGrant.CLIENT_CREDENTIALS,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """Which secrets are stored, so that their fields may stay empty."""

    password: bool = False
    client_secret: bool = False
    refresh_token: bool = False

    @classmethod
    def of(cls, settings: SmtpSettingsOut) -> "Held":
        return cls(
            password=settings.has_password,
            client_secret=bool(settings.oauth and settings.oauth.has_client_secret),
            refresh_token=bool(settings.oauth and settings.oauth.has_refresh_token),
        )


def form_of(settings: SmtpSettingsOut) -> Form:
    """What is stored, as the fields show it."""
    values = {name: getattr(settings, name) for name in FIELDS}
    if settings.oauth is None:
        values["oauth.grant"] = OAuthGrant.CLIENT_CREDENTIALS
    else:
        values |= {f"oauth.{name}": getattr(settings.oauth, name) for name in OAUTH_FIELDS}
    if not settings.requires_authentication:
        values["authentication"] = DEFAULTS["authentication"]
    if not settings.secure:
        values["security"] = DEFAULTS["security"]
    return Form(values)


def typed_settings(sent: Mapping[str, str]) -> SmtpSettingsIn:
    """What a sent form says, checked no further than what each field can hold.

    Raises:
        InvalidInput: a number or an id is none.
    """
    faults: list[FieldError] = []
    is_secure = bool(sent.get("secure"))
    typed = SmtpSettingsIn(
        company_id=choice_in(sent, "company_id"),
        branch_id=choice_in(sent, "branch_id"),
        host=sent.get("host", ""),
        port=_number_in(sent, "port", faults),
        send_delay_seconds=_number_in(sent, "send_delay_seconds", faults) or 0,
        sender_email=sent.get("sender_email", ""),
        sender_name=sent.get("sender_name") or None,
        requires_authentication=bool(sent.get("requires_authentication")),
        authentication="oauth2" if sent.get("authentication") == "oauth2" else "password",
        username=sent.get("username") or None,
        password=_secret_in(sent, "password"),
        secure=is_secure,
        security=_security_in(sent) if is_secure else None,
        ca_certificate=sent.get("ca_certificate", "").replace("\r\n", "\n").strip() or None,
        is_main=bool(sent.get("is_main")),
        connections=_number_in(sent, "connections", faults) or DEFAULT_CONNECTIONS,
        mails_per_minute=_number_in(sent, "mails_per_minute", faults),
        oauth=_oauth_in(sent),
    )
    if faults:
        raise InvalidInput(*faults)
    return typed


def typed_test(sent: Mapping[str, str]) -> SmtpTestIn:
    """What a sent form says, to be tested.

    Raises:
        InvalidInput: a number or an id is none.
    """
    return SmtpTestIn(
        **structs.asdict(typed_settings(sent)), settings_id=choice_in(sent, "settings_id")
    )


def _oauth_in(sent: Mapping[str, str]) -> OAuthIn:
    by_refresh = sent.get("oauth.grant") == OAuthGrant.REFRESH_TOKEN
    return OAuthIn(
        grant=OAuthGrant.REFRESH_TOKEN if by_refresh else OAuthGrant.CLIENT_CREDENTIALS,
        token_url=sent.get("oauth.token_url", ""),
        client_id=sent.get("oauth.client_id", ""),
        client_secret=_secret_in(sent, "oauth.client_secret"),
        refresh_token=_secret_in(sent, "oauth.refresh_token"),
        scope=sent.get("oauth.scope", ""),
    )


def _secret_in(sent: Mapping[str, str], name: str) -> str | UnsetType:
    """Left empty, the stored one stays."""
    return sent.get(name) or UNSET


def _security_in(sent: Mapping[str, str]) -> Any:
    text = sent.get("security")
    return text if text in {"ssl", "tls"} else None


def _number_in(sent: Mapping[str, str], name: str, faults: list[FieldError]) -> int | None:
    text = sent.get(name, "").strip()
    if not text:
        return None
    number = number_in(text)
    if number is not None:
        return number
    faults.append(field_error(name, "wrong-type", "Enter a whole number."))
    return 0
