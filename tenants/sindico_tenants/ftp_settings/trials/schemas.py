"""A test of a file server."""

from dataclasses import dataclass
from uuid import UUID

from sindico_platform.file_transport import FileServerSettings


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """A test about to be made."""

    server: FileServerSettings
    path: str
    """Name of the test file."""
    content: bytes = b""
    settings_id: UUID | None = None
    """Whose report it will be; None when what is tested is not saved."""
    revision: int | None = None
