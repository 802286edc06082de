"""The SQL that writes many messages down at once."""

from functools import lru_cache

from sqlalchemy import TextClause, text


@lru_cache
def send_each(messages: str) -> TextClause:
    """Write each message down once for each webhook, in their order.

    Args:
        messages: a query of ours with the columns ``part``, which orders them, and ``data``.
    """
    return text(f"""
        WITH message AS MATERIALIZED ({messages}), addressed AS (
            SELECT webhook_id, message.data,
                row_number() OVER (ORDER BY message.part, webhook_id) AS number
            FROM message CROSS JOIN unnest(CAST(:webhook_ids AS uuid[])) AS webhook_id
        )
        INSERT INTO control.alert_delivery
            (tenant_id, id, webhook_id, event, data, state, attempts, due_at, created_at)
        SELECT CAST(:tenant_id AS uuid), (CAST(:ids AS uuid[]))[number], webhook_id,
            CAST(:event AS text), data, 'pending', 0, CAST(:now AS timestamptz),
            CAST(:now AS timestamptz)
        FROM addressed
    """)  # noqa: S608  (queries of ours alone)
