"""The sealer: stamps what was committed since its last round, batch by batch and per tenant.

A row that commits late, with a smaller id than rows already sealed, goes into a later seal; the
order of ids counts inside a seal only. So writers need not wait for one another.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from uuid import UUID

import asyncpg
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from sindico_platform.audit.digests import COVERED, PURPOSE, digest_row, sealed_bytes
from sindico_platform.database.driver import driver
from sindico_platform.secrets import KeyRing
from sindico_platform.telemetry import metrics

BATCH_ROWS = 1_000

UNSEALED = f"""
    SELECT {COVERED} FROM control.audit_event
    WHERE seal_number IS NULL ORDER BY tenant_id, id LIMIT $1
"""  # noqa: S608 - the columns are a constant
LAST_SEALS = """
    SELECT t.tenant_id, s.number, s.mac
    FROM unnest($1::uuid[]) AS t (tenant_id)
    CROSS JOIN LATERAL (
        SELECT number, mac FROM control.audit_seal
        WHERE tenant_id = t.tenant_id ORDER BY number DESC LIMIT 1
    ) AS s
"""
NOW = "SELECT now()"
STAMP = "SELECT control.seal_audit($1, $2, $3, $4, $5, $6)"
WAITING = "SELECT count(*) FROM control.audit_event WHERE seal_number IS NULL"

log = structlog.get_logger()


async def seal_trails(fleet: AsyncEngine, ring: KeyRing, *, batch_rows: int = BATCH_ROWS) -> int:
    """Seal what is committed and unsealed, of every tenant. Two sealers at once do no harm.

    Returns:
        How many rows were sealed.
    """
    total = 0
    while True:
        read, sealed = await _seal_batch(fleet, ring, batch_rows)
        total += sealed
        if read < batch_rows or not sealed:
            return total


async def refresh_figures(fleet: AsyncEngine) -> None:
    """Set the gauge of rows that wait for the sealer."""
    async with driver(fleet) as connection:
        metrics.audit_unsealed_rows.set(await connection.fetchval(WAITING))


async def _seal_batch(fleet: AsyncEngine, ring: KeyRing, batch_rows: int) -> tuple[int, int]:
    """Seal one batch; how many rows were read, and how many of them sealed."""
    sealed = 0
    async with driver(fleet) as connection:
        rows = await connection.fetch(UNSEALED, batch_rows)
        trails = {key: list(group) for key, group in groupby(rows, lambda row: row["tenant_id"])}
        found = await connection.fetch(LAST_SEALS, list(trails))
        last = {row["tenant_id"]: (row["number"], row["mac"]) for row in found}
        now = await connection.fetchval(NOW)
        for tenant_id, events in trails.items():
            number, mac = last.get(tenant_id, (0, b""))
            if await _stamp(connection, ring, tenant_id, number + 1, now, mac, events):
                sealed += len(events)
    return len(rows), sealed


async def _stamp(  # noqa: PLR0917 - a seal has these parts
    connection: asyncpg.Connection,
    ring: KeyRing,
    tenant_id: UUID,
    number: int,
    now: datetime,
    previous_mac: bytes,
    events: Sequence[asyncpg.Record],
) -> bool:
    """Write one seal; False when another sealer was first, or a row is no longer what was read."""
    signed = sealed_bytes(
        tenant_id=tenant_id,
        number=number,
        sealed_at=now,
        previous_mac=previous_mac,
        digests=[digest_row(event) for event in events],
    )
    mac = ring.mac_with_key_id(PURPOSE, signed)
    ids = [event["id"] for event in events]
    try:
        done: bool = await connection.fetchval(
            STAMP, tenant_id, number, now, mac.key_id, mac.digest, ids
        )
    except asyncpg.RaiseError as error:
        log.warning("audit_not_sealed", tenant_id=str(tenant_id), reason=str(error))
        return False
    if done:  # a log kept elsewhere proves later that no seal was taken off the end
        log.info("audit_sealed", tenant_id=str(tenant_id), number=number, mac=mac.digest.hex())
    return done
