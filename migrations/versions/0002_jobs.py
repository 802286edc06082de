"""Jobs, their workers and the clock's leader."""

import ddl
from alembic import op

revision = "0002"
down_revision = "0001"

# What the fleet may know of a job: no ids of a tenant's records, nobody's name.
FLEET_COLUMNS = (
    "tenant_id, id, function, queue, state, due_at, attempts, max_attempts, worker_id,"
    " lease_until, dispatched_at, last_error, request_id, created_at, started_at, finished_at"
)


def upgrade() -> None:
    ddl.guard_timeouts(op)
    create_job()
    create_job_indexes()
    create_worker()
    create_clock_leader()
    create_claim()
    create_record()
    create_renew()
    create_dispatch()
    create_return_unclaimed()
    create_sweep()
    create_purge()


def create_job() -> None:
    op.execute("""
        CREATE TABLE control.job (
            tenant_id uuid NOT NULL,
            id uuid NOT NULL,
            function text NOT NULL,
            args jsonb NOT NULL,
            queue text NOT NULL,
            state text NOT NULL,
            even_suspended boolean NOT NULL,
            due_at timestamptz NOT NULL,
            attempts bigint NOT NULL,
            max_attempts bigint NOT NULL,
            lease_seconds bigint NOT NULL,
            lease_token uuid,
            lease_until timestamptz,
            worker_id uuid,
            dispatched_at timestamptz,
            progress jsonb,
            last_error jsonb,
            request_id text,
            actor_name text NOT NULL,
            created_at timestamptz NOT NULL,
            started_at timestamptz,
            finished_at timestamptz,
            CONSTRAINT pk_job PRIMARY KEY (tenant_id, id),
            CONSTRAINT ck_job_state
                CHECK (state IN ('pending','running','succeeded','failed','cancelled')),
            CONSTRAINT ck_job_lease CHECK ((state = 'running') = (lease_token IS NOT NULL))
        ) WITH (
            -- Every job is updated three times in its life: leave room, and clean up early.
            fillfactor = 80,
            autovacuum_vacuum_scale_factor = 0.02,
            autovacuum_vacuum_threshold = 500
        )
    """)
    ddl.isolate(
        op,
        "control.job",
        app="SELECT, INSERT, UPDATE",
        fleet=f"SELECT ({FLEET_COLUMNS})",
        definer="SELECT, UPDATE, DELETE",
    )


def create_job_indexes() -> None:
    waiting = "WHERE state = 'pending' AND dispatched_at IS NULL"
    for name, columns, where in (
        ("waiting", "tenant_id, queue, due_at, id", waiting),
        ("due", "due_at", waiting),
        ("in_flight", "tenant_id, queue", "WHERE dispatched_at IS NOT NULL"),
        ("failed", "tenant_id, id", "WHERE state = 'failed'"),
        ("finished", "finished_at", "WHERE finished_at IS NOT NULL"),
    ):
        op.execute(f"CREATE INDEX ix_job_{name} ON control.job ({columns}) {where}")


def create_worker() -> None:
    op.execute("""
        CREATE TABLE control.worker (
            id uuid NOT NULL CONSTRAINT pk_worker PRIMARY KEY,
            seen_at timestamptz NOT NULL
        )
    """)
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON control.worker TO {ddl.DEFINER}")
    op.execute(f"GRANT SELECT ON control.worker TO {ddl.FLEET}")
    ddl.definer_function(
        op,
        "control",
        "see_worker(uuid)",
        """
        CREATE FUNCTION control.see_worker(the_worker uuid) RETURNS void
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog
        AS $$
            INSERT INTO control.worker (id, seen_at) VALUES (the_worker, now())
            ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at
        $$
        """,
        to=ddl.APP,
    )
    ddl.definer_function(
        op,
        "control",
        "dismiss_worker(uuid)",
        """
        CREATE FUNCTION control.dismiss_worker(the_worker uuid) RETURNS void
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog
        AS $$ DELETE FROM control.worker WHERE id = the_worker $$
        """,
        to=ddl.APP,
    )


