"""Views with wide rows: a page ends before it fills the memory, and nothing is left out."""

import tracemalloc
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import pairwise

import pytest
from sqlalchemy import CLOB, JSON, DateTime, LargeBinary, Numeric, String, Text
from sqlalchemy.types import TypeEngine

from sindico_platform.errors import Terminal
from sindico_provisioning.connectors.schemas import Cursor, Page
from sindico_provisioning.connectors.view import pages
from sindico_provisioning.connectors.view.connector import ViewConnector
from sindico_provisioning.connectors.view.drivers.schemas import Reflected
from sindico_provisioning.connectors.view.schemas import Dialect, ViewSource
from sindico_provisioning.connectors.view.statements import lay_out
from sindico_provisioning.erp_tables.queries import get_table
from sindico_provisioning.erp_tables.service import check_rows
from tests.provisioning.connectors.view.databases import GUARD, RunningDatabase

MEBIBYTE = 1 << 20
WIDE, ALL = 60, 100
FILL = f"""
    INSERT INTO largos
    WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {ALL})
    SELECT CONCAT('C', 1000 + n), n, CASE
        WHEN n = {WIDE} THEN REPEAT('x', {5 * MEBIBYTE})
        WHEN n < {WIDE} THEN REPEAT('x', {MEBIBYTE}) ELSE 'estreito' END
    FROM s
"""  # noqa: S608  (a test's own)
KEYS = [f"C{1000 + n}" for n in range(1, ALL + 1)]


@pytest.fixture
async def running(
    running: RunningDatabase, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[RunningDatabase]:
    """A table that is wide and then narrow, and bounds that fit it."""
    for name, value in (("PAGE_BYTES", 2), ("MOST_BYTES", 4), ("SLICE_BYTES", 1)):
        monkeypatch.setattr(pages, name, value * MEBIBYTE)
    monkeypatch.setattr(pages, "MOST_ROWS", 4)
    is_postgresql = running.server.dialect is Dialect.POSTGRESQL
    text = "text" if is_postgresql else "longtext"
    await running.execute(
        f"CREATE TABLE largos (codigo varchar(20), n integer, nome {text})",
        FILL,
        *(["GRANT SELECT ON largos TO leitura"] if is_postgresql else []),
    )
    yield running
    await running.execute("DROP TABLE largos")


def source_of(running: RunningDatabase) -> ViewSource:
    columns = {"id_erp": "codigo", "razao_social": "nome"}
    return running.source(view="largos", columns=columns, watermark="n", is_complete=False)


async def read(erp: ViewConnector) -> list[Page]:
    """Every page, its texts replaced by their lengths."""
    found: list[Page] = []
    cursor: Cursor | None = None
    while True:
        page = await erp.read_page("empresa", cursor)
        rows = [row | {"razao_social": len(row["razao_social"])} for row in page.rows]
        found.append(replace(page, rows=rows))
        if page.next_cursor is None:
            return found
        cursor = page.next_cursor


@pytest.mark.parametrize("since", [None, 0], ids=["everything", "what changed"])
async def test_wide_rows_all_come_once_in_little_memory(
    running: RunningDatabase, since: int | None
) -> None:
    source = source_of(running)
    reached = {"print": source.print, "mark": ["int", str(since)]}

    tracemalloc.start()
    try:
        async with ViewConnector(
            GUARD, running.server, [source], reached={} if since is None else {"empresa": reached}
        ) as erp:
            found = await read(erp)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert [row["id_erp"] for page in found for row in page.rows] == KEYS
    assert peak < WIDE * MEBIBYTE / 2
    assert found[-1].reached is not None
    assert found[-1].reached["mark"] == ["int", str(ALL)]
    assert all(earlier.progress <= later.progress for earlier, later in pairwise(found))


async def test_rows_that_are_suddenly_wide_come_in_little_memory_too(
    running: RunningDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many came at once as long as they were narrow."""
    monkeypatch.setattr(pages, "MOST_ROWS", 250)
    await running.execute(
        "DELETE FROM largos",
        """
            INSERT INTO largos
            WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 300)
            SELECT CONCAT('C', 1000 + n), n, REPEAT('x', CASE WHEN n > 200 THEN 1048576 ELSE 9 END)
            FROM s
        """,
    )

    tracemalloc.start()
    try:
        async with ViewConnector(GUARD, running.server, [source_of(running)]) as erp:
            found = await read(erp)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert [row["id_erp"] for page in found for row in page.rows] == [
        f"C{1000 + n}" for n in range(1, 301)
    ]
    assert peak < 30 * MEBIBYTE


async def test_a_row_wider_than_a_page_is_rejected_with_its_reason(
    running: RunningDatabase,
) -> None:
    await running.execute("DELETE FROM largos WHERE nome = REPEAT('x', 1048576)")
    async with ViewConnector(GUARD, running.server, [source_of(running)]) as erp:
        page = await erp.read_page("empresa", None)
        found = await read(erp)
        await running.execute(f"DELETE FROM largos WHERE n > {WIDE}")  # noqa: S608  (a test's own)
        last = await read(erp)

    [rejection] = check_rows(get_table("empresa"), page.rows).rejections
    assert (rejection.index, rejection.id_erp) == (0, KEYS[WIDE - 1])
    assert ("razao_social", "too-long") in {(each.field, each.code) for each in rejection.reasons}
    assert [row["id_erp"] for each in found for row in each.rows] == KEYS[WIDE - 1 :]
    assert [row["id_erp"] for each in last for row in each.rows] == [KEYS[WIDE - 1]]


async def test_wide_rows_of_one_key_come_as_far_as_memory_goes(
    running: RunningDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    await running.execute("UPDATE largos SET codigo = 'C' WHERE n BETWEEN 5 AND 12")
    source = replace(source_of(running), watermark=None)
    async with ViewConnector(GUARD, running.server, [source]) as erp:
        with pytest.raises(Terminal) as caught:
            await read(erp)
        monkeypatch.setattr(pages, "MOST_BYTES", 16 * MEBIBYTE)
        found = await read(erp)

    assert caught.value.code == "view-key-repeated"
    assert {row["id_erp"] for page in found for row in page.rows} == {*KEYS[:4], "C", *KEYS[12:]}


@pytest.mark.parametrize(
    ("kinds", "wide"),
    [
        pytest.param([String(20), Numeric(), DateTime()], (), id="bounded"),
        pytest.param([String(20), Text(), DateTime()], (1,), id="text"),
        pytest.param([String(20), JSON(), LargeBinary()], (1, 2), id="json and bytes"),
        pytest.param([String(20), String(3000), CLOB()], (1, 2), id="clob"),
        pytest.param([String(20), String(3000), String(3000)], (1, 2), id="long"),
    ],
)
def test_only_what_may_be_wide_is_read_in_slices(
    kinds: list[TypeEngine[object]], wide: tuple[int, ...]
) -> None:
    names = ["a", "b", "c"]
    columns = [
        Reflected(name=name, kind=kind, label="") for name, kind in zip(names, kinds, strict=True)
    ]
    fields = dict(zip(["id_erp", "razao_social", "nome_fantasia"], names, strict=True))
    source = ViewSource(table="empresa", schema=None, view="v", columns=fields)

    assert pages.wide_columns(lay_out(source, columns, row_comparison=True)) == wide
