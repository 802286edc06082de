"""The only writer that settles rejected rows, and that removes them.

A rejected row is settled when nobody has to mend it any more: a later load rejected the same key
and tells why, the row came right, or everything of its table was read anew. Settled rows are what a
run of the past did not take; for those who look at it they stay for `KEPT_DAYS`. The others stay
whatever their age.
"""

from datetime import timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text

from sindico_platform.database.planning import prefer_indexes
from sindico_platform.database.tx import Tx
from sindico_provisioning.loads.readings.queries import find_whole_readings
from sindico_provisioning.staging.models import STAGING
from sindico_provisioning.staging.retention.schemas import Retired

KEPT_DAYS = 30
"""How long a rejected row is kept that nobody has to mend any more."""
STRETCH_ROWS = 10_000


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
    row = (await tx.session.execute(_clearing(), values)).one()
    return Retired(
        last=row.last or after or "", removed=row.removed, is_end=row.rows < STRETCH_ROWS
    )


@lru_cache
def _clearing() -> TextClause:
    """Loads are passed in the order in which they were asked for, and the rows of each by id."""
    return text(f"""
        WITH whole AS MATERIALIZED (
            SELECT * FROM unnest(CAST(:resources AS text[]), CAST(:wholes AS uuid[]))
                AS whole (resource, load_id)
        ), walked AS MATERIALIZED (
            SELECT kept.load_id, kept.id, kept.resource, kept.id_erp, kept.at, kept.is_settled
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
                OR EXISTS (
                    SELECT FROM staging.rejection AS later JOIN control.load
                        ON load.tenant_id = :tenant_id AND load.id = later.load_id
                    WHERE later.tenant_id = :tenant_id AND later.resource = walked.resource
                        AND later.id_erp = walked.id_erp AND later.load_id > walked.load_id
                        AND NOT later.is_settled AND load.integration_id = :integration_id
                )
                OR {_came_right()}
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
    """)  # noqa: S608  (names of the definition alone)


def _came_right() -> str:
    """The condition under which the staging has the row right, and younger than its rejection."""
    return " OR ".join(
        f"""(walked.resource = '{name}' AND EXISTS (
                SELECT FROM staging.{name} AS staged WHERE staged.tenant_id = :tenant_id
                    AND staged.integration_id = :integration_id
                    AND staged.id_erp = walked.id_erp AND staged.changed_at > walked.at
                    AND staged.removed_at IS NULL
            ))"""
        for name in STAGING
    )
