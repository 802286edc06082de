"""What may be typed into the fields of file servers' settings."""

import re
from collections.abc import Iterator

from sindico_platform.egress.tls import tls_context
from sindico_platform.errors import FieldError, OutsideError, field_error
from sindico_platform.file_transport import Connection
from sindico_platform.file_transport.names import normalise_folder
from sindico_platform.file_transport.schemas import DEFAULT_PORTS
from sindico_platform.file_transport.ssh_keys import read_private_key
from sindico_platform.settings import Secret
from sindico_tenants.ftp_settings.schemas import FtpSettingsIn, TransferMethod

MAX_USERNAME, MAX_PASSWORD, MAX_PEM = 255, 1000, 20_000
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_FINGERPRINT = re.compile(r"(?:[a-z0-9@.-]{1,50} )?SHA256:[A-Za-z0-9+/]{43}")


def port_of(data: FtpSettingsIn) -> int | None:
    """The port typed, or the connection's usual one where there is a host."""
    if data.port is None and data.host:
        return DEFAULT_PORTS[data.connection]
    return data.port


def find_faults(data: FtpSettingsIn, *, must_reach: bool) -> list[FieldError]:
    """Everything that is wrong with what was typed, but for the address itself.

    Args:
        must_reach: whether there must be a server, as for a test.
    """
    faults = [*_missing(data, must_reach=must_reach), *_malformed(data), *_misplaced(data)]
    if isinstance(data.private_key, str) and data.connection is Connection.SFTP:
        faults += _key_faults(data)
    return faults


def _missing(data: FtpSettingsIn, *, must_reach: bool) -> Iterator[FieldError]:
    if must_reach or data.transfer_method is TransferMethod.APPLICATION:
        for name in ("host", "username"):
            if not getattr(data, name):
                yield field_error(name, "required", "This field is required.")


def _malformed(data: FtpSettingsIn) -> Iterator[FieldError]:
    for name, longest in (("username", MAX_USERNAME), ("password", MAX_PASSWORD)):
        text = getattr(data, name)
        if isinstance(text, str):
            yield from _line_faults(name, text, longest)
    try:
        normalise_folder(data.folder)
    except OutsideError as error:
        yield field_error("folder", error.code, error.detail, **error.facts)
    if data.host_key is not None and not _FINGERPRINT.fullmatch(data.host_key.strip()):
        detail = "A fingerprint looks like SHA256:… with 43 letters and digits."
        yield field_error("host_key", "fingerprint-malformed", detail)
    if data.ca_certificate is not None:
        yield from _certificate_faults(data.ca_certificate)


def _line_faults(name: str, text: str, longest: int) -> Iterator[FieldError]:
    if len(text) > longest:
        yield field_error(name, "too-long", "At most {most} characters.", most=longest)
    if _CONTROL.search(text):
        detail = "Line breaks and control characters are not possible here."
        yield field_error(name, "control-characters", detail)


def _certificate_faults(pem: str) -> Iterator[FieldError]:
    if len(pem) > MAX_PEM:
        yield field_error("ca_certificate", "too-long", "At most {most} characters.", most=MAX_PEM)
        return
    try:
        tls_context(pem)
    except OutsideError as error:
        yield field_error("ca_certificate", error.code, error.detail, **error.facts)


def _misplaced(data: FtpSettingsIn) -> Iterator[FieldError]:
    """What the connection chosen has no use for; it would be dropped in silence."""
    if data.connection is not Connection.SFTP:
        for name in ("private_key", "host_key"):
            if isinstance(getattr(data, name), str):
                yield field_error(name, "for-sftp-only", "This is for SFTP only.")
    if data.connection is not Connection.FTPS and data.ca_certificate is not None:
        yield field_error("ca_certificate", "for-ftps-only", "This is for FTPS only.")


def _key_faults(data: FtpSettingsIn) -> list[FieldError]:
    if not isinstance(data.private_key, str):
        return []
    if len(data.private_key) > MAX_PEM:
        detail = "At most {most} characters."
        return [field_error("private_key", "too-long", detail, most=MAX_PEM)]
    passphrase = Secret(data.password) if isinstance(data.password, str) else None
    try:
        read_private_key(Secret(data.private_key), passphrase)
    except OutsideError as error:
        return [field_error("private_key", error.code, error.detail, **error.facts)]
    return []
