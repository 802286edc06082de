"""What goes out about integrations."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from msgspec import Meta

from sindico_platform.schemas import Input, Output
from sindico_provisioning.erp_tables.schemas import UnknownFields
from sindico_provisioning.integrations.models import Integration


class IntegrationOut(Output, frozen=True):
    """One source of ERP data."""

    id: UUID
    kind: str
    name: str
    state: str
    state_at: datetime
    is_default: bool
    unknown_fields: str
    """`reject` rows with fields that their table does not know, or `keep` those fields."""
    created_at: datetime
    erp_name: str | None
    """What people call the ERP behind it."""
    erp_version: str | None
    business_rule: str | None
    """How the customer wants its data to be understood."""

    @classmethod
    def from_row(cls, row: Integration) -> Self:
        return cls(
            id=row.id,
            kind=row.kind,
            name=row.name,
            state=row.state,
            state_at=row.state_at,
            is_default=row.is_default,
            unknown_fields=row.unknown_fields,
            created_at=row.created_at,
            erp_name=row.erp_name,
            erp_version=row.erp_version,
            business_rule=row.business_rule,
        )


class IntegrationFactsOut(Output, kw_only=True, frozen=True):
    """What is known of the ERP behind an integration, and how much of it is here."""

    erp_name: str | None
    erp_version: str | None
    business_rule: str | None
    deployment: str | None
    """Of the tenant's CRM: `absent`, `provisioning`, `active` or `failed`."""
    database_bytes: int
    """About how much its rows take in the intermediate database."""
    last_request_at: datetime | None
    """When the ERP last asked us for something, in the last seven days."""


class IntegrationSettingsIn(Input, kw_only=True, frozen=True):
    """What may be set of an integration."""

    unknown_fields: UnknownFields
    """`reject` a row with fields that the table does not know, or `keep` them with it."""


Short = Annotated[str, Meta(max_length=100)]


class IntegrationFactsIn(Input, kw_only=True, frozen=True):
    """What people tell about the ERP; it replaces what was told before."""

    erp_name: Short | None = None
    erp_version: Short | None = None
    business_rule: Annotated[str, Meta(max_length=10_000)] | None = None
    """How its data are to be understood, in the customer's own words."""
