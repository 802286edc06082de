"""Every SELECT on sealed values."""

from collections import Counter
from typing import Any
from uuid import UUID

from sqlalchemy import func, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from sindico_platform.audit.models import AuditSeal
from sindico_platform.database.tx import Tx
from sindico_platform.secrets import KeyRing
from sindico_platform.tenancy.models import Tenant
from sindico_provisioning.key_rotation.catalogue import SEALED_COLUMNS, SealedColumn


async def list_outdated(
    tx: Tx, column: SealedColumn, keys: KeyRing, *, after: tuple[Any, ...] | None, limit: int
) -> list[dict[str, Any]]:
    """The bound tenant's values under another key than the newest, with their key columns.

    Args:
        after: key of the last row seen before.
        limit: how many at most.
    """
    table, key = column.table, list(column.table.primary_key)
    sealed = table.c[column.column]
    query = (
        select(*key, sealed)
        .where(table.c.tenant_id == tx.tenant_id, sealed.is_not(None))
        .where(~sealed.startswith(keys.newest_mark, autoescape=True))
        .order_by(*key)
        .limit(limit)
    )
    if after is not None:
        query = query.where(tuple_(*key) > tuple_(*(literal(value) for value in after)))
    return [dict(zip(row._fields, row, strict=True)) for row in await tx.session.execute(query)]


async def count_values(tx: Tx) -> Counter[str]:
    """How many of the bound tenant's values each key seals."""
    found: Counter[str] = Counter()
    for column in SEALED_COLUMNS:
        sealed = column.table.c[column.column]
        key_id = func.split_part(sealed, ".", 2).label("key_id")
        query = (
            select(key_id, func.count().label("values"))
            .where(column.table.c.tenant_id == tx.tenant_id, sealed.is_not(None))
            .group_by(key_id)
        )
        for row in await tx.session.execute(query):
            found[row.key_id] += row[1]
    return found


async def count_audit_seals(fleet: AsyncSession) -> Counter[str]:
    """How many stamps of all tenants' audit trails each key signed."""
    query = select(AuditSeal.key_id, func.count()).group_by(AuditSeal.key_id)
    return Counter({row[0]: row[1] for row in await fleet.execute(query)})


async def list_tenant_ids(fleet: AsyncSession, *, after: UUID | None, limit: int) -> list[UUID]:
    """Some of all tenants, the master and the closed ones too, in the order of their ids."""
    query = select(Tenant.tenant_id).order_by(Tenant.tenant_id).limit(limit)
    if after is not None:
        query = query.where(Tenant.tenant_id > after)
    return list(await fleet.scalars(query))
