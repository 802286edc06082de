"""Reads what a tenant has of the default records, in one statement."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, ScalarSelect, exists, func, select

from sindico_platform.database.tx import Tx
from sindico_platform.identity.default_roles import ADMIN
from sindico_platform.identity.models import Role, TenantUser, UserRole, UserState
from sindico_provisioning.default_records.catalogue import ROLES, SUPPORT_USER
from sindico_provisioning.integrations.models import Integration
from sindico_provisioning.packages.models import Subscription
from sindico_provisioning.service_properties.catalogue import SERVICE_OF
from sindico_provisioning.service_properties.models import ServiceConfiguration
from sindico_tenants.crm_settings.models import CrmSettings, FunnelStage


@dataclass(frozen=True, kw_only=True, slots=True)
class SupportUserState:
    """What matters of the user that staff act as."""

    state: str
    can_sign_in: bool
    has_password: bool
    roles: frozenset[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """All that a tenant has of the default records."""

    subscription: Subscription
    permissions: dict[str, frozenset[str]]
    """By code of the role."""
    support_user: SupportUserState | None
    has_administrator: bool
    has_settings: bool
    stages: frozenset[int]
    integration: str | None
    """Kind of the default integration."""
    is_configured: bool
    """Whether the default integration's service has a configuration."""


async def take_snapshot(tx: Tx, subscription: Subscription) -> Snapshot:
    """Read everything once, so that the checks themselves are plain comparisons."""
    kind = subscription.default_integration
    row: Row[Any] = (
        await tx.session.execute(
            select(
                _permissions(tx).label("permissions"),
                _support_user(tx).label("support_user"),
                exists(_administrators(tx)).label("has_administrator"),
                exists().where(CrmSettings.tenant_id == tx.tenant_id).label("has_settings"),
                _stages(tx).label("stages"),
                _integration(tx).label("integration"),
                exists(_configurations(tx, kind)).label("is_configured"),
            )
        )
    ).one()
    return Snapshot(
        subscription=subscription,
        permissions={code: frozenset(held) for code, held in (row.permissions or {}).items()},
        support_user=_support_user_state(row.support_user),
        has_administrator=row.has_administrator,
        has_settings=row.has_settings,
        stages=frozenset(row.stages or ()),
        integration=row.integration,
        is_configured=row.is_configured,
    )


def _permissions(tx: Tx) -> ScalarSelect[Any]:
    return (
        select(func.jsonb_object_agg(Role.code, func.to_jsonb(Role.permissions)))
        .where(Role.tenant_id == tx.tenant_id, Role.code.in_([role.code for role in ROLES]))
        .scalar_subquery()
    )


def _support_user(tx: Tx) -> ScalarSelect[Any]:
    held = (
        select(func.jsonb_agg(Role.code))
        .join(UserRole, (UserRole.tenant_id == Role.tenant_id) & (UserRole.role_id == Role.id))
        .where(Role.tenant_id == tx.tenant_id, UserRole.user_id == TenantUser.id)
        .scalar_subquery()
    )
    user = func.jsonb_build_object(
        "state",
        TenantUser.state,
        "can_sign_in",
        TenantUser.can_sign_in,
        "has_password",
        TenantUser.password_digest.is_not(None),
        "roles",
        held,
    )
    return (
        select(user)
        .where(TenantUser.tenant_id == tx.tenant_id, TenantUser.login == SUPPORT_USER.login)
        .scalar_subquery()
    )


def _support_user_state(found: dict[str, Any] | None) -> SupportUserState | None:
    if found is None:
        return None
    return SupportUserState(**{**found, "roles": frozenset(found["roles"] or ())})


def _administrators(tx: Tx) -> Any:
    return (
        select(TenantUser.id)
        .join(
            UserRole,
            (UserRole.tenant_id == TenantUser.tenant_id) & (UserRole.user_id == TenantUser.id),
        )
        .join(Role, (Role.tenant_id == UserRole.tenant_id) & (Role.id == UserRole.role_id))
        .where(
            TenantUser.tenant_id == tx.tenant_id,
            TenantUser.can_sign_in,
            TenantUser.state != UserState.DISABLED,
            Role.code == ADMIN.code,
        )
    )


def _stages(tx: Tx) -> ScalarSelect[Any]:
    return (
        select(func.array_agg(FunnelStage.position))
        .where(FunnelStage.tenant_id == tx.tenant_id)
        .scalar_subquery()
    )


def _integration(tx: Tx) -> ScalarSelect[Any]:
    return (
        select(Integration.kind)
        .where(Integration.tenant_id == tx.tenant_id, Integration.is_default)
        .scalar_subquery()
    )


def _configurations(tx: Tx, kind: str | None) -> Any:
    service = SERVICE_OF[kind].name if kind else ""
    return select(ServiceConfiguration.service).where(
        ServiceConfiguration.tenant_id == tx.tenant_id, ServiceConfiguration.service == service
    )
