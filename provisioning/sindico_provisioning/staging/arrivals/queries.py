"""Every SELECT on arrivals."""

from uuid import UUID

from sqlalchemy import select

from sindico_platform.database.tx import Tx
from sindico_provisioning.staging.arrivals.models import Arrival


async def list_arrivals(tx: Tx, *, integration_id: UUID) -> list[UUID]:
    """Those of an integration; hardly more than there are pushes side by side."""
    found = await tx.session.scalars(
        select(Arrival.id).where(
            Arrival.tenant_id == tx.tenant_id, Arrival.integration_id == integration_id
        )
    )
    return list(found)
