"""What goes in and out of the register of tenants."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from sindico_platform.schemas import Input, Output
from sindico_platform.tenancy.models import Tenant
from sindico_provisioning.packages.models import Subscription

Reason = Annotated[str, Meta(min_length=1, max_length=500)]
Name = Annotated[str, Meta(min_length=1, max_length=200)]


class TenantIn(Input, frozen=True):
    """A tenant to be made on the platform; its CRM is provisioned afterwards."""

    name: Name
    domain: str
    """What stands after the @ of its users' logins, such as ``acme.com.br``."""
    cnpj: str
    """With or without its mask; numeric or alphanumeric."""
    contracted_package: str | None = None


class TenantPatch(Input, frozen=True):
    """What may be changed; what is absent stays."""

    name: Name | UnsetType = UNSET
    contracted_package: str | UnsetType | None = UNSET
    package: str | UnsetType = UNSET
    """Another package for an active CRM."""
    overrides: dict[str, int | None] | UnsetType = UNSET
    """All limits with a value of their own; null is no limit."""


class SuspendIn(Input, frozen=True):
    """Why the tenant's people are locked out."""

    reason: Reason


class ResumeIn(Input, frozen=True):
    """Why they are let in again."""

    reason: Reason | None = None


class CloseIn(Input, frozen=True):
    """Why the tenant ends, and how long it can still be resumed."""

    reason: Reason
    grace_days: Annotated[int, Meta(ge=0, le=365)] = 30


class TenantOut(Output, frozen=True):
    """A tenant as the vendor sees it."""

    id: UUID
    name: str
    domain: str
    cnpj: str
    state: str
    state_reason: str | None
    state_at: datetime
    closes_at: datetime | None
    crm_state: str
    crm_state_at: datetime
    contracted_package: str | None
    package: str | None
    default_integration: str | None
    overrides: dict[str, int | None]
    timezone: str
    """Name of the IANA zone in which its people are told instants."""
    created_at: datetime
    revision: int

    @classmethod
    def from_rows(cls, tenant: Tenant, subscription: Subscription) -> Self:
        return cls(
            id=tenant.tenant_id,
            name=tenant.name,
            domain=tenant.domain,
            cnpj=subscription.cnpj,
            state=tenant.state,
            state_reason=tenant.state_reason,
            state_at=tenant.state_at,
            closes_at=tenant.closes_at,
            crm_state=subscription.crm_state,
            crm_state_at=subscription.crm_state_at,
            contracted_package=subscription.contracted_package,
            package=subscription.package,
            default_integration=subscription.default_integration,
            overrides=subscription.overrides,
            timezone=tenant.timezone,
            created_at=tenant.created_at,
            revision=subscription.revision,
        )
