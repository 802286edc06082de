"""Finds the tenants that lack a default record, all at once, as the role `owner`."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from sindico_platform.identity.models import Role, TenantUser
from sindico_provisioning.default_records.catalogue import ROLES, SUPPORT_USER
from sindico_provisioning.integrations.models import Integration
from sindico_provisioning.packages.models import CrmState, Subscription
from sindico_provisioning.service_properties.models import ServiceConfiguration
from sindico_tenants.crm_settings.catalogue import DEFAULT_STAGES
from sindico_tenants.crm_settings.models import CrmSettings, FunnelStage


async def list_incomplete_tenants(connection: AsyncConnection) -> Sequence[UUID]:
    """Tenants with an active CRM that lack a role, the support user, settings or integration."""
    tenant = Subscription.tenant_id
    roles = (
        select(func.count())
        .where(Role.tenant_id == tenant, Role.code.in_([role.code for role in ROLES]))
        .scalar_subquery()
    )
    stages = select(func.count()).where(FunnelStage.tenant_id == tenant).scalar_subquery()
    support = exists().where(TenantUser.tenant_id == tenant, TenantUser.login == SUPPORT_USER.login)
    integration = exists().where(Integration.tenant_id == tenant, Integration.is_default)
    configured = exists().where(
        ServiceConfiguration.tenant_id == tenant,
        ServiceConfiguration.service
        == func.concat("integration_", Subscription.default_integration),
    )
    rows = await connection.execute(
        select(tenant)
        .where(
            Subscription.crm_state == CrmState.ACTIVE,
            or_(
                roles < len(ROLES),
                ~support,
                ~exists().where(CrmSettings.tenant_id == tenant),
                stages < len(DEFAULT_STAGES),
                and_(
                    Subscription.default_integration.is_not(None),
                    or_(~integration, ~configured),
                ),
            ),
        )
        .order_by(tenant)
    )
    return list(rows.scalars())
