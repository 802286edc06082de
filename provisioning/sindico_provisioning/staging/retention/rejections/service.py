"""Settles what no load can meet again, and is the only writer that removes rejected rows.

A rejected row is settled when nobody has to mend it any more: a load met its key again, which notes
it at once, or everything of its table was read anew. Settled rows are what a run of the past did
not take; for those who look at it they stay for `KEPT_DAYS`. The others stay whatever their age.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from sindico_platform.database.planning import prefer_indexes
from sindico_platform.database.tx import Tx
from sindico_provisioning.loads.readings.queries import find_whole_readings
from sindico_provisioning.staging.retention.schemas import Retired

KEPT_DAYS = 30
"""How long a rejected row is kept that nobody has to mend any more."""
STRETCH_ROWS = 10_000

CLEARING = text("""
    WITH whole AS MATERIALIZED (
        SELECT * FROM unnest(CAST(:resources AS text[]), CAST(:wholes AS uuid[]))
            AS whole (resource, load_id)
    ), walked AS MATERIALIZED (
        SELECT kept.load_id, kept.id, kept.resource, kept.at, kept.is_settled
        FROM control.load JOIN staging.rejection AS kept
            ON kept.tenant_id = :tenant_id AND kept.load_id = load.id
        WHERE load.tenant_id = :tenant_id AND load.integration_id = :integration_id
            AND load.id >= :load_id AND (kept.load_id, kept.id) > (:load_id, :id)
            AND (NOT kept.is_settled OR kept.at < :before)
        ORDER BY kept.load_id, kept.id LIMIT :rows
    ), settled AS MATERIALIZED (
        SELECT load_id, id, at < :before AS is_old, is_settled FROM walked
        WHERE is_settled
            OR load_id < (
                SELECT whole.load_id FROM whole WHERE whole.resource = walked.resource
            )
    ), noted AS (
        UPDATE staging.rejection AS kept SET is_settled = true FROM settled
        WHERE kept.tenant_id = :tenant_id AND kept.load_id = settled.load_id
            AND kept.id = settled.id AND NOT settled.is_settled AND NOT settled.is_old
    ), gone AS (
        DELETE FROM staging.rejection AS kept USING settled
        WHERE kept.tenant_id = :tenant_id AND kept.load_id = settled.load_id
            AND kept.id = settled.id AND settled.is_old
        RETURNING kept.id
    )
    SELECT count(*) AS rows, (SELECT count(*) FROM gone) AS removed, (
        SELECT load_id || '/' || id FROM walked ORDER BY walked.load_id DESC, walked.id DESC
        LIMIT 1
    ) AS last
    FROM walked
""")
"""Loads are passed in the order in which they were asked for, and the rows of each by id."""


async def clear_stretch(tx: Tx, *, integration_id: UUID, after: str | None) -> Retired:
    """Settle the next rejected rows of an integration, and remove those settled and old.

    Repeating the call settles and removes nothing more.

    Args:
        after: as `Retired.last` of the call before; None begins.
    """
    load_id, _, row_id = (after or f"{UUID(int=0)}/{UUID(int=0)}").partition("/")
    whole = await find_whole_readings(tx, integration_id)
    await prefer_indexes(tx)
    values: dict[str, Any] = {
        "tenant_id": tx.tenant_id,
        "integration_id": integration_id,
        "load_id": UUID(load_id),
        "id": UUID(row_id),
        "before": tx.now - timedelta(days=KEPT_DAYS),
        "resources": list(whole),
        "wholes": list(whole.values()),
        "rows": STRETCH_ROWS,
    }
    row = (await tx.session.execute(CLEARING, values)).one()
    return Retired(
        last=row.last or after or "", removed=row.removed, is_end=row.rows < STRETCH_ROWS
    )
