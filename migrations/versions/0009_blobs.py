"""Blobs: the rows of files whose bytes lie in the blob store."""

import ddl
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    ddl.guard_timeouts(op)
    op.execute("""
        CREATE TABLE control.blob (
            tenant_id uuid NOT NULL,
            id uuid NOT NULL,
            purpose text NOT NULL,
            filename text NOT NULL,
            content_type text NOT NULL,
            sha256 text,
            size_bytes bigint,
            created_at timestamptz NOT NULL,
            stored_at timestamptz,
            expires_at timestamptz,
            CONSTRAINT pk_blob PRIMARY KEY (tenant_id, id),
            CONSTRAINT ck_blob_stored CHECK (
                (stored_at IS NULL) = (sha256 IS NULL)
                AND (stored_at IS NULL) = (size_bytes IS NULL))
        )
    """)
    ddl.isolate(op, "control.blob")
