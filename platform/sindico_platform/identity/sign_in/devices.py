"""The cookie by which a browser proves that it signed in as a login before.

It reads ``d1.<key id>.<device id>.<signature>``; the signature covers login and device. It opens
nothing: it only keeps the throttle from counting the owner's tries with an attacker's.
"""

import binascii
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode

from sindico_platform.secrets.errors import SealingKeyUnknown
from sindico_platform.secrets.key_ring import KeyRing, Mac

PURPOSE = "sign-in-device"
_FORM = re.compile(r"d1\.([a-z0-9-]{1,32})\.([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})")


def make_device(keys: KeyRing, *, login: str) -> str:
    """A new device's cookie for a login, as typed with the domain."""
    device = secrets.token_urlsafe(16)
    mac = keys.mac_with_key_id(PURPOSE, _signed(login, device))
    return f"d1.{mac.key_id}.{device}.{urlsafe_b64encode(mac.digest).rstrip(b'=').decode()}"


def known_device(keys: KeyRing, cookie: str | None, *, login: str) -> str | None:
    """The device's id, if the cookie is ours and of this login."""
    match = _FORM.fullmatch(cookie or "")
    if match is None:
        return None
    try:
        mac = Mac(match[1], urlsafe_b64decode(match[3] + "="))
        proven = keys.verify_mac(PURPOSE, _signed(login, match[2]), mac)
    except (SealingKeyUnknown, binascii.Error):
        return None
    return match[2] if proven else None


def _signed(login: str, device: str) -> bytes:
    return f"{login.strip().lower()}\0{device}".encode()
