"""What goes in and out of provisioning."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from msgspec import Meta

from sindico_platform.schemas import Input, Output
from sindico_provisioning.provisioning_runs.models import ProvisioningRun

DefaultIntegration = Literal["mega", "erpx"]


class AdministratorIn(Input, frozen=True):
    """Who administers the tenant; gets the invitation when the CRM is active."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    email: Annotated[str, Meta(max_length=254)] | None
    """Null sends no invitation: the vendor hands the link over instead."""
    login: Annotated[str, Meta(max_length=320)]
    """What stands before the @ of the tenant's domain; the domain may be given too."""


class ProvisioningRunIn(Input, frozen=True):
    """What the tenant's CRM shall be."""

    package: str
    admin: AdministratorIn
    default_integration: DefaultIntegration | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """What a run shall give its tenant."""

    package: str
    default_integration: str | None
    admin_login: str
    admin_name: str
    admin_email: str | None
    requested_at: datetime


class StepErrorOut(Output, frozen=True):
    """Why the last attempt of a step failed, and what to do, in the reader's language."""

    code: str
    detail: str
    advice: str
    facts: dict[str, Any]


class StepOut(Output, frozen=True):
    """One step that is expected for this tenant."""

    code: str
    title: str
    status: str
    started_at: datetime | None
    finished_at: datetime | None
    duration_ms: int | None
    attempts: int
    error: StepErrorOut | None


class ProvisioningRunOut(Output, frozen=True):
    """A run and all its steps; status and percent follow from the steps."""

    id: UUID
    tenant_id: UUID
    status: str
    percent: int
    package: str
    default_integration: str | None
    admin_login: str
    requested_by: str
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    steps: list[StepOut]


class ProvisioningRunItem(Output, frozen=True):
    """A run in a list."""

    id: UUID
    status: str
    package: str
    default_integration: str | None
    requested_by: str
    requested_at: datetime
    finished_at: datetime | None

    @classmethod
    def from_row(cls, run: ProvisioningRun) -> Self:
        return cls(
            id=run.id,
            status=run.status,
            package=run.package,
            default_integration=run.default_integration,
            requested_by=run.requested_by,
            requested_at=run.requested_at,
            finished_at=run.finished_at,
        )
