"""What goes in and out about service properties."""

from datetime import datetime
from typing import Any, Self

from sindico_platform.schemas import Output
from sindico_provisioning.connectors.schemas import CheckReport


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


class StageOut(Output, frozen=True):
    """One stage of a connection test."""

    stage: str
    passed: bool | None
    """Null when an earlier stage failed, so that this one was not reached."""
    elapsed_ms: int | None
    code: str | None
    detail: str | None
    template: str | None
    """The detail before its facts were put in: the id of its translations."""
    facts: dict[str, Any]


class ConnectionTestOut(Output, frozen=True):
    """How a service answered, stage by stage: resolve, connect, tls, authenticate, read."""

    passed: bool
    stages: list[StageOut]

    @classmethod
    def of(cls, report: CheckReport) -> Self:
        return cls(
            passed=report.passed,
            stages=[
                StageOut(
                    stage=item.stage,
                    passed=item.passed,
                    elapsed_ms=item.elapsed_ms,
                    code=item.code,
                    detail=item.detail.format(**item.facts) if item.detail else None,
                    template=item.detail,
                    facts=item.facts,
                )
                for item in report.stages
            ],
        )
