"""Every SELECT on integrations."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select

from sindico_platform.database.tx import Tx
from sindico_platform.paging.keyset import Keyset
from sindico_platform.paging.reading import StructReader
from sindico_platform.paging.schemas import Page, PageRequest
from sindico_provisioning.integrations.errors import IntegrationNotFound
from sindico_provisioning.integrations.models import Integration, IntegrationState
from sindico_provisioning.integrations.schemas import IntegrationOut

ORDERS = Keyset(Integration.id, default="name", name=Integration.name)
One = Select[Integration]
READER = StructReader(IntegrationOut, Integration)


async def list_integrations(tx: Tx, request: PageRequest) -> Page[IntegrationOut]:
    """One page of the bound tenant's integrations."""
    return await READER.page(tx, ORDERS, request, present(tx))


def present(tx: Tx) -> list[ColumnElement[bool]]:
    """The conditions of the bound tenant's integrations but those that were removed."""
    return [Integration.tenant_id == tx.tenant_id, Integration.state != IntegrationState.REMOVED]


async def get_integration(tx: Tx, integration_id: UUID, *, lock: bool = False) -> Integration:
    """One integration of the bound tenant.

    Raises:
        IntegrationNotFound: no such integration.
    """
    query = select(Integration).where(*present(tx), Integration.id == integration_id)
    return await _get(tx, _locked(query) if lock else query)


async def hold_integration(tx: Tx, integration_id: UUID) -> Integration:
    """As `get_integration`; nobody removes it before the end of the transaction.

    Raises:
        IntegrationNotFound: no such integration.
    """
    query = select(Integration).where(*present(tx), Integration.id == integration_id)
    return await _get(tx, _locked(query, shared=True))


async def get_recorded(tx: Tx, integration_id: UUID, *, lock: bool = False) -> Integration:
    """As `get_integration`, for what was done with it: one that was removed is found too.

    Raises:
        IntegrationNotFound: there was never such an integration.
    """
    query = select(Integration).where(
        Integration.tenant_id == tx.tenant_id, Integration.id == integration_id
    )
    return await _get(tx, _locked(query) if lock else query)


def _locked(query: One, *, shared: bool = False) -> One:
    return query.with_for_update(read=shared, key_share=shared).execution_options(
        populate_existing=True
    )


async def _get(tx: Tx, query: One) -> Integration:
    found: Integration | None = await tx.session.scalar(query)
    if found is None:
        raise IntegrationNotFound
    return found


async def name_integrations(tx: Tx, ids: Collection[UUID]) -> dict[UUID, str]:
    """What integrations are or were called; ids of anything else are left out."""
    query = select(Integration.id, Integration.name).where(
        Integration.tenant_id == tx.tenant_id, Integration.id.in_(ids)
    )
    return {row.id: row.name for row in await tx.session.execute(query)}


async def find_default(tx: Tx) -> Integration | None:
    """The integration that provisioning made, if any."""
    found: Integration | None = await tx.session.scalar(
        select(Integration).where(*present(tx), Integration.is_default)
    )
    return found


async def find_of_kind(tx: Tx, kind: str) -> Integration | None:
    """The first integration of a kind, the default one before others."""
    found: Integration | None = await tx.session.scalar(
        select(Integration)
        .where(*present(tx), Integration.kind == kind)
        .order_by(Integration.is_default.desc(), Integration.id)
        .limit(1)
    )
    return found


async def count_integrations(tx: Tx) -> int:
    """All integrations, paused ones included."""
    return await tx.session.scalar(select(func.count()).where(*present(tx))) or 0


async def list_kinds(tx: Tx) -> frozenset[str]:
    """The kinds of integration the bound tenant has."""
    query = select(Integration.kind).where(*present(tx)).distinct()
    return frozenset(await tx.session.scalars(query))
