"""Pages of the ERPX connector against the sandbox."""

import json
from typing import Any

import pytest

from sindico_platform.egress import GuardedHttp
from sindico_platform.errors import InvalidInput, Terminal, Transient
from sindico_provisioning.connectors.erpx import settings
from sindico_provisioning.connectors.erpx.paging import Listed, Place
from sindico_provisioning.connectors.erpx.schemas import ROUTES, Paging
from sindico_provisioning.connectors.schemas import Totals
from sindico_provisioning.erp_tables.queries import TABLES, get_table
from sindico_provisioning.erp_tables.service import check_rows
from sindico_provisioning.sandbox.erpx.sandbox import MAX_SIZE, ErpxSandbox
from tests.provisioning.connectors.test_contract import NOON, make_erpx, read_all


async def test_what_the_sandbox_spoilt_is_rejected_and_nothing_else(
    erpx: ErpxSandbox, http: GuardedHttp
) -> None:
    keys: dict[str, set[str]] = {}
    dangling = []
    async with make_erpx(erpx, http) as erp:
        for name in erp.tables:
            rows = [row for page in await read_all(erp, name) for row in page.rows]
            checked = check_rows(get_table(name), rows)
            told = erpx.content.told[name]
            assert (checked.received, len(checked.rejections)) == (told.rows, told.spoilt), name
            keys[name] = {row["id_erp"] for row in rows}
            for field in TABLES[name].fields:
                if field.references in erp.tables:
                    used = {row.get(field.name) for row in rows} - {None}
                    dangling += [(name, field.name, key) for key in used - keys[field.references]]

    assert dangling == []
    assert set(erp.tables) == set(ROUTES)
    assert {name for name in keys if not keys[name]} == set()


async def test_pages_go_on_from_the_last_id_and_stop_at_the_total(
    erpx: ErpxSandbox, http: GuardedHttp
) -> None:
    async with make_erpx(erpx, http, linhasPorPagina=str(5 * MAX_SIZE)) as erp:
        whole = await read_all(erp, "itens_pedido")
    async with make_erpx(erpx, http, linhasPorPagina="100") as erp:
        pages = await read_all(erp, "itens_pedido")
        paths = [each.path for each in erp.take_exchanges() if "e120ipd" in each.path]

    assert [len(page.rows) for page in pages[:-1]] == [100] * (len(pages) - 1)
    assert sum(len(page.rows) for page in whole) == erpx.content.told["itens_pedido"].rows
    assert all("orderby=id" in path and "offset=0" in path for path in paths)
    assert len(paths) == len(pages)


async def test_a_page_too_large_is_asked_for_in_smaller_ones(
    erpx: ErpxSandbox, http: GuardedHttp
) -> None:
    async with make_erpx(erpx, http, max_body_bytes=50_000) as erp:
        pages = await read_all(erp, "itens_pedido")

    split = [page for page in pages if "too much at once" in page.detail]
    rows = [row["id_erp"] for page in pages for row in page.rows]
    assert split
    assert split[0].detail.format(**split[0].facts)
    assert len(rows) == len(set(rows)) == erpx.content.told["itens_pedido"].rows


async def test_the_first_day_stays_the_same_from_page_to_page(
    erpx: ErpxSandbox, http: GuardedHttp
) -> None:
    async with make_erpx(erpx, http, linhasPorPagina="100") as erp:
        first = await erp.read_page("itens_pedido", None)
    later = NOON.replace(year=2027)
    async with make_erpx(erpx, http, now=lambda: later, linhasPorPagina="100") as erp:
        await erp.read_page("itens_pedido", first.next_cursor)
        path = erp.take_exchanges()[-1].path

    assert "2024-11-21" in path


async def test_the_platform_counts_without_being_read(erpx: ErpxSandbox, http: GuardedHttp) -> None:
    async with make_erpx(erpx, http) as erp:
        told = await erp.tell_totals("pedido")
        paths = [each.path for each in erp.take_exchanges()]

    assert told == Totals(rows=erpx.content.told["pedido"].rows)
    assert "size=1" in paths[-1]


async def test_rows_marked_as_deleted_do_not_arrive(erpx: ErpxSandbox, http: GuardedHttp) -> None:
    deleted = {
        str(row["codPes"]) for row in erpx.content.entities["e001pes"] if row["excluido"] is True
    }
    async with make_erpx(erpx, http, rotaEmpresa=ROUTES["empresa"].path) as erp:
        rows = [row for page in await read_all(erp, "empresa") for row in page.rows]

    assert deleted
    assert not deleted & {row["id_erp"] for row in rows}


