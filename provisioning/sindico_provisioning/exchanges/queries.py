"""Every SELECT on the ledger. All of them name the days, so that no other partition is opened."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, bindparam

from sindico_platform.database.tx import Tx
from sindico_platform.paging.keyset import Keyset
from sindico_platform.paging.reading import StructReader
from sindico_platform.paging.schemas import Page, PageRequest
from sindico_provisioning.exchanges.models import Direction, Exchange
from sindico_provisioning.exchanges.schemas import RETENTION_DAYS, ExchangeFilters, ExchangeOut

ORDERS = Keyset(Exchange.id, default="-at", at=Exchange.at)
READER = StructReader(ExchangeOut, Exchange)

PARTITION_FAULTS = """
    SELECT parent, day::text
    FROM unnest(ARRAY['exchange', 'exchange_chunk']) AS parent
    CROSS JOIN generate_series(0, $1::int) AS ahead
    CROSS JOIN LATERAL (
        SELECT (now() AT TIME ZONE 'UTC')::date + ahead AS day
    ) AS wanted
    WHERE to_regclass('partitions.' || parent || to_char(day, '_YYYYMMDD')) IS NULL
    ORDER BY day, parent
"""
"""For the doctor: which days of the next $1 have no place yet."""


def earliest(now: datetime) -> datetime:
    """The instant before which nothing is shown, though a little more is kept."""
    return now - timedelta(days=RETENTION_DAYS)


async def list_exchanges(
    tx: Tx, *, request: PageRequest, filters: ExchangeFilters
) -> Page[ExchangeOut]:
    """One page of the bound tenant's exchanges, newest first."""
    return await READER.page(tx, ORDERS, request, _conditions(tx, filters))


def _conditions(tx: Tx, filters: ExchangeFilters) -> list[ColumnElement[bool]]:
    found = [Exchange.tenant_id == tx.tenant_id, Exchange.at >= earliest(tx.now)]
    if filters.direction is not None:
        # In the text, for a plan made for any direction could not use an index of one.
        way: BindParameter[str] = bindparam(None, filters.direction.value, literal_execute=True)
        found.append(Exchange.direction == way)
    if filters.integration_id is not None:
        found.append(Exchange.integration_id == filters.integration_id)
    return found


async def find_last_request(tx: Tx, *, integration_id: UUID) -> datetime | None:
    """When the ERP behind an integration last asked us for something; None if not in days."""
    asked = ExchangeFilters(direction=Direction.IN, integration_id=integration_id)
    newest = await list_exchanges(tx, request=PageRequest(limit=1), filters=asked)
    return newest.items[0].at if newest.items else None
