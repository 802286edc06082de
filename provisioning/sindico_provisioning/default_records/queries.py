"""Reads what a tenant has of the default records."""

from dataclasses import dataclass

from sqlalchemy import func, select

from sindico_platform.database.tx import Tx
from sindico_platform.identity.default_roles import ADMIN
from sindico_platform.identity.models import Role, TenantUser, UserRole, UserState
from sindico_provisioning.default_records.catalogue import ROLES, SUPPORT_USER
from sindico_provisioning.integrations import queries as integrations
from sindico_provisioning.integrations.models import Integration
from sindico_provisioning.packages.models import Subscription
from sindico_provisioning.service_properties import queries as properties
from sindico_provisioning.service_properties.catalogue import SERVICE_OF
from sindico_tenants.crm_settings import queries as crm_settings


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
    integration: Integration | None
    is_configured: bool
    """Whether the default integration's service has a configuration."""


async def take_snapshot(tx: Tx, subscription: Subscription) -> Snapshot:
    """Read everything once, so that the checks themselves are plain comparisons."""
    integration = await integrations.find_default(tx)
    kind = subscription.default_integration
    return Snapshot(
        subscription=subscription,
        permissions=await _permissions(tx),
        support_user=await _support_user(tx),
        has_administrator=await _has_administrator(tx),
        has_settings=await crm_settings.find_settings(tx) is not None,
        stages=frozenset(stage.position for stage in await crm_settings.list_stages(tx)),
        integration=integration,
        is_configured=kind is not None and await _is_configured(tx, kind),
    )


async def _is_configured(tx: Tx, kind: str) -> bool:
    return await properties.find_configuration(tx, SERVICE_OF[kind]) is not None


async def _permissions(tx: Tx) -> dict[str, frozenset[str]]:
    codes = [role.code for role in ROLES]
    rows = await tx.session.execute(
        select(Role.code, Role.permissions).where(
            Role.tenant_id == tx.tenant_id, Role.code.in_(codes)
        )
    )
    return {code: frozenset(permissions) for code, permissions in rows}


async def _support_user(tx: Tx) -> SupportUserState | None:
    held = (
        select(func.array_agg(Role.code))
        .join(UserRole, (UserRole.tenant_id == Role.tenant_id) & (UserRole.role_id == Role.id))
        .where(Role.tenant_id == tx.tenant_id, UserRole.user_id == TenantUser.id)
        .scalar_subquery()
    )
    row = (
        await tx.session.execute(
            select(
                TenantUser.state,
                TenantUser.can_sign_in,
                TenantUser.password_digest.is_not(None),
                held,
            ).where(TenantUser.tenant_id == tx.tenant_id, TenantUser.login == SUPPORT_USER.login)
        )
    ).one_or_none()
    if row is None:
        return None
    return SupportUserState(
        state=row[0], can_sign_in=row[1], has_password=row[2], roles=frozenset(row[3] or ())
    )


async def _has_administrator(tx: Tx) -> bool:
    holder = (
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
    return bool(await tx.session.scalar(select(holder.exists())))
