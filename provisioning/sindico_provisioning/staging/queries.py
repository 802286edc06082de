"""Every SELECT on the staging."""

from uuid import UUID

from sqlalchemy import ColumnElement, Table, exists, func, select

from sindico_platform.database.tx import Tx
from sindico_provisioning.staging.models import STAGING, SeenKey, StagingRejection


def is_unseen(staged: Table, load_id: UUID) -> ColumnElement[bool]:
    """Whether a load's snapshot lacked a staged row's key."""
    return ~exists().where(
        SeenKey.tenant_id == staged.c.tenant_id,
        SeenKey.load_id == load_id,
        SeenKey.resource == staged.name,
        SeenKey.id_erp == staged.c.id_erp,
    )


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
