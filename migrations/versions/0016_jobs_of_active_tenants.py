"""Jobs of tenants that are not active wait; claims tell the queue and how long the job waited."""

import ddl
from alembic import op

revision = "0016"
down_revision = "0015"

CLAIM = "control.claim_job(uuid, uuid, uuid, uuid)"


def upgrade() -> None:
    ddl.guard_timeouts(op)
    create_claim()
    replace_dispatch()
    # The fleet counts what waits for a worker, not what waits for its tenant.
    op.execute(f"GRANT SELECT (even_suspended) ON control.job TO {ddl.FLEET}")


def create_claim() -> None:
    """Its result has two columns more than before, so it is made anew."""
    op.execute(f"DROP FUNCTION {CLAIM}")
    op.execute("""
        CREATE FUNCTION control.claim_job(
            the_tenant uuid, the_job uuid, the_token uuid, the_worker uuid)
        RETURNS TABLE (
            function text, args jsonb, attempts bigint, max_attempts bigint, request_id text,
            queue text, waited_seconds double precision
        )
        LANGUAGE plpgsql VOLATILE
        AS $$
        BEGIN
            PERFORM set_config('sindico.tenant_id', the_tenant::text, true);
            RETURN QUERY
                UPDATE control.job AS j
                SET state = 'running',
                    attempts = j.attempts + 1,
                    lease_token = the_token,
                    lease_until = now() + make_interval(secs => j.lease_seconds),
                    worker_id = the_worker,
                    dispatched_at = coalesce(j.dispatched_at, now()),
                    started_at = coalesce(j.started_at, now())
                WHERE j.tenant_id = the_tenant AND j.id = the_job
                    AND j.state = 'pending' AND j.due_at <= now()
                    AND (j.even_suspended OR NOT EXISTS (
                        SELECT FROM control.tenant AS t
                        WHERE t.tenant_id = the_tenant AND t.state <> 'active'))
                RETURNING j.function, j.args, j.attempts, j.max_attempts, j.request_id,
                    j.queue, extract(epoch FROM now() - j.due_at)::double precision;
        END
        $$
    """)
    op.execute(f"REVOKE ALL ON FUNCTION {CLAIM} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {CLAIM} TO {ddl.APP}")


def replace_dispatch() -> None:
    """As before, but every state of a tenant other than active holds its jobs back."""
    op.execute("""
        CREATE OR REPLACE FUNCTION
            control.dispatch_due_jobs(queue_length bigint, tenant_limit bigint)
        RETURNS TABLE (tenant_id uuid, id uuid, queue text, dispatched_at timestamptz)
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog
        AS $$
            WITH RECURSIVE oldest AS MATERIALIZED (
                SELECT j.tenant_id, j.queue FROM control.job AS j
                WHERE j.state = 'pending' AND j.dispatched_at IS NULL AND j.due_at <= now()
                ORDER BY j.due_at LIMIT 1000
            ), walk AS (
                (SELECT j.tenant_id, j.queue FROM control.job AS j
                WHERE j.state = 'pending' AND j.dispatched_at IS NULL
                    AND (SELECT count(*) FROM oldest) = 1000
                ORDER BY j.tenant_id, j.queue LIMIT 1)
                UNION ALL
                SELECT n.tenant_id, n.queue FROM walk AS w CROSS JOIN LATERAL (
                    SELECT j.tenant_id, j.queue FROM control.job AS j
                    WHERE j.state = 'pending' AND j.dispatched_at IS NULL
                        AND (j.tenant_id, j.queue) > (w.tenant_id, w.queue)
                    ORDER BY j.tenant_id, j.queue LIMIT 1) AS n
            ), lines AS (
                SELECT o.tenant_id, o.queue FROM oldest AS o
                UNION
                SELECT w.tenant_id, w.queue FROM walk AS w
            ), flying AS MATERIALIZED (
                SELECT j.tenant_id, j.queue, count(*) AS jobs,
                    count(*) FILTER (WHERE j.state = 'pending') AS unclaimed
                FROM control.job AS j WHERE j.dispatched_at IS NOT NULL
                GROUP BY j.tenant_id, j.queue
            ), room AS (
                SELECT f.queue, sum(f.unclaimed) AS taken FROM flying AS f GROUP BY f.queue
            ), turns AS (
                SELECT c.tenant_id, c.id, l.queue, c.due_at,
                    coalesce(f.jobs, 0) + row_number() OVER (
                        PARTITION BY l.tenant_id, l.queue ORDER BY c.due_at, c.id) AS turn
                FROM lines AS l
                LEFT JOIN flying AS f ON f.tenant_id = l.tenant_id AND f.queue = l.queue
                LEFT JOIN control.tenant AS t ON t.tenant_id = l.tenant_id
                CROSS JOIN LATERAL (
                    SELECT j.tenant_id, j.id, j.due_at FROM control.job AS j
                    WHERE j.state = 'pending' AND j.dispatched_at IS NULL AND j.due_at <= now()
                        AND j.tenant_id = l.tenant_id AND j.queue = l.queue
                        AND (j.even_suspended OR coalesce(t.state, 'active') = 'active')
                    ORDER BY j.due_at, j.id
                    LIMIT greatest(tenant_limit - coalesce(f.jobs, 0), 0)) AS c
            ), places AS (
                SELECT u.tenant_id, u.id, u.queue, row_number() OVER (
                    PARTITION BY u.queue ORDER BY u.turn, u.due_at, u.id) AS place
                FROM turns AS u
            ), chosen AS (
                SELECT j.tenant_id, j.id FROM places AS p
                JOIN control.job AS j ON j.tenant_id = p.tenant_id AND j.id = p.id
                LEFT JOIN room AS r ON r.queue = p.queue
                WHERE p.place <= queue_length - coalesce(r.taken, 0)
                    AND j.state = 'pending' AND j.dispatched_at IS NULL
                FOR UPDATE OF j SKIP LOCKED
            )
            UPDATE control.job AS j SET dispatched_at = now() FROM chosen AS c
            WHERE j.tenant_id = c.tenant_id AND j.id = c.id
            RETURNING j.tenant_id, j.id, j.queue, j.dispatched_at
        $$
    """)
