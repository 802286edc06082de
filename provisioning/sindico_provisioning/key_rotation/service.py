"""Bring every sealed value under the newest key, tenant by tenant, in transactions of a page.

Repeatable and safe to kill: what is done is under the newest key and is not looked at again.
"""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID

from sqlalchemy import update

from sindico_platform.audit import service as audit
from sindico_platform.database.tx import Actor, Tx
from sindico_platform.database.uow import UnitOfWork
from sindico_platform.errors import SindicoError
from sindico_platform.secrets import KeyRing
from sindico_provisioning.key_rotation import queries
from sindico_provisioning.key_rotation.catalogue import SEALED_COLUMNS, SealedColumn
from sindico_provisioning.key_rotation.schemas import Batch, KeyOut, Rotation, UnreadableValue

NAME = "key-rotation"
NOBODY = Actor.system(UUID(int=0), NAME)
VALUES_AT_ONCE, TENANTS_AT_ONCE = 100, 500


async def reseal_all(
    uow: UnitOfWork, keys: KeyRing, *, told: Callable[[Rotation], None] = lambda _: None
) -> Rotation:
    """Reseal every value of every tenant that is under another key than the newest.

    Args:
        uow: no transaction of it may be open.
        keys: the ring, newest first.
        told: is told after each tenant.

    Returns:
        How much was done, and what no key opens.
    """
    rotation = Rotation()
    async for tenant_id in all_tenant_ids(uow):
        for column in SEALED_COLUMNS:
            await _reseal_column(uow, keys, tenant_id, column, rotation)
        rotation.tenants += 1
        told(rotation)
    return rotation


async def list_keys(uow: UnitOfWork, keys: KeyRing) -> list[KeyOut]:
    """The ring's keys, newest first, then those that values need and the ring has not."""
    values: Counter[str] = Counter()
    async for tenant_id in all_tenant_ids(uow):
        async with uow.begin(Actor.system(tenant_id, NAME)) as tx:
            values += await queries.count_values(tx)
    async with uow.begin_fleet(NOBODY, reason=NAME) as fleet:
        seals = await queries.count_audit_seals(fleet)
    fingerprints = keys.fingerprints()
    missing = sorted((values.keys() | seals.keys()) - set(keys.key_ids))
    return [
        KeyOut(
            id=key_id,
            fingerprint=fingerprints.get(key_id),
            newest=key_id == keys.newest_key_id,
            values=values[key_id],
            audit_seals=seals[key_id],
        )
        for key_id in [*keys.key_ids, *missing]
    ]


async def reseal_batch(
    tx: Tx, keys: KeyRing, column: SealedColumn, *, after: tuple[Any, ...] | None
) -> Batch:
    """Reseal the next values of one column of the bound tenant.

    A value that somebody replaces meanwhile is left alone.
    """
    rows = await queries.list_outdated(tx, column, keys, after=after, limit=VALUES_AT_ONCE)
    key = [item.name for item in column.table.primary_key]
    full = len(rows) == VALUES_AT_ONCE
    batch = Batch(last=tuple(rows[-1][name] for name in key) if full else None)
    for row in rows:
        sealed = row[column.column]
        try:
            field = column.field_of(row)
            fresh = keys.reseal(sealed, tenant_id=tx.tenant_id, field=field)
        except (SindicoError, KeyError) as fault:
            batch.unreadable.append(_unreadable(tx, column, fault))
            continue
        same = [column.table.c[name] == row[name] for name in key]
        same.append(column.table.c[column.column] == sealed)
        statement = update(column.table).where(*same).values({column.column: fresh})
        done = await tx.session.execute(statement.returning(column.table.c.tenant_id))
        batch.resealed += len(done.all())
    if batch.resealed:
        await audit.record(
            tx, "secrets:reseal", column=column.name, key=keys.newest_key_id, values=batch.resealed
        )
    return batch


async def all_tenant_ids(uow: UnitOfWork) -> AsyncIterator[UUID]:
    """Every tenant there is; none that is made meanwhile is left out, as ids grow with time."""
    after: UUID | None = None
    while True:
        async with uow.begin_fleet(NOBODY, reason=NAME) as fleet:
            page = await queries.list_tenant_ids(fleet, after=after, limit=TENANTS_AT_ONCE)
        for tenant_id in page:
            yield tenant_id
        if len(page) < TENANTS_AT_ONCE:
            return
        after = page[-1]


async def _reseal_column(
    uow: UnitOfWork, keys: KeyRing, tenant_id: UUID, column: SealedColumn, rotation: Rotation
) -> None:
    after: tuple[Any, ...] | None = None
    while True:
        async with uow.begin(Actor.system(tenant_id, NAME)) as tx:
            batch = await reseal_batch(tx, keys, column, after=after)
        rotation.resealed += batch.resealed
        rotation.unreadable += batch.unreadable
        if batch.last is None:
            return
        after = batch.last


def _unreadable(tx: Tx, column: SealedColumn, fault: Exception) -> UnreadableValue:
    known = isinstance(fault, SindicoError)
    return UnreadableValue(
        tenant_id=tx.tenant_id,
        column=column.name,
        code=fault.code if isinstance(fault, SindicoError) else "unknown-service",
        detail=str(fault) if known else f"There is no service {fault}.",
    )
