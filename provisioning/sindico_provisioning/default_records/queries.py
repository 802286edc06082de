"""Reads what a tenant has of the default records, in one statement."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, ScalarSelect, Uuid, bindparam, exists, func, select

from sindico_platform.database.tx import Tx
from sindico_platform.identity.default_roles import ADMIN
from sindico_platform.identity.models import Role, TenantUser, UserRole, UserState
from sindico_provisioning.default_records.catalogue import ROLES, SUPPORT_USER
from sindico_provisioning.integrations.models import Integration
from sindico_provisioning.packages.models import Subscription
from sindico_provisioning.service_properties.catalogue import SERVICE_OF
from sindico_provisioning.service_properties.models import ServiceConfiguration
from sindico_tenants.crm_settings.models import CrmSettings, FunnelStage

BOUND = bindparam("bound", type_=Uuid)


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
    service = SERVICE_OF[kind].name if kind else ""
    row: Row[Any] = (
        await tx.session.execute(SNAPSHOT, {"bound": tx.tenant_id, "service": service})
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


def _support_user_state(found: dict[str, Any] | None) -> SupportUserState | None:
    if found is None:
        return None
    return SupportUserState(**{**found, "roles": frozenset(found["roles"] or ())})


def _permissions() -> ScalarSelect[Any]:
    return (
        select(func.jsonb_object_agg(Role.code, func.to_jsonb(Role.permissions)))
        .where(Role.tenant_id == BOUND, Role.code.in_([role.code for role in ROLES]))
        .scalar_subquery()
    )


def _support_user() -> ScalarSelect[Any]:
    held = (
        select(func.jsonb_agg(Role.code))
        .join(UserRole, (UserRole.tenant_id == Role.tenant_id) & (UserRole.role_id == Role.id))
        .where(Role.tenant_id == BOUND, UserRole.user_id == TenantUser.id)
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
        .where(TenantUser.tenant_id == BOUND, TenantUser.login == SUPPORT_USER.login)
        .scalar_subquery()
    )


def _administrators() -> Any:
    return (
        select(TenantUser.id)
        .join(
            UserRole,
            (UserRole.tenant_id == TenantUser.tenant_id) & (UserRole.user_id == TenantUser.id),
        )
        .join(Role, (Role.tenant_id == UserRole.tenant_id) & (Role.id == UserRole.role_id))
        .where(
            TenantUser.tenant_id == BOUND,
            TenantUser.can_sign_in,
            TenantUser.state != UserState.DISABLED,
            Role.code == ADMIN.code,
        )
    )


def _stages() -> ScalarSelect[Any]:
    return (
        select(func.array_agg(FunnelStage.position))
        .where(FunnelStage.tenant_id == BOUND)
        .scalar_subquery()
    )


def _integration() -> ScalarSelect[Any]:
    return (
        select(Integration.kind)
        .where(Integration.tenant_id == BOUND, Integration.is_default)
        .scalar_subquery()
    )


def _configurations() -> Any:
    return select(ServiceConfiguration.service).where(
        ServiceConfiguration.tenant_id == BOUND,
        ServiceConfiguration.service == bindparam("service"),
    )


# Every provisioning looks at this: put together once.
SNAPSHOT = select(
    _permissions().label("permissions"),
    _support_user().label("support_user"),
    exists(_administrators()).label("has_administrator"),
    exists().where(CrmSettings.tenant_id == BOUND).label("has_settings"),
    _stages().label("stages"),
    _integration().label("integration"),
    exists(_configurations()).label("is_configured"),
)
