"""Pages of the Mega connector against the sandbox."""

import json
from uuid import uuid4

import pytest

from sindico_platform.egress import GuardedHttp
from sindico_platform.errors import InvalidInput, Terminal, Transient
from sindico_provisioning.connectors import service
from sindico_provisioning.connectors.errors import ConnectorNotFound
from sindico_provisioning.erp_tables.queries import TABLES, get_table
from sindico_provisioning.erp_tables.service import check_rows
from sindico_provisioning.sandbox.mega.sandbox import MegaSandbox
from tests.provisioning.connectors.test_contract import make_mega, read_all


async def test_what_the_sandbox_spoilt_is_rejected_and_nothing_else(
    mega: MegaSandbox, http: GuardedHttp
) -> None:
    async with make_mega(mega, http) as erp:
        for name in erp.tables:
            rejected = received = 0
            for page in await read_all(erp, name):
                checked = check_rows(get_table(name), page.rows)
                rejected += len(checked.rejections)
                received += checked.received

            chapter = mega.book.chapters[name]
            assert (received, rejected) == (chapter.rows, chapter.spoilt), name


async def test_references_point_at_rows_that_were_read(
    mega: MegaSandbox, http: GuardedHttp
) -> None:
    keys: dict[str, set[str]] = {}
    dangling = []
    async with make_mega(mega, http) as erp:
        for name in erp.tables:
            rows = [row for page in await read_all(erp, name) for row in page.rows]
            keys[name] = {row["id_erp"] for row in rows}
            for field in TABLES[name].fields:
                if field.references:
                    used = {row.get(field.name) for row in rows} - {None}
                    dangling += [(name, field.name, key) for key in used - keys[field.references]]

    assert dangling == []


async def test_a_window_too_large_is_split_and_nothing_is_lost(
    mega: MegaSandbox, http: GuardedHttp
) -> None:
    async with make_mega(mega, http, max_body_bytes=20_000) as erp:
        pages = await read_all(erp, "pedido")

    rows = [row["id_erp"] for page in pages for row in page.rows]
    split = [page for page in pages if "too much at once" in page.detail]
    assert len(rows) == len(set(rows)) == mega.book.chapters["pedido"].rows
    assert split
    assert all(page.rows == [] and not page.done for page in split)
    assert split[0].detail.format(**split[0].facts)


async def test_a_window_that_takes_too_long_is_split_down_to_one_day(
    mega: MegaSandbox, http: GuardedHttp
) -> None:
    mega.fail_next("timeout", route="Pedido", times=0)
    cursor, days = None, []
    async with make_mega(mega, http, read_seconds=0.5) as erp:
        for _ in range(4):
            page = await erp.read_page("pedido", cursor)
            assert page.next_cursor is not None
            cursor = json.loads(json.dumps(page.next_cursor))
            days.append(cursor["days"])
        with pytest.raises(Transient) as raised:
            await erp.read_page("pedido", cursor)

    assert days == [15, 7, 3, 1]
    assert raised.value.code == "answer-timed-out"


async def test_an_answer_too_large_that_cannot_be_split_ends_it(
    mega: MegaSandbox, http: GuardedHttp
) -> None:
    async with make_mega(mega, http, max_body_bytes=1_000) as erp:
        with pytest.raises(Terminal) as raised:
            await erp.read_page("filial", None)

    assert raised.value.code == "answer-too-large"


async def test_no_window_is_longer_than_two_years(mega: MegaSandbox, http: GuardedHttp) -> None:
    async with make_mega(mega, http) as erp:
        await read_all(erp, "empresa")

    assert {status for _, _, status in mega.requests} == {200, 204}


async def test_a_slow_answer_is_waited_for(mega: MegaSandbox, http: GuardedHttp) -> None:
    mega.fail_next("slow", route="Filial", seconds=0.02)
    async with make_mega(mega, http) as erp:
        page = await erp.read_page("filial", None)

    assert len(page.rows) == 5


async def test_429_says_how_long_to_wait(mega: MegaSandbox, http: GuardedHttp) -> None:
    mega.fail_next("429", route="Filial", seconds=17)
    async with make_mega(mega, http) as erp:
        with pytest.raises(Transient) as raised:
            await erp.read_page("filial", None)

    assert raised.value.retry_after_seconds == 17


async def test_a_missing_route_names_the_property_that_corrects_it(
    mega: MegaSandbox, http: GuardedHttp
) -> None:
    properties = {**mega.properties, "rotaFilial": "/api/nada"}
    connector = service.open_connector("mega", properties, http=http, scope=str(uuid4()))
    async with connector as erp:
        with pytest.raises(Terminal) as raised:
            await erp.read_page("filial", None)

    assert raised.value.facts == {"path": "/api/nada", "setting": "rotaFilial"}


async def test_a_route_left_empty_takes_its_table_out(mega: MegaSandbox, http: GuardedHttp) -> None:
    properties = {**mega.properties, "rotaCotacao": ""}
    connector = service.open_connector("mega", properties, http=http, scope=str(uuid4()))

    assert "cotacao" not in connector.tables
    assert len(connector.tables) == len(TABLES) - 1


def test_an_unknown_kind_and_wrong_properties_are_refused(http: GuardedHttp) -> None:
    with pytest.raises(ConnectorNotFound):
        service.open_connector("bimer", {}, http=http, scope="a")
    with pytest.raises(InvalidInput):
        service.open_connector("mega", {}, http=http, scope="a")
