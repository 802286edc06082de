"""What may be typed into the fields of mail servers' settings."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from sindico_platform.egress.tls import tls_context
from sindico_platform.errors import FieldError, OutsideError, field_error
from sindico_platform.mail_transport import OAuthGrant, Security, parse_address
from sindico_platform.texts import find_text_fault
from sindico_tenants.server_settings.hosts import MAX_PORT
from sindico_tenants.smtp_settings.schemas import Authentication, OAuthIn, SmtpSettingsIn

MAX_HOST, MAX_NAME, MAX_USERNAME, MAX_SECRET, MAX_PEM = 253, 120, 255, 4000, 20_000
LONGEST_DELAY_SECONDS, MOST_CONNECTIONS, MOST_MAILS_PER_MINUTE = 86_400, 10, 6_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """Which secrets there would be: typed now, or stored and kept."""

    password: bool
    client_secret: bool
    refresh_token: bool


def security_of(data: SmtpSettingsIn) -> Security:
    """The mode typed; a secure connection without a type is a fault of its own."""
    if data.secure is False or data.security is None:
        return Security.NONE
    return Security(data.security)


def authentication_of(data: SmtpSettingsIn) -> Authentication:
    if not data.requires_authentication:
        return Authentication.NONE
    return Authentication(data.authentication)


def find_faults(data: SmtpSettingsIn, held: Held) -> list[FieldError]:
    """Everything that is wrong with what was typed, but for whether the host may be used."""
    return [
        *_server_faults(data),
        *_sender_faults(data),
        *_sign_in_faults(data, held),
        *_limit_faults(data),
    ]


def _server_faults(data: SmtpSettingsIn) -> Iterator[FieldError]:
    if not data.host.strip():
        yield _required("host")
    elif fault := find_text_fault(data.host, field="host", most=MAX_HOST):
        yield fault
    if data.port is None:
        yield _required("port")
    elif not 1 <= data.port <= MAX_PORT:
        yield field_error("port", "port-out-of-range", "A port is a number from 1 to 65535.")
    if data.secure and data.security is None:
        detail = "Say of which type the secure connection is: SSL or TLS."
        yield field_error("security", "required", detail)
    if data.ca_certificate:
        yield from _certificate_faults(data.ca_certificate)


def _certificate_faults(pem: str) -> Iterator[FieldError]:
    if len(pem) > MAX_PEM:
        yield field_error("ca_certificate", "too-long", "At most {most} characters.", most=MAX_PEM)
        return
    try:
        tls_context(pem)
    except OutsideError as error:
        yield field_error("ca_certificate", error.code, error.detail, **error.facts)


def _sender_faults(data: SmtpSettingsIn) -> Iterator[FieldError]:
    if not data.sender_email.strip():
        yield _required("sender_email")
    else:
        try:
            parse_address(data.sender_email)
        except OutsideError as error:
            yield field_error("sender_email", error.code, error.detail, **error.facts)
    if fault := find_text_fault(data.sender_name or "", field="sender_name", most=MAX_NAME):
        yield fault


def _sign_in_faults(data: SmtpSettingsIn, held: Held) -> Iterator[FieldError]:
    if not data.requires_authentication:
        return
    if security_of(data) is Security.NONE and not (data.secure and data.security is None):
        detail = "Without a secure connection the password could be read on the way."
        yield field_error("secure", "sign-in-needs-encryption", detail)
    yield from _line_faults("username", data.username or "", MAX_USERNAME, is_required=True)
    if authentication_of(data) is Authentication.OAUTH2:
        yield from _oauth_faults(data.oauth or OAuthIn(), held)
    else:
        text = data.password if isinstance(data.password, str) else ""
        yield from _line_faults("password", text, MAX_SECRET, is_required=not held.password)


def _oauth_faults(oauth: OAuthIn, held: Held) -> Iterator[FieldError]:
    yield from _token_url_faults(oauth.token_url)
    yield from _line_faults("oauth.client_id", oauth.client_id, MAX_USERNAME, is_required=True)
    yield from _line_faults("oauth.scope", oauth.scope, MAX_SECRET, is_required=False)
    by_refresh = oauth.grant is OAuthGrant.REFRESH_TOKEN
    for name, text, is_required in (
        ("oauth.client_secret", oauth.client_secret, not by_refresh and not held.client_secret),
        ("oauth.refresh_token", oauth.refresh_token, by_refresh and not held.refresh_token),
    ):
        typed = text if isinstance(text, str) else ""
        yield from _line_faults(name, typed, MAX_SECRET, is_required=is_required)


def _token_url_faults(url: str) -> Iterator[FieldError]:
    field = "oauth.token_url"
    faults = list(_line_faults(field, url, MAX_SECRET, is_required=True))
    yield from faults
    if faults:
        return
    try:
        parts = urlsplit(url.strip())
        is_right = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        is_right = False
    if not is_right or parts.scheme != "https" or parts.username is not None or " " in url.strip():
        detail = "Enter an address that begins with https:// and holds no user or password."
        yield field_error(field, "url-malformed", detail)


def _limit_faults(data: SmtpSettingsIn) -> Iterator[FieldError]:
    for name, value, least, most in (
        ("send_delay_seconds", data.send_delay_seconds, 0, LONGEST_DELAY_SECONDS),
        ("connections", data.connections, 1, MOST_CONNECTIONS),
        ("mails_per_minute", data.mails_per_minute, 1, MOST_MAILS_PER_MINUTE),
    ):
        if value is not None and not least <= value <= most:
            detail = "Enter a number from {least} to {most}."
            yield field_error(name, "out-of-range", detail, least=least, most=most)


def _line_faults(name: str, text: str, most: int, *, is_required: bool) -> Iterator[FieldError]:
    if not text.strip():
        if is_required:
            yield _required(name)
    elif fault := find_text_fault(text, field=name, most=most):
        yield fault


def _required(name: str) -> FieldError:
    return field_error(name, "required", "This field is required.")
