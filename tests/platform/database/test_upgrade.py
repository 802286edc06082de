"""A database with rows comes from an early release to this one, and nothing of them is lost."""

import json
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import pytest

from sindico_platform.database.migrate import head_revision, read_revision, upgrade
from sindico_platform.database.roles import RoleUrls, ensure_roles
from sindico_provisioning.release.service import migrate
from tests.conftest import PASSWORDS

EARLY, BEFORE_THE_GRANT = "0015", "0038"
ONE = UUID(int=1)
"""Every id of the rows that are made: of the tenant, and within each table."""
PLAIN: dict[str, Any] = {
    "uuid": ONE,
    "text": "x",
    "boolean": True,
    "bigint": 1,
    "double precision": 1.0,
    "timestamp with time zone": datetime(2026, 3, 3, tzinfo=UTC),
    "jsonb": "{}",
    "ARRAY": [],
    "bytea": b"x",
}
KEPT_TABLES: dict[str, dict[str, Any]] = {
    "control.tenant": {"name": "Acme", "domain": "acme", "is_master": False, "state": "active"}
    | {"timezone": "America/Sao_Paulo", "locale": "pt_BR"},
    "control.package": {"code": "starter", "position": 99},
    "control.subscription": {"crm_state": "active", "package": "starter"}
    | {"contracted_package": "starter", "cnpj": "11222333000181"},
    "control.integration": {"kind": "api", "state": "active", "name": "ERP"},
    "control.job": {"function": "loads.run_load", "state": "succeeded"},
    "control.load": {
        "kind": "initial",
        "status": "succeeded",
        "finished_at": PLAIN["timestamp with time zone"],
    },
    "control.load_phase": {"step": "fetch", "status": "succeeded", "received": 4},
    "control.load_log": {"level": "info"},
    "control.notification": {"code": "run-failed"},
    "control.audit_event": {"tag": "tenant:create", "actor_kind": "system"},
    "control.blob": {"filename": "a.xlsx"},
    "control.idempotency_key": {"state": "running"},
    "crm.company": {"name": "Acme Indústria", "cnpj": "11222333000181"},
    "crm.branch": {"name": "Sul", "is_head_office": True},
    "crm.account": {"person_type": "company", "name": "Padaria"},
    "crm.contact": {"name": "Ana"},
    "crm.external_ref": {"resource": "accounts", "id_erp": "é'1"},
    "crm.tenant_user": {"login": "ana", "state": "active"},
    "crm.role": {"code": "own-role", "is_locked": False},
    "crm.user_role": {},
    "crm.session": {},
    "crm.api_client": {},
    "staging.empresa": {"razao_social": "Padaria", "id_erp": "1"},
    "staging.contato": {},
    "staging.vendedor": {},
    "staging.pedido": {},
    "staging.itens_pedido": {},
    "staging.nota": {},
    "staging.itens_nota": {},
    "staging.fatura": {},
    "staging.rejection": {"raw": "{}"},
}
"""Parents first. What is not said of a column is `PLAIN`."""
REQUIRED = """
    SELECT column_name, data_type FROM information_schema.columns
    WHERE table_schema || '.' || table_name = $1 AND is_nullable = 'NO'
        AND column_default IS NULL AND is_generated = 'NEVER'
"""
RIGHTS = """
    SELECT c.oid::regclass::text AS what, acl.grantee::regrole::text AS who, acl.privilege_type
    FROM pg_class c, aclexplode(c.relacl) acl
    WHERE c.relnamespace::regnamespace::text = ANY ($1) AND NOT c.relispartition
    UNION ALL
    SELECT format('%s.%s', a.attrelid::regclass, a.attname), acl.grantee::regrole::text,
        acl.privilege_type
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid, aclexplode(a.attacl) acl
    WHERE c.relnamespace::regnamespace::text = ANY ($1) AND NOT c.relispartition
    UNION ALL
    SELECT p.oid::regprocedure::text, acl.grantee::regrole::text, acl.privilege_type
    FROM pg_proc p, aclexplode(p.proacl) acl
    WHERE p.pronamespace::regnamespace::text = ANY ($1)
    UNION ALL
    SELECT polrelid::regclass || ' ' || polname, r.rolname, polcmd::text
    FROM pg_policy p LEFT JOIN pg_roles r ON r.oid = ANY (p.polroles)
"""
OURS = ["control", "crm", "staging"]
NOTE_LIMITS = """
    CREATE TABLE public.limits (seconds text);
    CREATE FUNCTION public.note_limit() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS
    $$ BEGIN INSERT INTO public.limits VALUES (current_setting('statement_timeout')); END $$;
    CREATE EVENT TRIGGER note_limit ON ddl_command_end EXECUTE FUNCTION public.note_limit();
"""
NOTED = (
    "WITH gone AS (DELETE FROM public.limits RETURNING seconds) SELECT DISTINCT seconds FROM gone"
)


@pytest.fixture
async def empty(admin_url: str) -> RoleUrls:
    """A database with roles and nothing else."""
    name = f"sindico_early_{secrets.token_hex(6)}"
    return await ensure_roles(admin_url, database=name, passwords=PASSWORDS)


