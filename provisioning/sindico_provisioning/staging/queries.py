"""Every SELECT on the staging."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Table, exists, func, select

from sindico_platform.database.tx import Tx
from sindico_provisioning.staging.models import STAGING, SeenKey, StagingRejection


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


async def has_keyless_rejections(tx: Tx, *, load_id: UUID, resource: str) -> bool:
    """Whether the load rejected rows of a table whose key could not be read."""
    found = exists().where(
        StagingRejection.load_id == load_id,
        StagingRejection.resource == resource,
        StagingRejection.id_erp.is_(None),
    )
    return bool(await tx.session.scalar(select(found)))
