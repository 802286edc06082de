"""What goes out about notifications."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sindico_platform.schemas import Output


class NotificationOut(Output, frozen=True):
    """One notification in the reader's language, and whether the caller has read it."""

    id: UUID
    code: str
    title: str
    detail: str
    facts: dict[str, Any]
    path: str | None
    created_at: datetime
    read_at: datetime | None


class UnreadOut(Output, frozen=True):
    """How many notifications the caller has not read."""

    unread: int
