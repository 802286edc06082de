"""A claim on a key, and the answer kept under it."""

from dataclasses import dataclass
from uuid import UUID

from msgspec import Struct


class Answer(Struct, frozen=True, kw_only=True):
    """What was answered."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What makes two requests the same one."""

    tenant_id: UUID
    """The client's own."""
    client: str
    route: str
    key: str
    body_digest: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """The right to carry a request out and to record its answer."""

    request: Request
    token: UUID
