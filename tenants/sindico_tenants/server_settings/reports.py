"""Reports of connection tests: kept with the settings, or carried until these are saved.

What is tested need not be saved yet. Whoever tested it is given the report signed together with the
very settings, secrets included; saved with exactly these, they are known to have been tested.
"""

import binascii
import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from uuid import UUID

import msgspec

from sindico_platform.connection_tests.schemas import Report
from sindico_platform.secrets import KeyRing, Mac, SealingKeyUnknown
from sindico_tenants.server_settings.models import Tested

PURPOSE = "tested-settings"


def keep_report(row: Tested, report: Report) -> None:
    """Put the report on the settings that were tested."""
    row.tested_at, row.test_succeeded = report.tested_at, report.succeeded
    row.test_report = msgspec.to_builtins(report)


def forget_report(row: Tested) -> None:
    """The settings are no longer those that were tested."""
    row.tested_at = row.test_succeeded = row.test_report = None


def report_of(row: Tested) -> Report | None:
    """What the last test of these settings found."""
    return None if row.test_report is None else msgspec.convert(row.test_report, Report)


def sign_report(keys: KeyRing, report: Report, *, tenant_id: UUID, tested: bytes) -> str:
    """The report in a form that cannot be altered, nor shown for other settings.

    Args:
        tested: the settings that were tested, secrets included, in one form; not to be read
            from what is given back.
    """
    body = msgspec.json.encode(report)
    mac = keys.mac_with_key_id(PURPOSE, _bound(tenant_id, tested, body))
    return ".".join((mac.key_id, _encode(mac.digest), _encode(body)))


def read_signed_report(
    keys: KeyRing, signed: str, *, tenant_id: UUID, tested: bytes
) -> Report | None:
    """The report, or None if it is of other settings or was altered."""
    try:
        key_id, digest, encoded = signed.split(".")
        body = urlsafe_b64decode(encoded)
        mac = Mac(key_id, urlsafe_b64decode(digest))
        if not keys.verify_mac(PURPOSE, _bound(tenant_id, tested, body), mac):
            return None
        return msgspec.json.decode(body, type=Report)
    except (ValueError, binascii.Error, SealingKeyUnknown, msgspec.MsgspecError):
        return None


def _bound(tenant_id: UUID, tested: bytes, body: bytes) -> bytes:
    return tenant_id.bytes + hashlib.sha256(tested).digest() + body


def _encode(data: bytes) -> str:
    return urlsafe_b64encode(data).decode()
