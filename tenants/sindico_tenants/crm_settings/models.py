"""Rows of the CRM's general settings and of the funnel."""

from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from sindico_platform.database.base import Base, TenantRow


class CrmSettings(TenantRow, Base):
    """One row per tenant with an active CRM."""

    __tablename__ = "crm_settings"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["control.tenant.tenant_id"]),
        {"schema": "crm"},
    )

    opportunity_required_fields: Mapped[list[Any]]
    """Names of the fields without which an opportunity is not saved."""
    occurrence_required_fields: Mapped[list[Any]]
    shows_quantitative_goals: Mapped[bool]
    shows_foreign_currency: Mapped[bool]
    responsibility_centre_when_closed: Mapped[bool]
    """Whether the responsibility centre may be chosen although Close is checked."""
    revision: Mapped[int]


class FunnelStage(TenantRow, Base):
    """A negotiation stage; there are always six, known by their position."""

    __tablename__ = "funnel_stage"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id"], ["crm.crm_settings.tenant_id"]),
        CheckConstraint("position BETWEEN 1 AND 6", name="six_stages"),
        CheckConstraint("probability_percent BETWEEN 0 AND 100", name="probability"),
        CheckConstraint("btrim(name) <> ''", name="name"),
        {"schema": "crm"},
    )

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str]
    probability_percent: Mapped[int]
    promotes_account_to: Mapped[str | None]
    """Account type that an opportunity's account gets on reaching this stage."""
    shown_in_charts: Mapped[bool]
    """Whether reaching this stage sends the opportunity to users' charts."""
