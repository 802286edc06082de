"""Idempotency keys: a request that is sent twice is carried out once."""

import ddl
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    ddl.guard_timeouts(op)
    create_key()
    create_finish()
    create_purge()


def create_key() -> None:
    op.execute("""
        CREATE TABLE control.idempotency_key (
            tenant_id uuid NOT NULL,
            client text NOT NULL,
            route text NOT NULL,
            key text NOT NULL,
            body_digest text NOT NULL,
            state text NOT NULL,
            token uuid NOT NULL,
            lease_until timestamptz NOT NULL,
            answer text,
            expires_at timestamptz NOT NULL,
            CONSTRAINT pk_idempotency_key PRIMARY KEY (tenant_id, client, route, key),
            CONSTRAINT ck_idempotency_key_state CHECK (state IN ('running','finished')),
            CONSTRAINT ck_idempotency_key_answer
                CHECK ((state = 'finished') = (answer IS NOT NULL))
        )
    """)
    op.execute("CREATE INDEX ix_idempotency_key_expires_at ON control.idempotency_key (expires_at)")
    ddl.isolate(op, "control.idempotency_key", definer="SELECT, UPDATE, DELETE")


def create_finish() -> None:
    """Finish a claim from within the work's transaction, which may be bound to another tenant.

    The token is the proof: only who claimed the key knows it.
    """
    ddl.definer_function(
        op,
        "control",
        "finish_idempotent_request(uuid, text, text, text, uuid, text)",
        """
        CREATE FUNCTION control.finish_idempotent_request(
            the_tenant uuid, the_client text, the_route text, the_key text, the_token uuid,
            the_answer text
        ) RETURNS boolean
        LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog
        AS $$
        BEGIN
            UPDATE control.idempotency_key
            SET state = 'finished', answer = the_answer
            WHERE tenant_id = the_tenant AND client = the_client AND route = the_route
                AND key = the_key AND token = the_token AND state = 'running';
            RETURN found;
        END
        $$
        """,
        to=ddl.APP,
    )


def create_purge() -> None:
    ddl.definer_function(
        op,
        "control",
        "purge_idempotency_keys(bigint)",
        """
        CREATE FUNCTION control.purge_idempotency_keys(batch bigint) RETURNS bigint
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog
        AS $$
            WITH old AS (
                SELECT k.tenant_id, k.client, k.route, k.key FROM control.idempotency_key AS k
                WHERE k.expires_at <= now()
                ORDER BY k.expires_at LIMIT batch
                FOR UPDATE SKIP LOCKED
            ), gone AS (
                DELETE FROM control.idempotency_key AS k USING old AS o
                WHERE k.tenant_id = o.tenant_id AND k.client = o.client
                    AND k.route = o.route AND k.key = o.key
                RETURNING 1
            )
            SELECT count(*) FROM gone
        $$
        """,
        to=ddl.FLEET,
    )