@pytest.fixture
async def owner(empty: RoleUrls) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(empty.owner)
    yield connection
    await connection.close()


async def test_only_what_is_in_use_is_changed_within_time_limits(
    admin_url: str, empty: RoleUrls
) -> None:
    """A busy machine may take its time to make a database; nobody waits for one that is new."""
    admin = await asyncpg.connect(admin_url, database=urlsplit(empty.owner).path[1:])
    try:
        await admin.execute(NOTE_LIMITS)
        await upgrade(empty.owner, "0002")
        new = {row["seconds"] for row in await admin.fetch(NOTED)}
        await upgrade(empty.owner, "0003")
        used = {row["seconds"] for row in await admin.fetch(NOTED)}
    finally:
        await admin.close()

    assert new == {"0"}
    assert "5s" in used


async def add_row(owner: asyncpg.Connection, table: str, given: dict[str, Any]) -> None:
    values = {
        row["column_name"]: PLAIN[row["data_type"]] for row in await owner.fetch(REQUIRED, table)
    } | given
    numbers = ", ".join(f"${number}" for number in range(1, len(values) + 1))
    insert = f"INSERT INTO {table} ({', '.join(values)}) VALUES ({numbers})"  # noqa: S608 (names)
    await owner.execute(insert, *values.values())


async def rows_of(owner: asyncpg.Connection) -> dict[str, dict[str, Any]]:
    """The row of each table."""
    found = {}
    for table in KEPT_TABLES:
        key = "code = 'starter'" if table == "control.package" else f"tenant_id = '{ONE}'"
        read = f"SELECT to_jsonb(t) AS row FROM {table} t WHERE {key}"  # noqa: S608 (names of ours)
        (row,) = await owner.fetch(read)
        found[table] = json.loads(row["row"])
    return found


async def rights(urls: RoleUrls) -> set[tuple[str | None, ...]]:
    connection = await asyncpg.connect(urls.owner)
    try:
        return {tuple(row) for row in await connection.fetch(RIGHTS, OURS)}
    finally:
        await connection.close()


async def test_rows_of_an_early_release_are_all_there_in_this_one(
    empty: RoleUrls, owner: asyncpg.Connection
) -> None:
    await upgrade(empty.owner, EARLY)
    for table, given in KEPT_TABLES.items():
        await add_row(owner, table, given)
    before = await rows_of(owner)

    await upgrade(empty.owner)

    after = await rows_of(owner)
    lost = {
        (table, name): (value, after[table].get(name, "gone"))
        for table, row in before.items()
        for name, value in row.items()
        if after[table].get(name, "gone") != value
    }
    assert lost == {}
    assert after["staging.rejection"]["integration_id"] == str(ONE)  # that of its load
    assert await read_revision(empty.owner) == head_revision()
    arrived = await owner.fetch("SELECT tenant_id, integration_id FROM staging.arrival")
    assert [tuple(row) for row in arrived] == [(ONE, ONE)]  # its next run may bring what came

    await migrate(empty.owner)
    stages = await owner.fetchval("SELECT count(*) FROM crm.funnel_stage WHERE tenant_id = $1", ONE)
    roles = await owner.fetch("SELECT code FROM crm.role WHERE tenant_id = $1", ONE)
    assert stages > 0
    assert {"own-role", "crm-director", "crm-user"} <= {row["code"] for row in roles}


async def test_rejected_rows_that_were_met_again_are_settled_and_the_others_stay(
    empty: RoleUrls, owner: asyncpg.Connection
) -> None:
    """Before, it followed from times which they are."""
    await upgrade(empty.owner, "0049")
    later, stamp = UUID(int=2), PLAIN["timestamp with time zone"]
    for table in ("control.tenant", "control.integration", "control.job", "control.load"):
        await add_row(owner, table, KEPT_TABLES[table])
    await add_row(owner, "control.load", KEPT_TABLES["control.load"] | {"id": later})
    for key, hours in (("right", 1), ("older", -1)):
        staged = {"razao_social": "X", "id_erp": key, "changed_at": stamp + timedelta(hours=hours)}
        await add_row(owner, "staging.empresa", staged)
    rejected = (ONE, "right"), (ONE, "older"), (ONE, "twice"), (later, "twice"), (later, None)
    for number, (load_id, met) in enumerate(rejected):
        row = {"load_id": load_id, "id": UUID(int=number), "resource": "empresa", "id_erp": met}
        await add_row(owner, "staging.rejection", row | {"raw": "{}"})

    await upgrade(empty.owner)

    left = await owner.fetch("SELECT load_id, id_erp FROM staging.rejection WHERE NOT is_settled")
    assert {tuple(row) for row in left} == {(ONE, "older"), (later, "twice"), (later, None)}


async def test_whoever_ran_an_early_form_of_a_migration_ends_with_the_same_rights(
    empty: RoleUrls, owner: asyncpg.Connection, database: RoleUrls
) -> None:
    """0027 once gave the definer no right to update mails."""
    await upgrade(empty.owner, BEFORE_THE_GRANT)
    await owner.execute("REVOKE UPDATE ON crm.outgoing_mail FROM sindico_definer")

    await upgrade(empty.owner)

    assert await rights(empty) == await rights(database)
