"""Reading without SQLAlchemy: bound, read-only, and whole again after whatever happened."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from uuid_utils.compat import uuid7

from sindico_api.problems import is_passing
from sindico_platform.audit import service as audit
from sindico_platform.audit.models import AuditEvent
from sindico_platform.database.binding import Reading, bind_first, in_driver_form
from sindico_platform.database.tx import Actor, Tx
from sindico_platform.database.uow import UnitOfWork

EVENTS, PARAMETERS = in_driver_form(bind_first(select(AuditEvent.id), AuditEvent.tenant_id))
MORE_THAN_THE_POOL_HAS = 30
PUT = "INSERT INTO narrow VALUES (0)"


async def events_of(reading: Reading) -> list[Any]:
    return await reading.fetch(EVENTS, str(reading.tenant_id))


async def record_in(uow: UnitOfWork, tenant: UUID) -> None:
    async with uow.begin(Actor.system(tenant)) as tx:
        await audit.record(tx, "test:happen")


async def test_reading_sees_the_bound_tenant_alone(uow: UnitOfWork) -> None:
    alpha, beta = Actor.system(uuid7()), Actor.system(uuid7())
    await record_in(uow, alpha.tenant_id)

    ours = await events_of(uow.reading(alpha))
    theirs = await events_of(uow.reading(beta))
    asked = await events_of(uow.reading(beta, tenant=alpha.tenant_id))

    assert PARAMETERS == ("tenant_id",)
    assert [len(rows) for rows in (ours, theirs, asked)] == [1, 0, 1]


async def test_a_transaction_reads_by_the_same_statement(uow: UnitOfWork) -> None:
    actor = Actor.system(uuid7())
    await record_in(uow, actor.tenant_id)

    async with uow.begin(actor) as tx:
        rows = await tx.fetch(EVENTS, str(tx.tenant_id))
        await audit.record(tx, "test:happen")

    assert len(rows) == 1
    assert len(await events_of(uow.reading(actor))) == 2


async def test_reading_cannot_write(uow: UnitOfWork) -> None:
    with pytest.raises(DBAPIError, match="read-only transaction"):
        await uow.reading(Actor.system(uuid7())).fetch("DELETE FROM control.load_phase")


async def test_no_statement_leaves_a_tenant_bound(uow: UnitOfWork) -> None:
    reading = uow.reading(Actor.system(uuid7()))
    for _ in range(MORE_THAN_THE_POOL_HAS):
        await events_of(reading)
        with pytest.raises(DBAPIError, match="division by zero"):
            await reading.fetch("SELECT 1 / 0 FROM set_config('sindico.tenant_id', 'x', true)")

    row = await uow.ask("SELECT current_setting('sindico.tenant_id', true) AS bound")

    assert row is not None
    assert not row.bound


async def test_connections_the_server_closed_are_replaced(uow: UnitOfWork, admin_url: str) -> None:
    row = await uow.ask("SELECT pg_backend_pid() AS backend")
    assert row is not None
    admin = await asyncpg.connect(admin_url)
    await admin.execute("SELECT pg_terminate_backend($1, 5000)", row.backend)
    await admin.close()

    assert await uow.ask("SELECT 1") is not None


async def test_many_at_once_share_few_connections(uow: UnitOfWork) -> None:
    asked = [uow.ask("SELECT pg_backend_pid() AS backend, pg_sleep(0.001)") for _ in range(200)]

    rows = await asyncio.gather(*asked)

    assert len({row.backend for row in rows if row is not None}) < MORE_THAN_THE_POOL_HAS


async def test_whoever_gives_up_leaves_the_pool_whole(uow: UnitOfWork) -> None:
    for _ in range(MORE_THAN_THE_POOL_HAS):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await uow.ask("SELECT pg_sleep(1)")

    row = await uow.ask("SELECT 1 AS one")
    assert row is not None
    assert row.one == 1


async def test_a_connection_that_is_lost_underway_is_no_bug_of_ours(uow: UnitOfWork) -> None:
    with pytest.raises(DBAPIError) as underway:
        await uow.ask("SELECT pg_terminate_backend(pg_backend_pid())")
    with pytest.raises(DBAPIError) as afterwards:
        await fetch_on_a_lost_connection(uow)

    assert is_passing(underway.value)
    assert is_passing(afterwards.value)


@pytest.mark.parametrize(
    ("table", "waits"),
    [("(n int CHECK (n > 0))", False), ("(n int) PARTITION BY LIST (n)", True)],
    ids=["forbidden", "no-partition"],
)
async def test_a_row_without_a_partition_waits_for_it_and_a_forbidden_one_does_not(
    uow: UnitOfWork, table: str, *, waits: bool
) -> None:
    with pytest.raises(DBAPIError) as by_session:
        await put_into(uow, table, lambda tx: tx.session.execute(text(PUT)))
    with pytest.raises(DBAPIError) as by_driver:
        await put_into(uow, table, lambda tx: tx.fetch(PUT))

    assert [is_passing(by_session.value), is_passing(by_driver.value)] == [waits, waits]


async def put_into(uow: UnitOfWork, table: str, put: Callable[[Tx], Awaitable[Any]]) -> None:
    async with uow.begin(Actor.system(uuid7())) as tx:
        await tx.session.execute(text(f"CREATE TEMP TABLE narrow {table} ON COMMIT DROP"))
        await put(tx)


async def fetch_on_a_lost_connection(uow: UnitOfWork) -> None:
    async with uow.begin(Actor.system(uuid7())) as tx:
        with suppress(DBAPIError):
            await tx.fetch("SELECT pg_terminate_backend(pg_backend_pid())")
        await tx.fetch("SELECT 1")
