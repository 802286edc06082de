"""A release brings every tenant into line, and leaves alone what customers changed."""

from pathlib import Path
from uuid import UUID

from sqlalchemy import delete, select, update
from uuid_utils.compat import uuid7

from sindico_api.context import Context, open_context
from sindico_platform.audit.models import AuditEvent
from sindico_platform.database.roles import RoleUrls
from sindico_platform.database.tx import Actor
from sindico_platform.identity.default_roles import ADMIN
from sindico_platform.identity.models import Role, TenantUser, UserRole
from sindico_provisioning.grid import GRID
from sindico_provisioning.integrations.models import Integration
from sindico_provisioning.master_tenant.service import ensure_master_tenant
from sindico_provisioning.provisioning_runs import service as provisioning
from sindico_provisioning.provisioning_runs.schemas import AdministratorIn, ProvisioningRunIn
from sindico_provisioning.release.service import migrate
from sindico_tenants.default_roles import DIRECTOR
from tests.conftest import settings_for
from tests.provisioning.factories import make_tenant, operator
from tests.support.jobs import run_jobs


async def provisioned(context: Context) -> UUID:
    tenant = await make_tenant(context.uow)
    async with context.uow.begin(operator(), tenant=tenant.id) as tx:
        await provisioning.start_run(
            tx,
            ProvisioningRunIn(
                package="freemium",
                default_integration="mega",
                admin=AdministratorIn(name="Ana", email=None, login="ana"),
            ),
        )
    await run_jobs(context, tenant.id)
    return tenant.id


async def roles_of(context: Context, tenant_id: UUID) -> dict[str, Role]:
    async with context.uow.begin(Actor.system(tenant_id)) as tx:
        return {role.code: role for role in await tx.session.scalars(select(Role))}


async def test_a_release_adds_what_is_new_and_keeps_what_the_customer_changed(
    fresh_database: RoleUrls, redis_url: str, tmp_path: Path
) -> None:
    settings = settings_for(fresh_database, redis_url, tmp_path)
    async with open_context(settings, process="test") as context:
        first, second = await provisioned(context), await provisioned(context)
        before = await roles_of(context, first)
        await forget(context, first, told=["contacts:view"], lost=["accounts:delete"])
        await lose_records(context, second)

        await migrate(fresh_database.owner)
        after, others = await roles_of(context, first), await roles_of(context, second)
        await migrate(fresh_database.owner)
        again = await roles_of(context, first)

        wanted = sorted(DIRECTOR.permissions(GRID, master=False))
        director = after["crm-director"]
        assert director.declared_permissions == wanted
        kept = {*wanted, "moon:view"} - {"accounts:delete"}
        assert director.permissions == sorted(kept)
        assert after["crm-user"].permissions == before["crm-user"].permissions
        assert again["crm-director"].revision == director.revision
        assert sorted(others) == sorted(before)
        async with context.uow.begin(Actor.system(second)) as tx:
            assert await tx.session.scalar(select(Integration.kind)) == "mega"
            login = select(TenantUser.login).where(~TenantUser.can_sign_in)
            assert await tx.session.scalar(login) == "suportecrm"
            tags = list(await tx.session.scalars(select(AuditEvent.tag)))
        assert tags.count("integration:create") == 2


async def forget(context: Context, tenant_id: UUID, *, told: list[str], lost: list[str]) -> None:
    """As if the last release had not known some permissions, and the customer had edited."""
    async with context.uow.begin(Actor.system(tenant_id)) as tx:
        role = (await tx.session.scalars(select(Role).where(Role.code == DIRECTOR.code))).one()
        known = [x for x in role.permissions if x not in told]
        role.declared_permissions = known
        role.permissions = [x for x in known if x not in lost] + ["moon:view"]


async def lose_records(context: Context, tenant_id: UUID) -> None:
    async with context.uow.begin(Actor.system(tenant_id)) as tx:
        support = (
            await tx.session.scalars(select(TenantUser.id).where(~TenantUser.can_sign_in))
        ).one()
        await tx.session.execute(delete(UserRole).where(UserRole.user_id == support))
        await tx.session.execute(delete(TenantUser).where(TenantUser.id == support))
        await tx.session.execute(delete(Role).where(Role.code == "crm-user"))
        await tx.session.execute(delete(Integration))


async def test_the_master_tenants_roles_get_the_vendors_permissions(
    fresh_database: RoleUrls, redis_url: str, tmp_path: Path
) -> None:
    settings = settings_for(fresh_database, redis_url, tmp_path)
    async with open_context(settings, process="test") as context:
        master = await ensure_master_tenant(
            context.uow,
            grid=GRID,
            name="Fornecedor",
            domain=f"{uuid7().hex}.test",
            operator_login="op",
            operator_name="Operadora",
        )
        async with context.uow.begin(Actor.system(master.tenant_id)) as tx:
            await tx.session.execute(
                update(Role)
                .where(Role.code == ADMIN.code)
                .values(permissions=[], declared_permissions=[])
            )

        await migrate(fresh_database.owner)

        admin = (await roles_of(context, master.tenant_id))["admin"]
        assert set(admin.permissions) == GRID.permissions(master=True)
