"""What a rotation says of itself."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sindico_platform.schemas import Output


class UnreadableValue(Output, frozen=True):
    """A value that no key of the ring opens; it stays as it is."""

    tenant_id: UUID
    column: str
    code: str
    detail: str


class KeyOut(Output, frozen=True):
    """One key and what still needs it."""

    id: str
    fingerprint: str | None
    """8 hex digits; null when the key is not in the ring."""
    newest: bool
    values: int
    """Sealed values that only this key opens."""
    audit_seals: int
    """Stamps of the audit trail that only this key proves."""


@dataclass(kw_only=True, slots=True)
class Batch:
    """Some values of one column of one tenant."""

    last: tuple[Any, ...] | None
    """Key of the last row seen; None at the end."""
    resealed: int = 0
    unreadable: list[UnreadableValue] = field(default_factory=list)


@dataclass(kw_only=True, slots=True)
class Rotation:
    """What was done so far."""

    tenants: int = 0
    resealed: int = 0
    unreadable: list[UnreadableValue] = field(default_factory=list)
