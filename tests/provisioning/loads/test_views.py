"""Loads from database views: whole, then what changed; killed anywhere; the source gone."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from litestar import Litestar
from sqlalchemy import insert, select, update

from sindico_platform.database.tx import Actor
from sindico_platform.secrets import KeyRing
from sindico_provisioning.integrations import service as integrations
from sindico_provisioning.integrations.models import IntegrationKind
from sindico_provisioning.loads import service
from sindico_provisioning.loads.models import LoadKind, LoadStatus
from sindico_provisioning.loads.schemas import LoadOut
from sindico_provisioning.onboarding import queries as onboarding
from sindico_provisioning.staging.models import STAGING
from sindico_provisioning.view_connections.models import ViewConnection, ViewMapping
from sindico_provisioning.view_connections.schemas import PASSWORD_FIELD
from sindico_tenants.accounts.models import Account
from tests.provisioning.connectors.view.conftest import (
    certificates,
    erp_postgres,
    postgres,
    tls_door,
)
from tests.provisioning.connectors.view.databases import CUSTOMERS, RunningDatabase
from tests.provisioning.loads.conftest import Site
from tests.support.identity import MakeTenant
from tests.support.jobs import kill_after

__all__ = ["certificates", "erp_postgres", "postgres", "tls_door"]

CUSTOMER = STAGING["empresa"]


@pytest.fixture
async def site(
    served_nearby: Litestar,
    make_tenant: MakeTenant,
    postgres: RunningDatabase,
    monkeypatch: pytest.MonkeyPatch,
) -> Site:
    """A tenant whose View integration reads the running database, three rows at a time."""
    monkeypatch.setattr("sindico_provisioning.connectors.view.connector.PAGE_ROWS", 3)
    context, tenant = served_nearby.state.context, await make_tenant()
    async with context.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        made = await integrations.create_integration(tx, kind=IntegrationKind.VIEW, name="View")
        stamps = {"created_at": tx.now, "updated_at": tx.now, "revision": 1}
        key = {"tenant_id": tx.tenant_id, "integration_id": made.id}
        connection = connection_row(postgres, context.secrets, tx.tenant_id)
        await tx.session.execute(insert(ViewConnection), [key | stamps | connection])
        mapping = {
            "resource": "empresa",
            "db_schema": "public",
            "view": CUSTOMERS.view,
            "columns": dict(CUSTOMERS.columns),
            "watermark": CUSTOMERS.watermark,
            "overlap_minutes": 10,
            "is_complete": True,
        }
        await tx.session.execute(insert(ViewMapping), [key | stamps | mapping])
    return Site(context, tenant, made.id, None)  # type: ignore[arg-type]  # a database instead


def connection_row(postgres: RunningDatabase, keys: KeyRing, tenant_id: UUID) -> dict[str, Any]:
    server = postgres.server
    password = server.password.reveal()
    return {
        "dialect": server.dialect.value,
        "host": server.host,
        "port": server.port,
        "database": server.database,
        "username": server.username,
        "password_sealed": keys.seal(password, tenant_id=tenant_id, field=PASSWORD_FIELD),
        "tls": "none",
        "time_zone": server.time_zone,
        "statement_seconds": 30,
    }


async def fill(postgres: RunningDatabase, count: int = 8) -> None:
    await postgres.add(
        *[(f"C{n:02}", f"Cliente {n}", f"2026-11-{n + 1:02} 08:00:00") for n in range(count)]
    )


async def run(site: Site, kind: LoadKind = LoadKind.MANUAL) -> LoadOut:
    async with site.context.uow.begin(site.actor) as tx:
        load = await service.start_load(tx, integration_id=site.integration_id, kind=kind)
        load_id = load.id
    await site.run()
    return await site.read(load_id)


def fetched(load: LoadOut) -> dict[str, int]:
    phase = load.phases[0]
    return {name: getattr(phase, name) for name in ("received", "created", "updated", "rejected")}


async def removed(site: Site) -> list[str]:
    rows = await site.rows(CUSTOMER.c.id_erp, CUSTOMER.c.removed_at)
    return [key for key, at in rows if isinstance(at, datetime)]


async def test_a_view_becomes_accounts(site: Site, postgres: RunningDatabase) -> None:
    await fill(postgres)

    load = await run(site)

    assert load.status == LoadStatus.SUCCEEDED, load.error
    assert fetched(load) == {"received": 8, "created": 8, "updated": 0, "rejected": 0}
    assert [name for (name,) in await site.rows(Account.name)] == [f"Cliente {n}" for n in range(8)]


async def test_the_next_load_brings_what_changed_and_an_initial_one_everything(
    site: Site, postgres: RunningDatabase
) -> None:
    await fill(postgres)
    await run(site)
    await postgres.add(("D1", "Nova", "2026-11-21 08:00:00"))
    await postgres.execute(
        "UPDATE clientes SET nome = 'Outra', alterado = '2026-11-20' WHERE codigo = 'C00'",
        "DELETE FROM clientes WHERE codigo = 'C01'",
    )

    changed = await run(site)
    assert fetched(changed) == {"received": 3, "created": 1, "updated": 1, "rejected": 0}
    assert await removed(site) == []
    whole = await run(site, LoadKind.INITIAL)

    assert fetched(whole) == {"received": 8, "created": 0, "updated": 0, "rejected": 0}
    assert await removed(site) == ["C01"]
    assert fetched(await run(site))["received"] == 1  # the overlap alone


@pytest.mark.parametrize("step", range(1, 12))
async def test_killed_after_any_commit_it_ends_the_same(
    site: Site, postgres: RunningDatabase, step: int
) -> None:
    await fill(postgres)
    load_id = await site.start()

    drained = await site.run(kill_after("committed", step))
    await site.run()
    load = await site.read(load_id)

    assert drained.killed
    assert load.status == LoadStatus.SUCCEEDED
    assert fetched(load) == {"received": 8, "created": 8, "updated": 0, "rejected": 0}
    assert len(await site.rows(Account.name)) == 8


async def test_a_source_gone_in_mid_page_is_waited_for_with_a_clear_reason(
    site: Site, postgres: RunningDatabase
) -> None:
    await fill(postgres)
    load_id = await site.start()
    await site.run(kill_after("committed", 4))
    async with site.context.uow.begin(site.actor) as tx:
        port = await tx.session.scalar(select(ViewConnection.port))
        await tx.session.execute(update(ViewConnection).values(port=1))

    from tests.support.jobs import run_jobs

    await run_jobs(site.context, site.tenant.tenant_id)
    waiting = await site.read(load_id)
    async with site.context.uow.begin(site.actor) as tx:
        await tx.session.execute(update(ViewConnection).values(port=port))
    await site.run()
    load = await site.read(load_id)

    assert (waiting.status, waiting.error and waiting.error.code) == (
        LoadStatus.RUNNING,
        "connection-refused",
    )
    assert waiting.next_try_at is not None
    assert load.status == LoadStatus.SUCCEEDED
    assert fetched(load)["received"] == 8


async def test_rows_that_do_not_fit_are_rejected_with_their_reasons(
    site: Site, postgres: RunningDatabase
) -> None:
    await postgres.add(("C1", "Acme", None))
    await postgres.execute("INSERT INTO clientes VALUES ('C2', NULL, 123, 'X', NULL)")

    load = await run(site)

    assert fetched(load) == {"received": 2, "created": 1, "updated": 0, "rejected": 1}


async def count_rejected(site: Site) -> dict[str, int]:
    """By table, what is still to be mended."""
    async with site.context.uow.begin(site.actor) as tx:
        told = await onboarding.count_now(tx, site.integration_id)
        return {table: counts.rejected for table, counts in told.items() if counts.rejected}


async def test_a_load_that_reads_everything_for_another_mapping_forgets_rejected_rows_now_gone(
    site: Site, postgres: RunningDatabase
) -> None:
    await fill(postgres, 2)
    await postgres.execute("INSERT INTO clientes VALUES ('C9', NULL, 123, 'X', '2026-11-01')")
    await run(site)
    await postgres.execute("DELETE FROM clientes WHERE codigo = 'C9'")
    changes = fetched(await run(site))
    before = await count_rejected(site)
    async with site.context.uow.begin(site.actor) as tx:
        poorer = {name: CUSTOMERS.columns[name] for name in ("id_erp", "razao_social")}
        await tx.session.execute(update(ViewMapping).values(columns=poorer))

    whole = fetched(await run(site))

    assert (changes["received"], before) == (1, {"empresa": 1})
    assert (whole["received"], await count_rejected(site)) == (2, {})


async def test_a_password_that_was_changed_there_ends_the_load_at_once(
    site: Site, postgres: RunningDatabase
) -> None:
    await postgres.execute("ALTER USER leitura PASSWORD 'outra'")
    try:
        load = await run(site)
    finally:
        await postgres.execute("ALTER USER leitura PASSWORD 'uma-senha'")

    assert load.status == LoadStatus.FAILED
    assert load.error is not None
    assert load.error.code == "view-login-refused"
    assert load.tries == 1
