"""What it takes to carry a file."""

from dataclasses import dataclass
from uuid import UUID

from sindico_platform.blobs.schemas import BlobOut
from sindico_platform.file_transport import FileServerSettings


@dataclass(frozen=True, kw_only=True, slots=True)
class Carriage:
    """One file and the server it lies on or goes to."""

    document_id: UUID
    server: FileServerSettings
    path: str
    """Name in the server's folder."""
    settings_id: UUID
    blob_id: UUID | None = None
    sha256: str = ""
    size_bytes: int = 0

    def demand_blob(self) -> UUID:
        """The blob that is carried.

        Raises:
            ValueError: the file has none any more.
        """
        if self.blob_id is None:
            raise ValueError("nothing to carry")
        return self.blob_id


@dataclass(frozen=True, kw_only=True, slots=True)
class Holding:
    """Where a document's bytes are now: here, or on the customer's server."""

    filename: str
    content_type: str
    blob: BlobOut | None = None
    carriage: Carriage | None = None