def create_clock_leader() -> None:
    op.execute("""
        CREATE TABLE control.clock_leader (
            id bigint NOT NULL CONSTRAINT pk_clock_leader PRIMARY KEY,
            holder uuid NOT NULL,
            until timestamptz NOT NULL,
            CONSTRAINT ck_clock_leader_single CHECK (id = 1)
        )
    """)
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON control.clock_leader TO {ddl.FLEET}")


def create_claim() -> None:
    """One round trip binds the tenant, takes the job and tells what it is. Runs as the caller."""
    op.execute("""
        CREATE FUNCTION control.claim_job(
            the_tenant uuid, the_job uuid, the_token uuid, the_worker uuid)
        RETURNS TABLE (
            function text, args jsonb, attempts bigint, max_attempts bigint, request_id text
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
                        WHERE t.tenant_id = the_tenant AND t.state = 'suspended'))
                RETURNING j.function, j.args, j.attempts, j.max_attempts, j.request_id;
        END
        $$
    """)
    grant("claim_job(uuid, uuid, uuid, uuid)")


def create_record() -> None:
    """One round trip records an outcome, if the lease is still the worker's. Runs as the caller."""
    op.execute("""
        CREATE FUNCTION control.record_job(
            the_tenant uuid, the_job uuid, the_token uuid, outcome text,
            delay_seconds double precision, attempts_left_behind bigint, error jsonb
        ) RETURNS boolean
        LANGUAGE plpgsql VOLATILE
        AS $$
        BEGIN
            PERFORM set_config('sindico.tenant_id', the_tenant::text, true);
            UPDATE control.job
            SET state = outcome,
                attempts = attempts_left_behind,
                due_at = CASE WHEN outcome = 'pending'
                    THEN now() + make_interval(secs => delay_seconds) ELSE due_at END,
                finished_at = CASE WHEN outcome <> 'pending' THEN now() END,
                last_error = error,
                lease_token = NULL,
                lease_until = NULL,
                worker_id = NULL,
                dispatched_at = NULL
            WHERE tenant_id = the_tenant AND id = the_job
                AND state = 'running' AND lease_token = the_token;
            RETURN found;
        END
        $$
    """)
    grant("record_job(uuid, uuid, uuid, text, double precision, bigint, jsonb)")


def create_renew() -> None:
    op.execute("""
        CREATE FUNCTION control.renew_job(
            the_tenant uuid, the_job uuid, the_token uuid, told jsonb)
        RETURNS boolean
        LANGUAGE plpgsql VOLATILE
        AS $$
        BEGIN
            PERFORM set_config('sindico.tenant_id', the_tenant::text, true);
            UPDATE control.job
            SET lease_until = now() + make_interval(secs => lease_seconds),
                progress = coalesce(told, progress)
            WHERE tenant_id = the_tenant AND id = the_job
                AND state = 'running' AND lease_token = the_token;
            RETURN found;
        END
        $$
    """)
    grant("renew_job(uuid, uuid, uuid, jsonb)")


def grant(signature: str) -> None:
    op.execute(f"REVOKE ALL ON FUNCTION control.{signature} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION control.{signature} TO {ddl.APP}")


def create_dispatch() -> None:
    """Choose due jobs fairly and mark them as handed over.

    Within a queue, the job a tenant would have as its n-th in flight stands behind every other
    tenant's n-1st. Usually all due jobs are among the oldest thousand; when they are not, the
    tenants that wait are found by skipping along the index, one probe each.
    """
    ddl.definer_function(
        op,
        "control",
        "dispatch_due_jobs(bigint, bigint)",
        """
        CREATE FUNCTION control.dispatch_due_jobs(queue_length bigint, tenant_limit bigint)
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
                        AND (j.even_suspended OR t.state IS DISTINCT FROM 'suspended')
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
        """,
        to=ddl.FLEET,
    )


