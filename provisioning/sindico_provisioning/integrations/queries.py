"""Every SELECT on integrations."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import func, select

from sindico_platform.database.tx import Tx
from sindico_platform.paging.keyset import Keyset
from sindico_platform.paging.reading import StructReader
from sindico_platform.paging.schemas import Page, PageRequest
from sindico_provisioning.integrations.errors import IntegrationNotFound
from sindico_provisioning.integrations.models import Integration
from sindico_provisioning.integrations.schemas import IntegrationOut

ORDERS = Keyset(Integration.id, default="name", name=Integration.name)
READER = StructReader(IntegrationOut, Integration)


async def list_integrations(tx: Tx, request: PageRequest) -> Page[IntegrationOut]:
    """One page of the bound tenant's integrations."""
    return await READER.page(tx, ORDERS, request, [Integration.tenant_id == tx.tenant_id])


async def get_integration(tx: Tx, integration_id: UUID, *, lock: bool = False) -> Integration:
    """One integration of the bound tenant.

    Raises:
        IntegrationNotFound: no such integration.
    """
    query = select(Integration).where(
        Integration.tenant_id == tx.tenant_id, Integration.id == integration_id
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found: Integration | None = await tx.session.scalar(query)
    if found is None:
        raise IntegrationNotFound
    return found


async def name_integrations(tx: Tx, ids: Collection[UUID]) -> dict[UUID, str]:
    """What integrations are called; ids of anything else are left out."""
    query = select(Integration.id, Integration.name).where(
        Integration.tenant_id == tx.tenant_id, Integration.id.in_(ids)
    )
    return {row.id: row.name for row in await tx.session.execute(query)}


async def find_default(tx: Tx) -> Integration | None:
    """The integration that provisioning made, if any."""
    found: Integration | None = await tx.session.scalar(
        select(Integration).where(Integration.tenant_id == tx.tenant_id, Integration.is_default)
    )
    return found


async def find_of_kind(tx: Tx, kind: str) -> Integration | None:
    """The first integration of a kind, the default one before others."""
    found: Integration | None = await tx.session.scalar(
        select(Integration)
        .where(Integration.tenant_id == tx.tenant_id, Integration.kind == kind)
        .order_by(Integration.is_default.desc(), Integration.id)
        .limit(1)
    )
    return found


async def count_integrations(tx: Tx) -> int:
    """All integrations, paused ones included."""
    found = await tx.session.scalar(
        select(func.count()).where(Integration.tenant_id == tx.tenant_id)
    )
    return found or 0


async def list_kinds(tx: Tx) -> frozenset[str]:
    """The kinds of integration the bound tenant has."""
    query = select(Integration.kind).where(Integration.tenant_id == tx.tenant_id).distinct()
    return frozenset(await tx.session.scalars(query))
