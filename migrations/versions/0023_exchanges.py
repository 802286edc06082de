"""The exchange ledger: what integrations sent and were answered, in daily partitions."""

import ddl
from alembic import op

revision = "0023"
down_revision = "0022"

DAYS_AHEAD, DAYS_KEPT = 7, 8
TABLES = ("exchange", "exchange_chunk")


def upgrade() -> None:
    ddl.guard_timeouts(op)
    create_exchange()
    create_chunk()
    create_partitions_schema()
    create_tend_function()
    op.execute(f"SELECT * FROM control.tend_exchange_partitions({DAYS_AHEAD}, {DAYS_KEPT})")


def create_exchange() -> None:
    op.execute("""
        CREATE TABLE control.exchange (
            tenant_id uuid NOT NULL,
            at timestamptz NOT NULL,
            id uuid NOT NULL,
            direction text NOT NULL,
            integration_id uuid,
            load_id uuid,
            resource text,
            method text NOT NULL,
            path text NOT NULL,
            status bigint,
            failure text,
            actor_kind text,
            actor_id uuid,
            actor_name text,
            request_id text,
            started_at timestamptz NOT NULL,
            duration_ms bigint NOT NULL,
            received bigint NOT NULL,
            created bigint NOT NULL,
            updated bigint NOT NULL,
            unchanged bigint NOT NULL,
            rejected bigint NOT NULL,
            body_bytes bigint NOT NULL,
            outcomes bytea,
            rejections bytea,
            answer bytea,
            CONSTRAINT pk_exchange PRIMARY KEY (tenant_id, at, id),
            CONSTRAINT ck_exchange_direction CHECK (direction IN ('in','out'))
        ) PARTITION BY RANGE (at)
    """)
    op.execute(
        "CREATE INDEX ix_exchange_resource ON control.exchange (tenant_id, resource, at, id)"
    )
    ddl.isolate(op, "control.exchange", app="SELECT, INSERT")


def create_chunk() -> None:
    """No foreign key to the exchange: days are dropped table by table."""
    op.execute("""
        CREATE TABLE control.exchange_chunk (
            tenant_id uuid NOT NULL,
            at timestamptz NOT NULL,
            exchange_id uuid NOT NULL,
            position bigint NOT NULL,
            format text NOT NULL,
            first_index bigint NOT NULL,
            row_count bigint NOT NULL,
            body bytea NOT NULL,
            CONSTRAINT pk_exchange_chunk PRIMARY KEY (tenant_id, at, exchange_id, position),
            CONSTRAINT ck_exchange_chunk_format CHECK (format IN ('json','ndjson','bytes'))
        ) PARTITION BY RANGE (at)
    """)
    # What lies here is compressed already.
    op.execute("ALTER TABLE control.exchange_chunk ALTER body SET STORAGE EXTERNAL")
    ddl.isolate(op, "control.exchange_chunk", app="SELECT, INSERT")


def create_partitions_schema() -> None:
    """The definer makes and drops days, so it owns the two tables and a schema for their parts.

    Nobody else has any right there: read directly, a partition would show every tenant's rows.
    """
    op.execute(f"CREATE SCHEMA partitions AUTHORIZATION {ddl.DEFINER}")
    op.execute(f"GRANT USAGE ON SCHEMA partitions TO {ddl.FLEET}")
    op.execute(f"GRANT CREATE ON SCHEMA control TO {ddl.DEFINER}")
    for name in TABLES:
        op.execute(f"ALTER TABLE control.{name} OWNER TO {ddl.DEFINER}")
    op.execute(f"REVOKE CREATE ON SCHEMA control FROM {ddl.DEFINER}")


def create_tend_function() -> None:
    """Make the days from yesterday to `days_ahead`, and drop those older than `days_kept`."""
    ddl.definer_function(
        op,
        "control",
        "tend_exchange_partitions(bigint, bigint)",
        """
        CREATE FUNCTION control.tend_exchange_partitions(
            days_ahead bigint, days_kept bigint, OUT made bigint, OUT dropped bigint
        )
        LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog
        SET timezone = 'UTC' SET lock_timeout = '4s'
        AS $$
        DECLARE
            parent text;
            day date;
            part text;
        BEGIN
            made := 0;
            dropped := 0;
            PERFORM pg_advisory_xact_lock(hashtext('control.tend_exchange_partitions'));
            FOREACH parent IN ARRAY ARRAY['exchange', 'exchange_chunk'] LOOP
                FOR day IN
                    SELECT current_date + n FROM generate_series(-1, days_ahead::int) AS n
                LOOP
                    part := parent || to_char(day, '_YYYYMMDD');
                    IF to_regclass('partitions.' || part) IS NULL THEN
                        EXECUTE format(
                            'CREATE TABLE partitions.%I PARTITION OF control.%I'
                            ' FOR VALUES FROM (%L) TO (%L)',
                            part, parent, day::timestamptz, (day + 1)::timestamptz
                        );
                        made := made + 1;
                    END IF;
                END LOOP;
                FOR part IN
                    SELECT c.relname FROM pg_inherits AS i
                    JOIN pg_class AS c ON c.oid = i.inhrelid
                    WHERE i.inhparent = ('control.' || parent)::regclass
                        AND right(c.relname, 8) < to_char(current_date - days_kept::int, 'YYYYMMDD')
                LOOP
                    EXECUTE format('DROP TABLE partitions.%I', part);
                    dropped := dropped + 1;
                END LOOP;
            END LOOP;
        END
        $$
        """,
        to=ddl.FLEET,
    )
