"""Pages of a view: everything once, in constant pages, from any cursor, and what changed since."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from sindico_platform.errors import OutsideError, Terminal, Transient
from sindico_provisioning.connectors.schemas import Cursor, Page, Totals
from sindico_provisioning.connectors.view.connector import ViewConnector
from sindico_provisioning.connectors.view.reaching import signed_in
from sindico_provisioning.connectors.view.schemas import Dialect, ViewSource
from tests.provisioning.connectors.view.databases import CUSTOMERS, GUARD, RunningDatabase


def connect(
    running: RunningDatabase, source: ViewSource | None = None, **how: Any
) -> ViewConnector:
    chosen = source or running.source()
    return ViewConnector(GUARD, running.server, [chosen], **{"page_rows": 3} | how)


async def read_pages(erp: ViewConnector, cursor: Cursor | None = None) -> list[Page]:
    pages = []
    while True:
        page = await erp.read_page("empresa", cursor)
        pages.append(page)
        if page.next_cursor is None:
            return pages
        cursor = json.loads(json.dumps(page.next_cursor))


def keys(pages: Sequence[Page]) -> list[str]:
    return [row["id_erp"] for page in pages for row in page.rows]


async def fill(running: RunningDatabase, count: int = 8) -> None:
    await running.add(
        *[(f"C{n:02}", f"Cliente {n}", f"2026-11-{n + 1:02} 08:00:00") for n in range(count)]
    )


async def test_the_database_counts_and_adds_up_by_itself(running: RunningDatabase) -> None:
    await fill(running)
    columns = {"id_erp": "codigo", "marca": "nome", "valor_12_meses": "documento"}
    source = replace(running.source(), table="empresa_marca", columns=columns, watermark=None)

    async with connect(running, source) as erp:
        totals = await erp.tell_totals("empresa_marca")
        statements = [exchange.method for exchange in erp.take_exchanges()]

    assert totals == Totals(rows=8, sums={"valor_12_meses": 8 * Decimal(11222333000181)})
    assert statements == ["SELECT"]


async def test_everything_comes_once_in_pages_by_key(running: RunningDatabase) -> None:
    await fill(running)

    async with connect(running) as erp:
        pages = await read_pages(erp)
        assert erp.snapshots == {"empresa"}

    assert keys(pages) == [f"C{n:02}" for n in range(8)]
    assert all(len(page.rows) <= 3 for page in pages)
    first = pages[0].rows[0]
    assert first["cnpj"] == "11222333000181"
    assert first["ativo"] is True
    assert first["atualizado_em"].isoformat() == "2026-11-01T08:00:00-03:00"
    assert [page.reached is None for page in pages] == [True] * (len(pages) - 1) + [False]


async def test_any_cursor_leads_on_in_another_process(running: RunningDatabase) -> None:
    await fill(running)
    async with connect(running) as erp:
        first = await erp.read_page("empresa", None)
        cursor = json.loads(json.dumps(first.next_cursor))

    async with connect(running) as again:
        rest = await read_pages(again, cursor)

    assert keys([first, *rest]) == [f"C{n:02}" for n in range(8)]


async def test_keys_that_the_database_holds_alike_all_come(running: RunningDatabase) -> None:
    await running.execute(
        "ALTER TABLE clientes DROP CONSTRAINT clientes_pkey"
        if running.server.dialect is Dialect.POSTGRESQL
        else "ALTER TABLE clientes DROP PRIMARY KEY"
    )
    await running.add(*[(code, "x", None) for code in ("ab", "aB", "Ab", "AB", "b", "B", "c")])

    async with connect(running, page_rows=5) as erp:
        found = keys(await read_pages(erp))

    assert set(found) == {"ab", "aB", "Ab", "AB", "b", "B", "c"}


async def test_a_key_that_tells_nothing_apart_ends_with_a_reason(running: RunningDatabase) -> None:
    await fill(running)
    await running.execute("UPDATE clientes SET nome = 'igual'")
    source = running.source(columns={"id_erp": "nome", "razao_social": "nome"}, watermark=None)

    async with connect(running, source) as erp:
        with pytest.raises(Terminal) as caught:
            await read_pages(erp)

    assert caught.value.code == "view-key-repeated"


async def test_rows_without_a_key_come_last_to_be_rejected(running: RunningDatabase) -> None:
    await fill(running, 4)
    await running.execute("UPDATE clientes SET nome = NULL WHERE codigo = 'C01'")
    source = running.source(columns={"id_erp": "nome", "razao_social": "codigo"}, watermark=None)

    async with connect(running, source) as erp:
        found = keys(await read_pages(erp))

    assert found == ["Cliente 0", "Cliente 2", "Cliente 3", None]


async def test_the_next_load_reads_what_changed_and_an_overlap(running: RunningDatabase) -> None:
    await fill(running, 5)
    async with connect(running) as erp:
        reached = (await read_pages(erp))[-1].reached
    assert reached is not None
    await running.add(
        ("D1", "novo", "2026-11-06 09:00:00"),
        ("D2", "atrasado", "2026-11-05 07:51:00"),
        ("D3", "velho", "2026-11-05 07:49:00"),
    )

    async with connect(running, reached={"empresa": reached}) as erp:
        assert erp.snapshots == frozenset()
        pages = await read_pages(erp)

    assert keys(pages) == ["D2", "C04", "D1"]
    last = pages[-1].reached
    assert last is not None
    assert last["mark"] == ["datetime", "2026-11-06T09:00:00"]


async def test_nothing_changed_keeps_what_was_reached(running: RunningDatabase) -> None:
    await fill(running, 2)
    async with connect(running) as erp:
        reached = (await read_pages(erp))[-1].reached
    await running.execute("DELETE FROM clientes")
    assert reached is not None

    async with connect(running, reached={"empresa": reached}) as erp:
        (page,) = await read_pages(erp)

    assert page.rows == []
    assert page.reached == reached


async def test_many_rows_of_one_instant_are_all_read(running: RunningDatabase) -> None:
    await running.add(("A", "x", "2026-11-01 08:00:00"))
    async with connect(running) as erp:
        reached = (await read_pages(erp))[-1].reached
    assert reached is not None
    await running.add(*[(f"B{n}", "x", "2026-11-02 08:00:00") for n in range(10)])

    async with connect(running, reached={"empresa": reached}) as erp:
        found = keys(await read_pages(erp))

    assert found == ["A", *[f"B{n}" for n in range(10)]]


async def test_another_mapping_is_read_whole_and_not_in_the_middle(
    running: RunningDatabase,
) -> None:
    await fill(running)
    async with connect(running) as erp:
        pages = await read_pages(erp)
    poorer = running.source(columns={"id_erp": "codigo", "razao_social": "nome"})

    async with connect(running, poorer, reached={"empresa": pages[-1].reached}) as erp:
        assert erp.snapshots == {"empresa"}
        with pytest.raises(Terminal) as caught:
            await erp.read_page("empresa", pages[0].next_cursor)
        again = await read_pages(erp)

    assert caught.value.code == "view-mapping-changed"
    assert len(keys(again)) == 8


async def test_nothing_can_be_written(running: RunningDatabase) -> None:
    server = running.server
    if server.dialect is Dialect.POSTGRESQL:
        await running.execute("GRANT INSERT ON clientes TO leitura")
    else:
        server = replace(server, username="administra")

    async with signed_in(GUARD, server) as session:
        with pytest.raises(DBAPIError) as caught:
            await session.run(
                lambda connection: connection.exec_driver_sql(
                    "INSERT INTO clientes (codigo) VALUES ('x')"
                )
            )

    assert "read" in str(caught.value).lower()


async def test_a_statement_that_takes_too_long_is_ended_there(running: RunningDatabase) -> None:
    sleep = "pg_sleep(20)::text" if running.server.dialect is Dialect.POSTGRESQL else "SLEEP(20)"
    await running.execute(f"CREATE VIEW v_lenta AS SELECT 'a' AS codigo, {sleep} AS nome")
    if running.server.dialect is Dialect.POSTGRESQL:
        await running.execute("GRANT SELECT ON v_lenta TO leitura")
    running = replace_seconds(running, 1)
    source = running.source(
        view="v_lenta", columns={"id_erp": "codigo", "razao_social": "nome"}, watermark=None
    )

    try:
        async with connect(running, source) as erp:
            with pytest.raises(Transient) as caught:
                await erp.read_page("empresa", None)
    finally:
        await running.execute("DROP VIEW v_lenta")
    assert caught.value.code == "view-statement-timed-out"


def replace_seconds(running: RunningDatabase, seconds: int) -> RunningDatabase:
    return replace(running, server=replace(running.server, statement_seconds=seconds))


KILL = {
    Dialect.POSTGRESQL: [
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'leitura'"
    ],
    Dialect.MYSQL: ["KILL USER leitura@'127.0.0.1'"],
}


async def test_a_source_that_goes_away_may_pass_and_is_reached_again(
    running: RunningDatabase,
) -> None:
    await fill(running)
    async with connect(running) as erp:
        first = await erp.read_page("empresa", None)
        await running.execute(*KILL[running.server.dialect])

        with pytest.raises(Transient) as caught:
            await erp.read_page("empresa", first.next_cursor)
        rest = await read_pages(erp, first.next_cursor)

    assert caught.value.code == "view-connection-lost"
    assert "v_clientes" in str(caught.value)
    assert keys([first, *rest]) == [f"C{n:02}" for n in range(8)]


async def test_a_page_given_up_leaves_no_thread_waiting(running: RunningDatabase) -> None:
    sleep = "pg_sleep(120)::text" if running.server.dialect is Dialect.POSTGRESQL else "SLEEP(120)"
    await running.execute(f"CREATE VIEW v_lenta AS SELECT 'a' AS codigo, {sleep} AS nome")
    if running.server.dialect is Dialect.POSTGRESQL:
        await running.execute("GRANT SELECT ON v_lenta TO leitura")
    running = replace_seconds(running, 240)
    source = running.source(
        view="v_lenta", columns={"id_erp": "codigo", "razao_social": "nome"}, watermark=None
    )

    try:
        async with asyncio.timeout(60), connect(running, source) as erp:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.5):
                    await erp.read_page("empresa", None)
    finally:
        await running.execute("DROP VIEW v_lenta")


async def test_each_page_is_noted_for_the_ledger(running: RunningDatabase) -> None:
    await fill(running, 2)
    async with connect(running) as erp:
        await erp.read_page("empresa", None)
        noted = erp.take_exchanges()
        with pytest.raises(OutsideError):
            await erp.read_page(
                "empresa",
                {
                    "print": "x",
                    "step": "keys",
                    "key": None,
                    "mark": None,
                    "reached": None,
                    "rows": 0,
                },
            )

    assert [(item.method, item.failure) for item in noted] == [("SELECT", None)]
    assert CUSTOMERS.view in noted[0].path