def create_return_unclaimed() -> None:
    """What Redis lost, or never got, waits again."""
    ddl.definer_function(
        op,
        "control",
        "return_unclaimed_jobs(uuid[], uuid[], timestamptz[])",
        """
        CREATE FUNCTION control.return_unclaimed_jobs(
            tenants uuid[], jobs uuid[], dispatches timestamptz[]
        ) RETURNS bigint
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog
        AS $$
            WITH returned AS (
                UPDATE control.job AS j SET dispatched_at = NULL
                FROM unnest(tenants, jobs, dispatches) AS lost (tenant_id, id, dispatched_at)
                WHERE j.tenant_id = lost.tenant_id AND j.id = lost.id
                    AND j.state = 'pending' AND j.dispatched_at = lost.dispatched_at
                RETURNING 1
            )
            SELECT count(*) FROM returned
        $$
        """,
        to=ddl.FLEET,
    )


def create_sweep() -> None:
    """Take back the leases that ran out, and those of workers that fell silent."""
    ddl.definer_function(
        op,
        "control",
        "sweep_jobs(double precision)",
        """
        CREATE FUNCTION control.sweep_jobs(silence_seconds double precision)
        RETURNS TABLE (tenant_id uuid, id uuid, function text, state text)
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog
        AS $$
            WITH silent AS (
                DELETE FROM control.worker AS w
                WHERE w.seen_at < now() - make_interval(secs => silence_seconds)
            ), living AS (
                SELECT w.id FROM control.worker AS w
                WHERE w.seen_at >= now() - make_interval(secs => silence_seconds)
            ), expired AS (
                SELECT j.tenant_id, j.id FROM control.job AS j
                WHERE j.dispatched_at IS NOT NULL AND j.state = 'running'
                    AND (j.lease_until < now()
                        OR NOT EXISTS (SELECT FROM living AS l WHERE l.id = j.worker_id)
                            AND j.worker_id IS NOT NULL)
                FOR UPDATE SKIP LOCKED
            )
            UPDATE control.job AS j
            SET state = CASE WHEN j.attempts < j.max_attempts THEN 'pending' ELSE 'failed' END,
                due_at = CASE WHEN j.attempts < j.max_attempts THEN now() ELSE j.due_at END,
                finished_at = CASE WHEN j.attempts < j.max_attempts THEN NULL ELSE now() END,
                last_error = jsonb_build_object(
                    'code', 'worker-lost',
                    'detail', 'The worker stopped before it could finish, {attempts} times now.',
                    'facts', jsonb_build_object('attempts', j.attempts)),
                lease_token = NULL,
                lease_until = NULL,
                worker_id = NULL,
                dispatched_at = NULL
            FROM expired AS e WHERE j.tenant_id = e.tenant_id AND j.id = e.id
            RETURNING j.tenant_id, j.id, j.function, j.state
        $$
        """,
        to=ddl.FLEET,
    )


def create_purge() -> None:
    """Forget what ended long ago. A dead letter stays until somebody decides about it."""
    ddl.definer_function(
        op,
        "control",
        "purge_jobs(double precision, bigint)",
        """
        CREATE FUNCTION control.purge_jobs(keep_days double precision, batch bigint)
        RETURNS bigint
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog
        AS $$
            WITH old AS (
                SELECT j.tenant_id, j.id FROM control.job AS j
                WHERE j.finished_at < now() - make_interval(secs => keep_days * 86400)
                    AND j.finished_at IS NOT NULL AND j.state <> 'failed'
                ORDER BY j.finished_at LIMIT batch
                FOR UPDATE SKIP LOCKED
            ), gone AS (
                DELETE FROM control.job AS j USING old AS o
                WHERE j.tenant_id = o.tenant_id AND j.id = o.id
                RETURNING 1
            )
            SELECT count(*) FROM gone
        $$
        """,
        to=ddl.FLEET,
    )
