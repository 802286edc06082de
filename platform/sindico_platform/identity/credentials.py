"""Opaque credentials: ``tenant.selector.secret``.

The tenant comes first, so that the database can be bound before anything is looked up. The
selector is the row's id. Only the secret's SHA-256 is kept; that is enough for 256 random bits.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from uuid import UUID

from sindico_platform.settings import Secret

SECRET_BYTES = 32
_FORM = re.compile(r"([0-9a-f]{32})\.([0-9a-f]{32})\.([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class Credential:
    """A credential in its parts; printing it shows no secret."""

    tenant_id: UUID
    id: UUID
    secret: Secret[str]

    @classmethod
    def generate(cls, tenant_id: UUID, id_: UUID) -> "Credential":
        return cls(tenant_id, id_, Secret(secrets.token_urlsafe(SECRET_BYTES)))

    @classmethod
    def parse(cls, text: str) -> "Credential | None":
        """Read the text form; `None` when it has another form."""
        match = _FORM.fullmatch(text)
        if match is None:
            return None
        return cls(UUID(match[1]), UUID(match[2]), Secret(match[3]))

    @property
    def public_part(self) -> str:
        """``tenant.selector``, which names the credential without proving anything."""
        return f"{self.tenant_id.hex}.{self.id.hex}"

    def reveal(self) -> str:
        """The text form; whoever holds it is let in."""
        return f"{self.public_part}.{self.secret.reveal()}"

    @property
    def digest(self) -> bytes:
        return hashlib.sha256(self.secret.reveal().encode()).digest()

    def proves(self, digest: bytes) -> bool:
        """Whether the secret is the one whose digest was kept, in constant time."""
        return hmac.compare_digest(self.digest, digest)
