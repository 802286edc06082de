"""The database is asked whether it keeps tenants apart; here it is made to fail on purpose."""

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import asyncpg
import pytest
from alembic.script import ScriptDirectory

from sindico_api.doctor.checks import PUBLIC_CATALOGUES
from sindico_platform.database.inspection import (
    find_function_faults,
    find_isolation_faults,
    find_role_faults,
)
from sindico_platform.database.migrate import alembic_config, head_revision, scripts_directory
from sindico_platform.database.roles import RoleUrls

BOUND = "tenant_id = NULLIF(current_setting('sindico.tenant_id', true), '')::uuid"
TABLE = "CREATE TABLE crm.probe (tenant_id uuid, id uuid);"
FORCED = "ALTER TABLE crm.probe ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;"
POLICY = f"CREATE POLICY mine ON crm.probe TO sindico_app USING ({BOUND});"
GRANT = "GRANT SELECT ON crm.probe TO sindico_app;"


@pytest.fixture
async def administrator(admin_url: str, database: RoleUrls) -> AsyncIterator[asyncpg.Connection]:
    """The administrator in the migrated database; what it does is undone."""
    name = urlsplit(database.app).path
    connection = await asyncpg.connect(urlsplit(admin_url)._replace(path=name).geturl())
    attempt = connection.transaction()
    await attempt.start()
    try:
        yield connection
    finally:
        await attempt.rollback()
        await connection.close()


async def test_every_table_of_this_release_keeps_tenants_apart(
    administrator: asyncpg.Connection,
) -> None:
    assert await find_isolation_faults(administrator, catalogues=PUBLIC_CATALOGUES) == []


async def test_roles_and_functions_of_this_release_may_do_no_more_than_they_must(
    administrator: asyncpg.Connection,
) -> None:
    assert await find_role_faults(administrator) == []
    assert await find_function_faults(administrator) == []


async def test_a_table_done_right_is_no_fault(administrator: asyncpg.Connection) -> None:
    await administrator.execute(TABLE + FORCED + POLICY + GRANT)

    assert await find_isolation_faults(administrator, catalogues=PUBLIC_CATALOGUES) == []


@pytest.mark.parametrize(
    ("statements", "fault"),
    [
        pytest.param(TABLE, "has tenants' rows and no forced row-level security", id="unforced"),
        pytest.param(
            TABLE + POLICY + GRANT + "ALTER TABLE crm.probe ENABLE ROW LEVEL SECURITY",
            "has no forced row-level security",
            id="enabled but not forced",
        ),
        pytest.param(TABLE + FORCED + GRANT, "has no policy for sindico_app", id="no policy"),
        pytest.param(
            TABLE + FORCED + POLICY + GRANT + "CREATE POLICY all_rows ON crm.probe USING (true)",
            "that does not ask for the bound tenant",
            id="a second policy lets everything through",
        ),
        pytest.param(
            "CREATE TABLE crm.probe (word text); GRANT SELECT (word) ON crm.probe TO sindico_app",
            "may be used by sindico_app and has no forced",
            id="one column, no tenant",
        ),
        pytest.param(
            f"CREATE VIEW crm.probe AS TABLE control.tenant;{GRANT}",
            "is a view with its owner's rights",
            id="view",
        ),
        pytest.param(
            "CREATE TABLE crm.probes (tenant_id uuid, day date) PARTITION BY RANGE (day);"
            "CREATE TABLE crm.probe PARTITION OF crm.probes DEFAULT;"
            "ALTER TABLE crm.probes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;" + GRANT,
            "is a partition that sindico_app may use directly",
            id="partition",
        ),
        pytest.param(
            "GRANT UPDATE ON control.alembic_version TO sindico_app",
            "control.alembic_version is a public catalogue that sindico_app may change",
            id="catalogue",
        ),
        pytest.param(
            "GRANT SELECT ON ALL TABLES IN SCHEMA crm TO PUBLIC;" + TABLE + "GRANT SELECT ON"
            " crm.probe TO PUBLIC",
            "crm.probe may be used by sindico_app",
            id="granted to everybody",
        ),
    ],
)
async def test_a_table_done_wrong_is_found(
    administrator: asyncpg.Connection, statements: str, fault: str
) -> None:
    await administrator.execute(statements)

    faults = await find_isolation_faults(administrator, catalogues=PUBLIC_CATALOGUES)

    assert any(fault in found for found in faults), faults


@pytest.mark.parametrize(
    ("statements", "fault"),
    [
        ("ALTER ROLE sindico_app BYPASSRLS", "sindico_app bypasses row-level security"),
        ("ALTER ROLE sindico_fleet SUPERUSER", "sindico_fleet is a superuser"),
        ("ALTER ROLE sindico_definer LOGIN", "sindico_definer may sign in"),
        ("ALTER ROLE sindico_fleet RENAME TO gone", "sindico_fleet does not exist"),
        (TABLE + "ALTER TABLE crm.probe OWNER TO sindico_app", "sindico_app owns tables"),
    ],
)
async def test_a_role_that_may_too_much_is_found(
    administrator: asyncpg.Connection, statements: str, fault: str
) -> None:
    await administrator.execute(statements)

    faults = await find_role_faults(administrator)

    assert any(fault in found for found in faults), faults


async def test_a_function_with_its_makers_rights_is_found(
    administrator: asyncpg.Connection,
) -> None:
    await administrator.execute(
        "CREATE FUNCTION crm.probe() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'"
    )

    faults = await find_function_faults(administrator)

    assert [fault.partition("() ")[2].split()[0] for fault in faults] == ["runs", "runs", "may"]


def test_the_newest_revision_is_the_one_alembic_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(scripts_directory())  # where the revisions find `ddl`
    scripts = ScriptDirectory.from_config(alembic_config("postgresql://unused"))

    assert head_revision() == scripts.get_current_head()
