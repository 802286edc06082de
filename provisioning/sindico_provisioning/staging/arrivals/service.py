"""The only writer of arrivals. Nobody waits for anybody: what another holds is left alone."""

from collections.abc import Sequence
from uuid import UUID

from sindico_platform.database.tx import Tx
from sindico_provisioning.staging.service import driver_of

NOTE = """
    WITH held AS MATERIALIZED (
        SELECT id FROM staging.arrival WHERE tenant_id = $1 AND integration_id = $2
        FOR UPDATE SKIP LOCKED
    ), replaced AS (
        DELETE FROM staging.arrival AS earlier USING held
        WHERE earlier.tenant_id = $1 AND earlier.integration_id = $2 AND earlier.id = held.id
    )
    INSERT INTO staging.arrival (tenant_id, integration_id, id) VALUES ($1, $2, $3)
"""
FORGET = """
    WITH held AS MATERIALIZED (
        SELECT id FROM staging.arrival
        WHERE tenant_id = $1 AND integration_id = $2 AND id = ANY ($3::uuid[])
        FOR UPDATE SKIP LOCKED
    )
    DELETE FROM staging.arrival AS brought USING held
    WHERE brought.tenant_id = $1 AND brought.integration_id = $2 AND brought.id = held.id
"""


async def note_arrival(tx: Tx, *, integration_id: UUID) -> None:
    """Note that the transaction's push changed rows. It stands for earlier ones too."""
    connection = await driver_of(tx)
    await connection.execute(NOTE, tx.tenant_id, integration_id, tx.new_id())


async def forget_arrivals(tx: Tx, *, integration_id: UUID, ids: Sequence[UUID]) -> None:
    """End those whose rows are in the CRM; repeating the call changes nothing.

    One that a push under way is replacing stays if that push is given up: then its rows are brought
    once more.
    """
    connection = await driver_of(tx)
    await connection.execute(FORGET, tx.tenant_id, integration_id, list(ids))
