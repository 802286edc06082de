"""Makes the master tenant and its first operator; everything else has an API."""

from dataclasses import dataclass
from uuid import UUID

from uuid_utils.compat import uuid7

from sindico_platform.audit import service as audit
from sindico_platform.database.tx import Actor, Tx
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.identity import queries as identity
from sindico_platform.identity import service as users
from sindico_platform.identity.default_roles import ADMIN, OPERATOR
from sindico_platform.identity.grid import Grid
from sindico_platform.tenancy.models import Tenant, TenantState
from sindico_provisioning.master_tenant import queries
from sindico_provisioning.tenant_registry.service import LOCALE, TIMEZONE


@dataclass(frozen=True, kw_only=True, slots=True)
class MasterTenant:
    """What was made or found."""

    tenant_id: UUID
    operator_id: UUID


async def ensure_master_tenant(
    uow: UnitOfWork,
    *,
    grid: Grid,
    name: str,
    domain: str,
    operator_login: str,
    operator_name: str,
) -> MasterTenant:
    """Make the vendor's tenant and an operator who may do everything in it; repeatable.

    The operator has no password yet: whoever calls this makes an invitation, or sets one.

    Raises:
        InvalidInput: the login has a form that cannot be used.
    """
    tenant_id = await queries.find_tenant_id(uow, domain) or uuid7()
    async with uow.begin(Actor.system(tenant_id, "bootstrap")) as tx:
        if not await tx.session.get(Tenant, tenant_id):
            await _insert_tenant(tx, name=name, domain=domain)
        roles = [(await users.ensure_role(tx, role, grid=grid))[0] for role in (ADMIN, OPERATOR)]
        operator = await identity.find_user_by_login(tx, operator_login)
        if operator is None:
            operator = await users.create_user(
                tx,
                login=operator_login,
                name=operator_name,
                role_ids=[role.id for role in roles],
            )
        return MasterTenant(tenant_id=tenant_id, operator_id=operator.id)


async def _insert_tenant(tx: Tx, *, name: str, domain: str) -> None:
    tx.session.add(
        Tenant(
            tenant_id=tx.tenant_id,
            name=name,
            domain=domain,
            is_master=True,
            state=TenantState.ACTIVE,
            state_at=tx.now,
            timezone=TIMEZONE,
            locale=LOCALE,
            created_at=tx.now,
        )
    )
    await tx.session.flush()
    await audit.record(
        tx, "tenant:create", target_type="tenant", target_id=tx.tenant_id, is_master=True
    )
