"""Every SELECT on the staging."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Select,
    Table,
    Text,
    exists,
    func,
    literal_column,
    select,
    union_all,
)

from sindico_platform.database.tx import Tx
from sindico_provisioning.staging.models import STAGING, SeenKey, StagingRejection
from sindico_provisioning.staging.sizes.queries import bytes_of_row

SAMPLED_ROWS = 200
KEYS = ARRAY(Text(collation="C"))


async def list_unseen(
    tx: Tx, staged: Table, *, load_id: UUID, integration_id: UUID
) -> Sequence[str]:
    """Keys of the staged rows that a load's snapshot lacked.

    As a set difference, because that costs the same whatever the planner believes: a table filled
    in this very transaction has no statistics, and NOT EXISTS over it can turn quadratic.
    """
    present = select(staged.c.id_erp).where(
        staged.c.integration_id == integration_id, staged.c.removed_at.is_(None)
    )
    seen = select(SeenKey.id_erp).where(SeenKey.load_id == load_id, SeenKey.resource == staged.name)
    return (await tx.session.scalars(present.except_(seen))).all()


async def count_present(tx: Tx, *, integration_id: UUID, resource: str) -> int:
    """How many rows of an ERP table are staged and not removed."""
    staged = STAGING[resource]
    count = select(func.count()).where(
        staged.c.integration_id == integration_id, staged.c.removed_at.is_(None)
    )
    return await tx.session.scalar(count) or 0


async def measure_bytes(tx: Tx, *, integration_id: UUID) -> int:
    """About how much an integration's staged rows take now: their number, by the size of some.

    What the fleet tells is the same of every row, measured after each load.
    """
    sizes = [_size_of(tx, staged, integration_id) for staged in STAGING.values()]
    found = await tx.session.scalar(select(func.sum(union_all(*sizes).subquery().c.size_bytes)))
    return int(found or 0)


def _size_of(tx: Tx, staged: Table, integration_id: UUID) -> Select[Any]:
    mine = (staged.c.tenant_id == tx.tenant_id, staged.c.integration_id == integration_id)
    some = select(bytes_of_row(staged.name).label("bytes")).where(*mine).limit(SAMPLED_ROWS)
    average = select(func.avg(some.subquery().c.bytes)).scalar_subquery()
    count = select(func.count()).where(*mine).scalar_subquery()
    return select(func.round(count * func.coalesce(average, 0)).label("size_bytes"))


async def list_filled(tx: Tx, *, integration_id: UUID) -> tuple[str, ...]:
    """The ERP tables that hold rows of an integration, removed ones too."""
    some = [
        exists()
        .where(table.c.tenant_id == tx.tenant_id, table.c.integration_id == integration_id)
        .label(name)
        for name, table in STAGING.items()
    ]
    row = (await tx.session.execute(select(*some))).one()
    return tuple(name for name, is_filled in zip(STAGING, row, strict=True) if is_filled)


async def has_keyless_rejections(tx: Tx, *, load_id: UUID, resource: str) -> bool:
    """Whether the load rejected rows of a table whose key could not be read."""
    found = exists().where(
        StagingRejection.load_id == load_id,
        StagingRejection.resource == resource,
        StagingRejection.id_erp.is_(None),
    )
    return bool(await tx.session.scalar(select(found)))


def is_unsettled(tx: Tx, integration_id: UUID, resource: str) -> tuple[ColumnElement[bool], ...]:
    """The conditions on rows of a table that the integration's loads found wrong and still are."""
    kept = StagingRejection
    return (
        kept.tenant_id == tx.tenant_id,
        kept.integration_id == integration_id,
        kept.resource == resource,
        kept.is_settled == literal_column("false"),  # as the index says it
    )
