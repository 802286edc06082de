"""Tenants and users, each the smallest valid thing."""

import secrets
from typing import Protocol
from uuid import UUID

from sqlalchemy import select
from uuid_utils.compat import uuid7

from sindico_api.grid import GRID
from sindico_platform.database.tx import Actor, Tx
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.identity import service
from sindico_platform.identity.default_roles import ADMIN, OPERATOR
from sindico_platform.identity.models import Role, TenantUser, UserState
from sindico_platform.identity.passwords.hasher import PasswordHasher
from sindico_platform.tenancy.models import Tenant, TenantState
from sindico_tenants.default_roles import CRM_ROLES

DEFAULT_ROLES = {role.code: role for role in (ADMIN, OPERATOR, *CRM_ROLES)}
MASTER_DOMAIN = "vendor.test"


class MakeTenant(Protocol):
    """Signature of the fixture `make_tenant`."""

    async def __call__(
        self, *, master: bool = False, state: TenantState = TenantState.ACTIVE
    ) -> Tenant: ...


class MakeUser(Protocol):
    """Signature of the fixture `make_user`."""

    async def __call__(
        self,
        tenant: Tenant,
        *grants: str,
        login: str | None = None,
        password: str | None = None,
        email: str | None = None,
    ) -> TenantUser: ...


def tenant_factory(uow: UnitOfWork) -> MakeTenant:
    async def make(*, master: bool = False, state: TenantState = TenantState.ACTIVE) -> Tenant:
        if master and (found := await find_master(uow)):
            return found
        tenant_id = uuid7()
        async with uow.begin(Actor.system(tenant_id)) as tx:
            tenant = Tenant(
                tenant_id=tenant_id,
                name=f"Tenant {tenant_id.hex[-6:]}",
                domain=MASTER_DOMAIN if master else f"t{tenant_id.hex[-12:]}.test",
                is_master=master,
                state=state,
                state_at=tx.now,
                timezone="America/Sao_Paulo",
                locale="pt-BR",
                created_at=tx.now,
            )
            tx.session.add(tenant)
            await tx.session.flush()
            tx.session.expunge(tenant)
        return tenant

    return make


async def find_master(uow: UnitOfWork) -> Tenant | None:
    async with uow.begin_fleet(Actor.system(UUID(int=0)), reason="test") as session:
        return await session.scalar(select(Tenant).where(Tenant.is_master))


def user_factory(uow: UnitOfWork, passwords: PasswordHasher) -> MakeUser:
    async def make(
        tenant: Tenant,
        *grants: str,
        login: str | None = None,
        password: str | None = None,
        email: str | None = None,
    ) -> TenantUser:
        digest = await passwords.digest(password) if password else None
        async with uow.begin(Actor.system(tenant.tenant_id)) as tx:
            roles = await roles_for(tx, grants)
            user = await service.create_user(
                tx,
                login=login or f"u{secrets.token_hex(5)}",
                name="Pessoa de Teste",
                email=email,
                role_ids=[role.id for role in roles],
            )
            user.state, user.password_digest = UserState.ACTIVE, digest
        return user

    return make


async def roles_for(tx: Tx, grants: tuple[str, ...]) -> list[Role]:
    """Default roles by code; permissions (`resource:access`) gathered in one role of their own."""
    roles = [
        (await service.ensure_role(tx, DEFAULT_ROLES[grant], grid=GRID))[0]
        for grant in grants
        if ":" not in grant
    ]
    permissions = {grant for grant in grants if ":" in grant}
    if permissions:
        name = f"Role {secrets.token_hex(5)}"
        roles.append(await service.create_role(tx, name=name, permissions=permissions, grid=GRID))
    return roles
