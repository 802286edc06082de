"""Stamping of audit rows by the sealer, and erasure of what they say of a person."""

import ddl
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    ddl.guard_timeouts(op)
    admit_definer()
    create_seal()
    create_erase()


def admit_definer() -> None:
    """The definer may stamp and erase; nobody who signs in may update an audit row."""
    for table in ("audit_event", "audit_seal"):
        op.execute(
            f"CREATE POLICY definer_across_tenants ON control.{table} TO {ddl.DEFINER} USING (true)"
        )
    op.execute(
        "GRANT SELECT (tenant_id, id, target_type, target_id, changes, seal_number),"
        " UPDATE (seal_number, changes, changes_salt)"
        f" ON control.audit_event TO {ddl.DEFINER}"
    )
    op.execute(f"GRANT SELECT, INSERT ON control.audit_seal TO {ddl.DEFINER}")


def create_seal() -> None:
    """False means that another sealer was first; a row that is gone or sealed breaks the seal."""
    signature = "seal_audit(uuid, bigint, timestamptz, text, bytea, uuid[])"
    ddl.definer_function(
        op,
        "control",
        signature,
        """
        CREATE FUNCTION control.seal_audit(
            the_tenant uuid, the_number bigint, the_time timestamptz, the_key text, the_mac bytea,
            the_events uuid[])
        RETURNS boolean
        LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog
        AS $$
        DECLARE stamped bigint;
        BEGIN
            INSERT INTO control.audit_seal
                (tenant_id, number, sealed_at, event_count, key_id, mac)
            VALUES
                (the_tenant, the_number, the_time, cardinality(the_events), the_key, the_mac)
            ON CONFLICT DO NOTHING;
            IF NOT FOUND THEN
                RETURN false;
            END IF;
            UPDATE control.audit_event SET seal_number = the_number
            WHERE tenant_id = the_tenant AND id = ANY (the_events) AND seal_number IS NULL;
            GET DIAGNOSTICS stamped = ROW_COUNT;
            IF stamped <> cardinality(the_events) THEN
                RAISE EXCEPTION 'audit rows changed while they were being sealed';
            END IF;
            RETURN true;
        END
        $$
        """,
        to=ddl.FLEET,
    )


def create_erase() -> None:
    """Forgets before and after of one record in the bound tenant, and the salt of their digest."""
    ddl.definer_function(
        op,
        "control",
        "erase_audit_changes(text, uuid)",
        f"""
        CREATE FUNCTION control.erase_audit_changes(the_type text, the_target uuid)
        RETURNS bigint
        LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog
        AS $$
        DECLARE erased bigint;
        BEGIN
            UPDATE control.audit_event SET changes = NULL, changes_salt = NULL
            WHERE tenant_id = {ddl.BOUND_TENANT} AND target_type = the_type
                AND target_id = the_target AND changes IS NOT NULL;
            GET DIAGNOSTICS erased = ROW_COUNT;
            RETURN erased;
        END
        $$
        """,
        to=ddl.APP,
    )
