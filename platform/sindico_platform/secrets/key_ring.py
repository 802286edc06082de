"""The key ring: seals secrets and signs audit seals, under keys that can be replaced.

A sealed value reads ``s1.<key id>.<base64url of nonce, ciphertext and tag>``. The tenant, the
field and the key id are authenticated with it, so a value copied to another row or column does
not open. No ring key is used directly: each purpose has its own key derived from it.
"""

import binascii
import hmac
import os
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from sindico_platform.secrets.errors import SealBroken, SealingKeyUnknown, SealMalformed
from sindico_platform.settings import Secret, SettingsInvalid

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
VERSION = "s1"
_KEY_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


@dataclass(frozen=True, slots=True)
class Mac:
    """A signature and the id of the ring key it was made with."""

    key_id: str
    digest: bytes
    """32 bytes, HMAC-SHA-256."""


class KeyRing:
    """Ring keys by id, newest first. Immutable; safe to share between tasks and threads."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._keys = dict(keys)
        self.newest_key_id = next(iter(self._keys))
        self._sealers = {key_id: AESGCM(derive(key, "seal")) for key_id, key in keys.items()}

    @classmethod
    def parse(cls, text: Secret[str]) -> "KeyRing":
        """Read ``id:base64url`` pairs, comma-separated, newest first; 32 bytes each.

        Raises:
            SettingsInvalid: listing every fault by position and id, never by key.
        """
        keys: dict[str, bytes] = {}
        faults: list[str] = []
        pairs = [part.strip() for part in text.reveal().split(",") if part.strip()]
        for number, pair in enumerate(pairs, start=1):
            key_id, _, encoded = pair.partition(":")
            if fault := _pair_fault(key_id, encoded, seen=keys):
                faults.append(f"SINDICO_KEY_RING: pair {number} {fault}")
            else:
                keys[key_id] = _decode(encoded)
        if not pairs:
            faults.append("SINDICO_KEY_RING holds no key; `sindico keys generate` makes one")
        if faults:
            raise SettingsInvalid(faults)
        return cls(keys)

    def __repr__(self) -> str:
        return f"KeyRing({', '.join(self._keys)})"

    @property
    def key_ids(self) -> tuple[str, ...]:
        """Newest first."""
        return tuple(self._keys)

    @property
    def newest_mark(self) -> str:
        """What every value begins with that `seal` makes now."""
        return f"{VERSION}.{self.newest_key_id}."

    def seal(self, plain: str, *, tenant_id: UUID, field: str) -> str:
        """Encrypt under the newest key, bound to `tenant_id` and `field`.

        Sealing the same text twice gives two different values.
        """
        key_id, nonce = self.newest_key_id, os.urandom(NONCE_BYTES)
        bound_to = _bound_to(key_id, tenant_id, field)
        ciphertext = self._sealers[key_id].encrypt(nonce, plain.encode(), bound_to)
        return f"{VERSION}.{key_id}.{_encode(nonce + ciphertext)}"

    def open(self, sealed: str, *, tenant_id: UUID, field: str) -> Secret[str]:
        """Decrypt what `seal` gave for the same tenant and field.

        Raises:
            SealMalformed: not a sealed value.
            SealingKeyUnknown: its key is not in the ring.
            SealBroken: altered, or sealed for another tenant or field.
        """
        key_id, body = _split(sealed, field=field)
        sealer = self._sealers.get(key_id)
        if sealer is None:
            raise SealingKeyUnknown(key_id=key_id)
        nonce, ciphertext = body[:NONCE_BYTES], body[NONCE_BYTES:]
        try:
            plain = sealer.decrypt(nonce, ciphertext, _bound_to(key_id, tenant_id, field))
        except InvalidTag as error:
            raise SealBroken(field=field, key_id=key_id) from error
        return Secret(plain.decode())

    def reseal(self, sealed: str, *, tenant_id: UUID, field: str) -> str:
        """The same secret under the newest key; raises as `open` does."""
        plain = self.open(sealed, tenant_id=tenant_id, field=field)
        return self.seal(plain.reveal(), tenant_id=tenant_id, field=field)

    def mac(self, purpose: str, data: bytes) -> bytes:
        """Sign `data` with the newest key's own key for `purpose`; 32 bytes."""
        return self.mac_with_key_id(purpose, data).digest

    def mac_with_key_id(self, purpose: str, data: bytes, *, key_id: str | None = None) -> Mac:
        """Sign `data`, saying with which key, so that it still verifies after a rotation.

        Raises:
            SealingKeyUnknown: `key_id` is given and not in the ring.
        """
        chosen = key_id or self.newest_key_id
        key = self._keys.get(chosen)
        if key is None:
            raise SealingKeyUnknown(key_id=chosen)
        return Mac(chosen, hmac.digest(derive(key, f"mac/{purpose}"), data, "sha256"))

    def verify_mac(self, purpose: str, data: bytes, mac: Mac) -> bool:
        """Whether `mac` is the signature of `data`, under the ring key that made it.

        Raises:
            SealingKeyUnknown: that key is not in the ring, so nothing can be said.
        """
        expected = self.mac_with_key_id(purpose, data, key_id=mac.key_id)
        return hmac.compare_digest(expected.digest, mac.digest)

    def fingerprints(self) -> dict[str, str]:
        """Key id to 8 hex digits that tell two keys apart and give neither away."""
        return {
            key_id: self.mac_with_key_id("fingerprint", b"", key_id=key_id).digest[:4].hex()
            for key_id in self._keys
        }


def generate_key(key_id: str | None = None) -> Secret[str]:
    """A new random ``id:base64url`` pair to put first in ``SINDICO_KEY_RING``."""
    return Secret(f"{key_id or 'k' + os.urandom(4).hex()}:{_encode(os.urandom(KEY_BYTES))}")


@lru_cache(maxsize=64)
def derive(key: bytes, purpose: str) -> bytes:
    """The 32-byte key for one purpose; knowing it tells nothing about `key` or other purposes."""
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=f"sindico/1/{purpose}".encode()).derive(key)


def _bound_to(key_id: str, tenant_id: UUID, field: str) -> bytes:
    # Unambiguous: the version and a UUID have a fixed length and no key id holds a NUL.
    return b"\0".join((VERSION.encode(), key_id.encode(), tenant_id.bytes + field.encode()))


def _split(sealed: str, *, field: str) -> tuple[str, bytes]:
    version, _, rest = sealed.partition(".")
    key_id, _, encoded = rest.partition(".")
    body = _decode(encoded)
    if version != VERSION or not key_id or len(body) < NONCE_BYTES + TAG_BYTES:
        raise SealMalformed(field=field)
    return key_id, body


def _pair_fault(key_id: str, encoded: str, *, seen: Mapping[str, bytes]) -> str | None:
    if not _KEY_ID.fullmatch(key_id):
        return "needs an id of 1 to 32 of a-z, 0-9 and -, then a colon"
    if key_id in seen:
        return f"repeats the id {key_id}"
    if (size := len(_decode(encoded))) != KEY_BYTES:
        return f"({key_id}) needs a key of {KEY_BYTES} bytes in base64url, not {size}"
    return None


def _encode(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    """The bytes, or none when `text` is not exactly the base64url of something."""
    bare = text.rstrip("=")
    try:
        data = urlsafe_b64decode(bare.encode() + b"=" * (-len(bare) % 4))
    except (binascii.Error, ValueError):
        return b""
    return data if _encode(data) == bare else b""  # the standard decoder skips stray characters
