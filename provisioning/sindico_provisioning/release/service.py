"""Bring a database to this release: `sindico migrate` and the tests call this and nothing else."""

from sqlalchemy import Connection, delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from sindico_platform.database.engines import asyncpg_url
from sindico_platform.database.migrate import upgrade
from sindico_provisioning.packages.catalogue import PACKAGES
from sindico_provisioning.packages.models import PackageRow


async def migrate(owner_url: str) -> None:
    """Bring schema and public catalogues to this release. Repeating the call changes nothing."""
    await upgrade(owner_url)
    engine = create_async_engine(asyncpg_url(owner_url), poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(reconcile_packages)
    finally:
        await engine.dispose()


def reconcile_packages(connection: Connection) -> None:
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
    connection.execute(statement.on_conflict_do_update(index_elements=["code"], set_=fields))
    connection.execute(delete(PackageRow).where(PackageRow.code.not_in(PACKAGES)))
