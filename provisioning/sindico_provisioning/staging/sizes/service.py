"""The only writer of sizes."""

from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from sindico_platform.database.tx import Tx
from sindico_provisioning.staging.sizes import queries
from sindico_provisioning.staging.sizes.models import StagingSize


async def measure_staging(tx: Tx, *, integration_id: UUID) -> None:
    """Write down how much an integration has staged now. It reads every row of it."""
    found = (await tx.session.execute(queries.measure(tx, integration_id))).one()
    figures = {"rows": found.rows, "size_bytes": found.size_bytes, "measured_at": tx.now}
    row = {"tenant_id": tx.tenant_id, "integration_id": integration_id, **figures}
    await tx.session.execute(
        insert(StagingSize)
        .values(row)
        .on_conflict_do_update(index_elements=["tenant_id", "integration_id"], set_=figures)
    )
