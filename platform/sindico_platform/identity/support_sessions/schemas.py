"""What goes in and out about support sessions."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from msgspec import Meta

from sindico_platform.identity.models import SupportSession
from sindico_platform.schemas import Input, Output

MAX_MINUTES = 8 * 60


class SupportSessionIn(Input, frozen=True):
    """Why somebody of the vendor acts inside the tenant, and for how long."""

    reason: Annotated[str, Meta(min_length=1, max_length=500)]
    minutes: Annotated[int, Meta(ge=1, le=MAX_MINUTES)] = 60


class SupportSessionOut(Output, frozen=True):
    """A support session as the vendor and the tenant see it."""

    id: UUID
    operator_name: str
    reason: str
    created_at: datetime
    ends_at: datetime
    revoked_at: datetime | None
    revoked_by: str | None

    @classmethod
    def from_row(cls, row: SupportSession) -> Self:
        return cls(**{name: getattr(row, name) for name in cls.__struct_fields__})


class OpenedSupportSessionOut(Output, frozen=True):
    """A new support session and its access token, which is shown this once."""

    session: SupportSessionOut
    access_token: str
    token_type: str
    expires_in: int
    """Seconds until the session ends."""
