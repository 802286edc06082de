"""Bring a database to this release: `sindico migrate` and the tests call this and nothing else."""

from collections.abc import Sequence
from uuid import UUID

import structlog
from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from sindico_platform.database.engines import Engines, asyncpg_url
from sindico_platform.database.migrate import upgrade
from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.identity.default_roles import ADMIN, OPERATOR
from sindico_platform.identity.defaults import service as identity
from sindico_provisioning.default_records import service as defaults
from sindico_provisioning.default_records.catalogue import ROLES
from sindico_provisioning.grid import GRID
from sindico_provisioning.packages.catalogue import PACKAGES
from sindico_provisioning.packages.models import PackageRow
from sindico_provisioning.packages.queries import get_subscription
from sindico_provisioning.release import queries

log = structlog.get_logger()


async def migrate(owner_url: str) -> None:
    """Bring schema, catalogues and every tenant's default records to this release.

    Repeating the call changes nothing. What a customer changed stays; *Conferir cadastros* shows
    and restores that.
    """
    await upgrade(owner_url)
    engine = create_async_engine(asyncpg_url(owner_url), poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await reconcile_packages(connection)
            await _reconcile_roles(connection)
            incomplete = await queries.list_incomplete_tenants(connection)
        await complete_tenants(engine, incomplete)
    finally:
        await engine.dispose()


async def reconcile_packages(connection: AsyncConnection) -> None:
    """Make `control.package` equal to the declared packages.

    A package that a tenant still has cannot vanish: its foreign key refuses.
    """
    rows = [
        {
            "code": package.code,
            "position": position,
            "title": package.title,
            "paid": package.paid,
            "activation": package.activation,
            "features": sorted(package.features),
            "limits": dict(package.limits),
        }
        for position, package in enumerate(PACKAGES.values(), start=1)
    ]
    statement = insert(PackageRow).values(rows)
    fields = {name: statement.excluded[name] for name in rows[0] if name != "code"}
    await connection.execute(statement.on_conflict_do_update(index_elements=["code"], set_=fields))
    await connection.execute(delete(PackageRow).where(PackageRow.code.not_in(PACKAGES)))


async def complete_tenants(engine: AsyncEngine, tenants: Sequence[UUID]) -> None:
    """Make the default records that these tenants lack, each in a transaction of its own.

    The role `owner` sees every tenant, so everything called here names the tenant it means.
    """
    uow = UnitOfWork(Engines(app=engine, leases=engine, fleet=engine))
    for tenant_id in tenants:
        async with uow.begin(Actor.system(tenant_id, "release")) as tx:
            subscription = await get_subscription(tx, lock=True)
            found = await defaults.check(tx, subscription)
            missing = [item.code for item in found.records if item.status == "missing"]
            await defaults.repair(tx, subscription, codes=missing)
        log.info("default_records_completed", tenant_id=str(tenant_id), records=missing)


async def _reconcile_roles(connection: AsyncConnection) -> None:
    """Give the default roles of every tenant what this release grants anew."""
    for roles, master in ((ROLES, False), ((ADMIN, OPERATOR), True)):
        changed = await identity.reconcile_roles_everywhere(
            connection, roles, grid=GRID, master=master
        )
        if changed:
            log.info("default_roles_reconciled", roles=changed, master=master)
