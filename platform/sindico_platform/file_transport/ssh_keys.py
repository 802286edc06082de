"""Private keys as customers paste them, and servers' keys as people compare them."""

from dataclasses import dataclass

import asyncssh

from sindico_platform.file_transport import errors
from sindico_platform.settings import Secret

_PUBLIC = ("ssh-", "ecdsa-", "sk-", "---- BEGIN SSH2 PUBLIC", "-----BEGIN PUBLIC")
HOST_KEY_ALGORITHMS = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
)
"""In order of preference. The order is kept, else a server with several keys would seem changed."""


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A key that can sign."""

    key: asyncssh.SSHKey
    was_locked: bool
    """Whether it took a passphrase, which is then no password for the server."""


def read_private_key(text: Secret[str], passphrase: Secret[str] | None) -> PrivateKey:
    """The key, opened with the passphrase if it is encrypted.

    Raises:
        Terminal: ``ssh-key-malformed``, ``ssh-key-is-public``, ``ssh-key-is-putty`` or
            ``ssh-key-locked``.
    """
    pem = text.reveal().strip()
    if pem.startswith(_PUBLIC):
        raise errors.KEY_IS_PUBLIC.error()
    if pem.startswith("PuTTY-User-Key-File"):
        raise errors.KEY_IS_PUTTY.error()
    try:
        return PrivateKey(asyncssh.import_private_key(pem + "\n"), was_locked=False)
    except asyncssh.KeyImportError as error:
        if "passphrase" not in str(error).lower():
            raise errors.KEY_MALFORMED.error() from error
    try:
        opened = asyncssh.import_private_key(pem + "\n", passphrase.reveal() if passphrase else "")
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
        raise errors.KEY_LOCKED.error() from error
    return PrivateKey(opened, was_locked=True)


def fingerprint_of(key: asyncssh.SSHKey) -> str:
    """Kind and SHA-256 of a server's key, as ``ssh-keygen -l`` shows them."""
    return f"{key.get_algorithm()} {key.get_fingerprint()}"


def is_same_key(confirmed: str, shown: str) -> bool:
    """Whether a fingerprint that was confirmed, with or without its kind, is the one shown."""
    return confirmed.split()[-1:] == shown.split()[-1:]


def preferred_algorithms(confirmed: str | None) -> list[str]:
    """What to ask the server's key for: first the kind that was confirmed."""
    kind = confirmed.split()[0] if confirmed else ""
    wanted = "rsa-sha2" if kind == "ssh-rsa" else kind
    return sorted(HOST_KEY_ALGORITHMS, key=lambda name: not (wanted and name.startswith(wanted)))