async def test_only_what_is_read_from_the_beginning_by_ids_is_a_snapshot(
    erpx: ErpxSandbox, http: GuardedHttp
) -> None:
    by_ids, by_pages = make_erpx(erpx, http), make_erpx(erpx, http, paginacao="pagina")

    assert by_ids.snapshots == {
        "empresa_propria",
        "filial",
        "vendedor",
        "fornecedor",
        "empresa",
        "contato",
    }
    assert by_pages.snapshots == frozenset()


async def test_429_says_how_long_to_wait_and_a_refused_filter_which_property_to_correct(
    erpx: ErpxSandbox, http: GuardedHttp
) -> None:
    erpx.fail_next("429", route="e070fil", seconds=17)
    async with make_erpx(erpx, http, rotaVendedor=f"{ROUTES['vendedor'].path}?filter=((") as erp:
        with pytest.raises(Transient) as throttled:
            await erp.read_page("filial", None)
        with pytest.raises(Terminal) as refused:
            await erp.read_page("vendedor", None)

    assert throttled.value.retry_after_seconds == 17
    assert refused.value.code == "erpx-query-refused"
    assert refused.value.facts["setting"] == "rotaVendedor"
    assert "Consulta inválida" in str(refused.value)


def listed(*ids: Any, total: int | None = 10) -> Listed:
    rows = [{"id": each} if isinstance(each, str) else each for each in ids]
    return Listed(rows=rows, total=total, pages=None)


BEGIN = Place(paging=Paging.IDS, since="2024-11-21", size=2)


@pytest.mark.parametrize(
    ("place", "answer", "code"),
    [
        (BEGIN, listed("b", "a"), "erpx-order-ignored"),
        (Place(paging=Paging.IDS, since="", size=2, after="b"), listed("b"), "erpx-order-ignored"),
        (BEGIN, listed("a", {}), "erpx-ids-missing"),
        (BEGIN, listed("a", 7), "erpx-ids-missing"),
        (BEGIN, listed("a' or '1' eq '1"), "erpx-ids-missing"),
        (BEGIN, listed(), "erp-page-unexpected"),
    ],
)
def test_an_answer_that_could_hide_rows_ends_the_walk(
    place: Place, answer: Listed, code: str
) -> None:
    with pytest.raises((Terminal, Transient)) as raised:
        place.following(answer, "/x")

    assert getattr(raised.value, "code", None) == code


def test_a_server_that_caps_pages_or_tells_no_total_is_read_to_its_end() -> None:
    capped = BEGIN.following(listed("a", total=3), "/x")
    untold = BEGIN.following(listed("a", "b", total=None), "/x")
    last = BEGIN.following(listed("a", total=1), "/x")
    empty = BEGIN.following(listed(total=None), "/x")

    assert capped is not None
    assert untold is not None
    assert (capped.after, untold.after, last, empty) == ("a", "b", None, None)
    assert Place.from_cursor(json.loads(json.dumps(capped.cursor()))) == capped
    assert capped.query("vlrAbe gt 0 or vctPro ge {inicio}")["filter"] == (
        "(vlrAbe gt 0 or vctPro ge 2024-11-21) and id gt 'a'"
    )


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"secret": ""}, "secret", "required"),
        ({"tenantName": None}, "tenantName", "required"),
        ({"acesso": "usuario"}, "username", "required"),
        ({"acesso": "biometria"}, "acesso", "not-offered"),
        ({"url": "http://erp.acme.com.br/"}, "url", "url-scheme"),
        ({"linhasPorPagina": "0"}, "linhasPorPagina", "number-out-of-range"),
        ({"linhasPorPagina": "9999999"}, "linhasPorPagina", "number-out-of-range"),
        ({"caminhoBase": "bridge/"}, "caminhoBase", "path-malformed"),
        ({"rotaPedido": "/a/../b"}, "rotaPedido", "route-malformed"),
        ({"rotaPedido": "/a?size=1&filter=x"}, "rotaPedido", "route-malformed"),
        ({"rotaPedido": "/a?filter=x ge {fim}"}, "rotaPedido", "route-malformed"),
        ({"fusoHorario": "Lua/Base"}, "fusoHorario", "time-zone-unknown"),
        ({"caCertificate": "nada"}, "caCertificate", "ca-certificate-malformed"),
        ({"tenantName": 7}, "tenantName", "wrong-type"),
        ({"ativo": "sim"}, "ativo", "wrong-type"),
    ],
)
def test_wrong_properties_are_named(changes: dict[str, Any], field: str, code: str) -> None:
    right = {"tenantName": "acme", "accessKey": "chave", "secret": "s"}
    assert settings.read_settings(right).routes.keys() == ROUTES.keys() - {"fornecedor"}

    with pytest.raises(InvalidInput) as refused:
        settings.read_settings(right | changes)

    assert (field, code) in [(each.field, each.code) for each in refused.value.errors]
