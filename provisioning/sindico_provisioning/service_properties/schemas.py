"""What goes in and out about service properties."""

from datetime import datetime
from typing import Any

from sindico_platform.schemas import Output


class PropertyOut(Output, frozen=True):
    """One property: what it is, and its value unless it is a secret."""

    key: str
    type: str
    label: str
    description: str
    required: bool
    advanced: bool
    proposed: bool
    """Its default is a proposal that no public source confirms."""
    multiline: bool
    choices: list[str]
    """The only values it may have; empty if any will do."""
    default: Any
    value: Any
    """What is in force; always null for a secret."""
    stored: bool
    """Whether a value was given; a secret shows nothing else."""


class ServicePropertiesOut(Output, frozen=True):
    """Every property of one service of one tenant."""

    domain: str
    service: str
    title: str
    complete: bool
    """Whether nothing required is missing."""
    revision: int
    updated_at: datetime | None
    updated_by: str | None
    properties: list[PropertyOut]
