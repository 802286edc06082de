"""What is told about a blob."""

from datetime import datetime
from urllib.parse import quote
from uuid import UUID

from sindico_platform.schemas import Output


class BlobOut(Output, frozen=True):
    """A file that is there to be read."""

    id: UUID
    purpose: str
    filename: str
    content_type: str
    size_bytes: int
    sha256: str
    stored_at: datetime
    expires_at: datetime | None


def content_disposition(filename: str) -> str:
    """The header that makes browsers save the file under its name, whatever is in the name."""
    plain = "".join(
        letter if letter.isascii() and (letter.isalnum() or letter in " ._-()") else "_"
        for letter in filename
    )
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"
