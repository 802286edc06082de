"""What a file server is reached with, and what it tells about a file."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sindico_platform.settings import Secret


class Connection(StrEnum):
    """How a file server is spoken to."""

    FTP = "ftp"
    """Without encryption."""
    FTPS = "ftps"
    """FTP with explicit TLS: plain until ``AUTH TLS``, encrypted before the password."""
    SFTP = "sftp"
    """The file protocol of SSH."""


DEFAULT_PORTS = {Connection.FTP: 21, Connection.FTPS: 21, Connection.SFTP: 22}


@dataclass(frozen=True, kw_only=True, slots=True)
class FileServerSettings:
    """Everything it takes to reach one folder of one server."""

    connection: Connection
    host: str
    """As it was typed; the egress guard brings it into its normal form."""
    port: int
    folder: str = ""
    """Absolute or below the user's own folder, with ``/``; empty is the user's own."""
    username: str
    password: Secret[str] | None = None
    """With an encrypted private key, what opens the key."""
    private_key: Secret[str] | None = None
    """SFTP: PEM or OpenSSH form, tried before the password."""
    host_key: str | None = None
    """SFTP: the fingerprint that was confirmed, such as ``ssh-ed25519 SHA256:…``."""
    certificate: str | None = None
    """FTPS: PEM certificates to trust instead of the public authorities."""
    connect_seconds: float = 10
    answer_seconds: float = 30
    """How long the server may be silent, also in the middle of a file."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """What the server says about a file."""

    size_bytes: int
    modified_at: datetime | None
    """None where the server does not tell."""
