"""Good rows land, bad rows come back with their index, key and every reason."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sindico_provisioning.erp_tables import queries
from sindico_provisioning.erp_tables.errors import (
    MOST_REASONS,
    REASONS,
    BodyNotJson,
    PushOfTooManyRows,
)
from sindico_provisioning.erp_tables.examine import MAX_EXTRAS_BYTES, examine_row, parse_row
from sindico_provisioning.erp_tables.fields import Money, about
from sindico_provisioning.erp_tables.repeats import find_repeated, keep_repeats
from sindico_provisioning.erp_tables.rows import ErpRow
from sindico_provisioning.erp_tables.schemas import Checked, ErpTable, UnknownFields
from sindico_provisioning.erp_tables.service import check_json, check_ndjson, check_rows

EMPRESA = queries.get_table("empresa")
PEDIDO = queries.get_table("pedido")
NOTA = queries.get_table("nota")
CONTATO = queries.get_table("contato")
ITENS = queries.get_table("itens_pedido")


def check_as_rows(table: ErpTable, rows: list[Any], **options: Any) -> Checked:
    return check_rows(table, rows, **options)


def typed(checked: Checked) -> Checked:
    return replace(checked, rows=checked.type_rows())


def check_as_json(table: ErpTable, rows: list[Any], **options: Any) -> Checked:
    return typed(check_json(table, json.dumps(rows, default=str).encode(), **options))


def check_as_ndjson(table: ErpTable, rows: list[Any], **options: Any) -> Checked:
    lines = (json.dumps(row, default=str).encode() for row in rows)
    return typed(check_ndjson(table, b"\n".join(lines), **options))


every_way = pytest.mark.parametrize("check", [check_as_rows, check_as_json, check_as_ndjson])
Check = Callable[..., Checked]


def make_pedido(**fields: Any) -> dict[str, Any]:
    return {"id_erp": "1", **fields}


def codes(checked: Checked) -> list[tuple[str, str]]:
    return [(r.field, r.code) for rejection in checked.rejections for r in rejection.reasons]


BAD_VALUES = [
    (PEDIDO, "numero", 7, "not-text"),
    (PEDIDO, "numero", ["7"], "not-text"),
    (PEDIDO, "numero", "a\x00b", "nul-byte"),
    (PEDIDO, "numero", "a\ud800b", "lone-surrogate"),
    (PEDIDO, "numero", "a\udc00", "lone-surrogate"),
    (PEDIDO, "numero", "9" * 61, "too-long"),
    (PEDIDO, "id_erp", " 1", "surrounding-space"),
    (PEDIDO, "id_erp", "", "required"),
    (PEDIDO, "id_erp", None, "required"),
    (PEDIDO, "id_erp", 1, "not-text"),
    (PEDIDO, "valor_total", "1.234,56", "number-malformed"),
    (PEDIDO, "valor_total", "dez", "number-malformed"),
    (PEDIDO, "valor_total", True, "not-a-number"),
    (PEDIDO, "valor_total", "1e400", "number-out-of-range"),
    (PEDIDO, "valor_total", "-1E+999999999", "number-out-of-range"),
    (PEDIDO, "valor_total", Decimal("1E+1000000"), "number-out-of-range"),
    (PEDIDO, "valor_total", "NaN", "number-out-of-range"),
    (PEDIDO, "valor_total", "-Infinity", "number-out-of-range"),
    (PEDIDO, "valor_total", 10**13, "number-out-of-range"),
    (PEDIDO, "valor_total", 10.005, "too-many-decimals"),
    (ITENS, "sequencia", -1, "number-out-of-range"),
    (ITENS, "sequencia", 2**31, "number-out-of-range"),
    (ITENS, "sequencia", 1.5, "too-many-decimals"),
    (ITENS, "sequencia", "1", "not-a-whole-number"),
    (PEDIDO, "data_emissao", "0000-01-01", "year-out-of-range"),
    (PEDIDO, "data_emissao", "0202-01-01", "year-out-of-range"),
    (PEDIDO, "data_emissao", "2026-02-30", "date-malformed"),
    (PEDIDO, "data_emissao", "21/11/2026", "date-malformed"),
    (PEDIDO, "data_emissao", 20261121, "not-a-date"),
    (PEDIDO, "atualizado_em", "2026-11-21T10:00:00", "zone-missing"),
    (PEDIDO, "atualizado_em", "21/11/2026 10:00", "instant-malformed"),
    (PEDIDO, "atualizado_em", "0000-01-01T00:00:00Z", "year-out-of-range"),
    (PEDIDO, "atualizado_em", "1601-01-01T00:00:00Z", "year-out-of-range"),
    (PEDIDO, "atualizado_em", 1700000000, "not-an-instant"),
    (EMPRESA, "cnpj", "11222333000182", "cnpj-check-digits"),
    (EMPRESA, "cnpj", "00000000006924", "cnpj-check-digits"),
    (EMPRESA, "cnpj", "1122233300018", "cnpj-length"),
    (EMPRESA, "cnpj", "00000000000000", "cnpj-zeros"),
    (EMPRESA, "cep", "8901002", "cep-format"),
    (EMPRESA, "uf", "XX", "uf-unknown"),
    (EMPRESA, "codigo_ibge", "42024", "ibge-shape"),
    (EMPRESA, "ativo", "S", "not-a-boolean"),
    (EMPRESA, "razao_social", None, "required"),
    (CONTATO, "cpf", "52998224724", "cpf-check-digits"),
    (CONTATO, "cpf", "1-6924", "cpf-length"),
    (NOTA, "chave_acesso", "4" * 43, "nfe-key-length"),
    (NOTA, "chave_acesso", "42261112ABC34501DE35550010000102771482130959", "nfe-key-check-digit"),
    (queries.get_table("fornecedor"), "cnpj_cpf", "52998224724", "cpf-check-digits"),
    (queries.get_table("fornecedor"), "cnpj_cpf", "11222333000182", "cnpj-check-digits"),
    (queries.get_table("fornecedor"), "cnpj_cpf", "123", "cnpj-length"),
]


@every_way
@pytest.mark.parametrize(("table", "field", "value", "code"), BAD_VALUES)
def test_each_bad_value_has_its_own_code_and_costs_only_its_row(
    check: Check, table: ErpTable, field: str, value: Any, code: str
) -> None:
    good = queries.build_example(table)
    bad = {**good, "id_erp": "2", field: value}

    checked = check(table, [good, bad, {**good, "id_erp": "3"}])

    assert codes(checked) == [(field, code)]
    assert checked.rejections[0].index == 1
    assert [row[0] for row in checked.rows] == [good["id_erp"], "3"]
    assert checked.received == 3
    assert checked.rejections[0].reasons[0].text()


GOOD_VALUES = [
    (EMPRESA, "cnpj", "12.abc.345/01de-35", "12ABC34501DE35"),
    (EMPRESA, "cnpj", " ", None),
    (EMPRESA, "cep", "89010-025", "89010025"),
    (EMPRESA, "uf", "sc", "SC"),
    (EMPRESA, "ativo", None, True),
    (EMPRESA, "vendedor_id", "  ", None),
    (CONTATO, "cpf", "529.982.247-25", "52998224725"),
    (PEDIDO, "valor_total", "1234.50", Decimal("1234.50")),
    (PEDIDO, "valor_total", 1e2, Decimal(100)),
    (PEDIDO, "valor_total", 0.1 + 0.2, Decimal("0.30")),
    (PEDIDO, "valor_total", "1234.560000", Decimal("1234.56")),
    (PEDIDO, "valor_total", "", None),
    (PEDIDO, "valor_total", -12.5, Decimal("-12.5")),
    (PEDIDO, "data_emissao", "", None),
    (PEDIDO, "data_emissao", "2026-11-21", date(2026, 11, 21)),
    (PEDIDO, "numero", "é 😀", "é 😀"),
    (ITENS, "quantidade", "0.000001", Decimal("0.000001")),
    (ITENS, "valor_unitario", "0.0000000001", Decimal("1E-10")),
    (ITENS, "sequencia", 3.0, 3),
    (
        PEDIDO,
        "atualizado_em",
        "2026-11-21T10:00:00.123456-03:00",
        datetime(2026, 11, 21, 13, 0, 0, 123456, UTC),
    ),
]


@every_way
@pytest.mark.parametrize(("table", "field", "value", "stored"), GOOD_VALUES)
def test_what_may_be_mended_is_stored_clean(
    check: Check, table: ErpTable, field: str, value: Any, stored: Any
) -> None:
    checked = check(table, [{**queries.build_example(table), field: value}])

    assert checked.rejections == []
    row = dict(zip(queries.list_copy_columns(table), checked.rows[0], strict=True))
    assert row[field] == stored
    assert type(row[field]) is type(stored)


def test_values_as_a_database_driver_gives_them_are_taken() -> None:
    instant = datetime(2026, 11, 21, 10, tzinfo=UTC)

    checked = check_rows(
        PEDIDO,
        [make_pedido(data_emissao=datetime(2026, 11, 21), atualizado_em=instant)],  # noqa: DTZ001 (Oracle's DATE has no zone)
    )

    row = dict(zip(queries.list_copy_columns(PEDIDO), checked.rows[0], strict=True))
    assert row["data_emissao"] == date(2026, 11, 21)
    assert row["atualizado_em"] == instant


@every_way
def test_a_row_names_everything_that_is_wrong_with_it(check: Check) -> None:
    row = {"id_erp": "9", "cnpj": "1", "cep": "2", "razao_social": "", "cidade": "Itajaí"}

    checked = check(EMPRESA, [{**row, "razao_social": None}])

    assert sorted(codes(checked)) == [
        ("cep", "cep-format"),
        ("cidade", "unknown-field"),
        ("cnpj", "cnpj-length"),
        ("razao_social", "required"),
    ]
    assert checked.rejections[0].id_erp == "9"
    assert checked.rejections[0].raw["cidade"] == "Itajaí"


@every_way
def test_a_key_twice_in_one_batch_rejects_both(check: Check) -> None:
    rows = [make_pedido(), make_pedido(id_erp="2"), make_pedido(numero=5)]

    checked = check(PEDIDO, rows)

    assert [row[0] for row in checked.rows] == ["2"]
    assert [(r.index, r.id_erp) for r in checked.rejections] == [(0, "1"), (2, "1")]
    assert codes(checked) == [
        ("id_erp", "duplicate-key"),
        ("numero", "not-text"),
        ("id_erp", "duplicate-key"),
    ]


@every_way
def test_unknown_fields_can_be_kept(check: Check) -> None:
    row = make_pedido(canal="web", obs={"a": [1, "ç"]})

    checked = check(PEDIDO, [row], unknown=UnknownFields.KEEP)

    assert checked.rejections == []
    assert json.loads(checked.rows[0][-1]) == {"canal": "web", "obs": {"a": [1, "ç"]}}


@every_way
@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("a\x00", "nul-byte"),
        ("\ud800", "lone-surrogate"),
        ("x" * MAX_EXTRAS_BYTES, "extras-too-large"),
    ],
)
def test_kept_fields_must_be_storable(check: Check, value: str, code: str) -> None:
    checked = check(PEDIDO, [make_pedido(canal=value)], unknown=UnknownFields.KEEP)

    assert codes(checked) == [("canal", code)]


def test_kept_values_that_json_does_not_know_are_refused() -> None:
    checked = check_rows(PEDIDO, [make_pedido(canal=object())], unknown=UnknownFields.KEEP)

    assert codes(checked) == [("canal", "extras-not-json")]


@every_way
@pytest.mark.parametrize("row", [None, 5, "x", [1]])
def test_a_row_that_is_no_object_is_rejected(check: Check, row: Any) -> None:
    checked = check(PEDIDO, [make_pedido(), row])

    assert codes(checked) == [("", "not-an-object")]
    assert len(checked.rows) == 1


@every_way
def test_an_empty_batch_is_no_fault(check: Check) -> None:
    checked = check(PEDIDO, [])

    assert (checked.received, checked.rows, checked.rejections) == (0, [], [])


@every_way
def test_indexes_count_from_where_the_chunk_begins(check: Check) -> None:
    checked = check(PEDIDO, [make_pedido(), make_pedido(id_erp="")], first_index=1000)

    assert [rejection.index for rejection in checked.rejections] == [1001]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"{}", b"[{]", b'[{"id_erp":"1"}', b"\xff\xfe", b"[" * 100_000, b"[1}"]
)
def test_a_body_that_is_no_array_is_refused_whole(body: bytes) -> None:
    with pytest.raises(BodyNotJson):
        check_json(PEDIDO, body)


def test_half_a_surrogate_pair_in_the_text_costs_only_its_row() -> None:
    body = rb'[{"id_erp":"1"},{"id_erp":"2","numero":"\ud800"},{"id_erp":"3"}]'

    checked = check_json(PEDIDO, body)

    assert codes(checked) == [("numero", "lone-surrogate")]
    assert [row[0] for row in checked.rows] == ["1", "3"]


def test_number_too_great_for_a_float_costs_only_its_row() -> None:
    checked = check_json(PEDIDO, b'[{"id_erp":"1"},{"id_erp":"2","valor_total":1e400}]')

    assert codes(checked) == [("valor_total", "number-out-of-range")]


def test_bytes_that_are_no_utf8_cost_only_their_row() -> None:
    checked = check_json(PEDIDO, b'[{"id_erp":"1"},{"id_erp":"2","numero":"\xe7"}]')

    assert codes(checked) == [("", "row-not-utf8")]
    assert "2" in checked.rejections[0].raw


def test_a_line_that_is_no_json_costs_only_its_line() -> None:
    body = b'{"id_erp":"1"}\n\n{"id_erp":\n{"id_erp":"3"}\r\n{"id_erp":"4"},{"id_erp":"5"}\nNaN'

    checked = check_ndjson(PEDIDO, body)

    assert [row[0] for row in checked.rows] == ["1", "3"]
    assert [(r.index, r.reasons[0].code) for r in checked.rejections] == [
        (1, "row-not-json"),
        (3, "row-not-json"),
        (4, "row-not-json"),
    ]


@pytest.mark.parametrize(
    "body",
    [
        b'{"id_erp":"1","numero":"x\ny"},{"id_erp":"2"}\n{"id_erp":"3"}',
        b'{"id_erp":"1"\n"numero":"y"},{"id_erp":"2"}\n{"id_erp":"3"}',
        b'{"id_erp":\n"1"},{"id_erp":"2"}\n{"id_erp":"3"}',
        b'{"id_erp":"1","valor_total":[\n{"a":1}]}\n{"id_erp":"2"}{"id_erp":"4"}\n{"id_erp":"3"}',
    ],
    ids=["in-a-text", "at-a-comma", "at-a-colon", "in-a-number"],
)
def test_two_lines_do_not_make_one_row(body: bytes) -> None:
    """Not even where another line, which holds two, makes up for it."""
    checked = check_ndjson(PEDIDO, body)

    assert [row[0] for row in checked.rows] == ["3"]
    assert set(codes(checked)) == {("", "row-not-json")}
    assert checked.received == body.count(b"\n") + 1


@pytest.mark.parametrize("end", ["\n\n", "\r\n \r\n\r\n", "\n\t"])
def test_blank_lines_and_indented_rows_are_read_at_once(
    end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row by row it takes half as long again."""
    monkeypatch.setattr("sindico_provisioning.erp_tables.service._check_pieces", None)
    rows = [f'{{"id_erp":"{number}"}}' for number in range(3)]

    checked = check_ndjson(PEDIDO, (end + end.join(rows) + end).encode())

    assert [row[0] for row in checked.rows] == ["0", "1", "2"]
    assert (checked.received, checked.rejections) == (3, [])


def test_blank_lines_do_not_count_in_the_place_of_a_row() -> None:
    body = b'\n{"id_erp":"1"}\n\n{"id_erp":\n\n{"id_erp":"3"}\n\n'

    checked = check_ndjson(PEDIDO, body, first_index=7)

    assert [row[0] for row in checked.rows] == ["1", "3"]
    assert [(item.index, item.raw) for item in checked.rejections] == [(8, '{"id_erp":')]


REPEATING = [
    ('{"id_erp":"2","numero":"A","numero":"B"}', {"numero"}),
    ('{"id_erp":"2","numero":"A","numero":"A"}', {"numero"}),
    ('{"id_erp":"2","numero":"A","numero":null}', {"numero"}),
    ('{"id_erp":"2","id_erp":"3"}', {"id_erp"}),
    ('{"id_erp" : "2", "numero" :"A", "numero"\t:"B"}', {"numero"}),
    ('{"id_erp":"2","numero"  :"A","situacao":"B","situacao":"C"}', {"situacao"}),
    ('{"id_erp":"2","numero"\t :"A","situacao":"B","situacao":"C"}', {"situacao"}),
    ('{"id_erp":"2","numero":"A","n\\u0075mero":"B"}', {"numero"}),
    ('{"id_erp":"2","numero":"\\":\\":null","numero":"B\\\\"}', {"numero"}),
    ('{"id_erp":"2","numero":"A","numero":"B","situacao":null}', {"numero"}),
    (
        '{"id_erp":"2","numero":1,"numero":"B","valor_total":1,"valor_total":2}',
        {"numero", "valor_total"},
    ),
    ('{"id_erp":"2","numero":"A","numero":"\\ud800"}', {"numero"}),
    ('{"id_erp":"2","canal":{"a":1,"a":2}}', {"a"}),
]
CLEAN = [
    '{"id_erp":"4","numero":null,"situacao":":null","numero":"B"}',
    '{"id_erp" :"5","situacao" : "x:\\":null,\\"numero\\":"}',
    '{"id_erp":"6","numero":"\\"numero\\":\\"A\\"","valor_total":null}',
    '{"id_erp": "7", "numero":  null, "situacao": null, "valor_total": 1.5}',
]


@pytest.mark.parametrize("form", ["json", "ndjson"])
@pytest.mark.parametrize("others", [False, True], ids=["all typed", "some not"])
@pytest.mark.parametrize(("row", "names"), REPEATING)
def test_a_field_named_twice_rejects_its_row_and_no_other(
    row: str, names: set[str], form: str, *, others: bool
) -> None:
    """Whatever stands around it, and however it is written."""
    clean = [*CLEAN, *(['{"id_erp":"8","valor_total":"1.5"}'] if others else [])]
    rows = [clean[0], row, *clean[1:]]
    body = "\n".join(rows) if form == "ndjson" else f"[{', '.join(rows)}]"

    checked = (check_json if form == "json" else check_ndjson)(PEDIDO, body.encode())

    (rejected,) = checked.rejections
    assert (rejected.index, checked.received) == (1, len(rows))
    assert len(checked.rows) == len(rows) - 1
    told = {fault.field for fault in rejected.reasons if fault.code == "field-repeated"}
    assert told == names


@pytest.mark.parametrize("style", [{"separators": (",", ":")}, {}, {"indent": 2}], ids=str)
def test_rows_as_programs_write_them_are_counted_and_not_read_again(
    style: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        queries.build_example(EMPRESA) | {"id_erp": f"{n}", "uf": None, "bairro": '"a":null'}
        for n in range(3)
    ]
    monkeypatch.setattr("sindico_provisioning.erp_tables.service.find_repeated", None)

    assert len(check_json(EMPRESA, json.dumps(rows, **style).encode()).rows) == 3


@pytest.mark.parametrize("field", ["valor_total", "sequencia"])
def test_a_number_of_thousands_of_digits_is_out_of_range(field: str) -> None:
    body = f'{{"id_erp":"1","pedido_id":"1","{field}":{"9" * 5_000}}}'

    checked = check_ndjson(ITENS, body.encode())

    assert codes(checked) == [(field, "number-out-of-range")]


@pytest.mark.parametrize("text", ["null", 'Chave 3/4"', "C:\\temp", "Açaí"])
def test_no_text_has_its_page_read_row_by_row(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sindico_provisioning.erp_tables.service.find_repeated", None)
    rows = [queries.build_example(EMPRESA) | {"id_erp": f"{n}", "bairro": text} for n in range(3)]

    for way in (check_as_json, check_as_ndjson):
        assert len(way(EMPRESA, rows).rows) == 3


def test_an_escaped_quotation_mark_does_not_hide_a_name() -> None:
    quoted = '{"id_erp":"1","numero":"3/4\\u0022"}'
    twice = '{"id_erp":"2","valor_total":1,"valor_total":2}'

    checked = check_ndjson(PEDIDO, f"{quoted}\n{twice}".encode())

    assert codes(checked) == [("valor_total", "field-repeated")]
    assert [row[0] for row in checked.rows] == ["1"]


@pytest.mark.parametrize("value", ['{"a":null}', '{"a": null}', '[{"a":null},null]'])
def test_an_object_in_place_of_a_number_does_not_hide_a_name(value: str) -> None:
    odd = f'{{"id_erp":"1","valor_total":{value}}}'
    twice = '{"id_erp":"2","valor_total":1,"valor_total":2}'

    checked = check_ndjson(PEDIDO, f"{odd}\n{twice}".encode())

    assert checked.rows == []
    assert codes(checked) == [("valor_total", "not-a-number"), ("valor_total", "field-repeated")]


def test_a_number_of_thousands_of_digits_does_not_hide_a_name() -> None:
    row = f'{{"id_erp":"1","valor_total":1,"valor_total":2,"x":{"9" * 5_000}}}'

    checked = check_ndjson(PEDIDO, row.encode(), unknown=UnknownFields.KEEP)

    assert codes(checked) == [("valor_total", "field-repeated")]


class Priced(ErpRow, kw_only=True):
    preco: Annotated[Money, about("Preço", "Preço.", 1)]


def test_a_number_that_every_row_must_have_does_not_hide_its_name() -> None:
    """No table has one yet; unlike the others it is read as a decimal at once."""
    table = ErpTable(name="priced", label="", description="", row=Priced)

    checked = check_ndjson(table, b'{"id_erp":"1","preco":1,"preco":2}')

    assert codes(checked) == [("preco", "field-repeated")]


def test_a_row_that_goes_over_two_lines_is_none_of_either() -> None:
    """Though a line with two rows makes up for it, and every line begins as a row does."""
    lines = ['{"id_erp":"1"}{"id_erp":"2"}', '{"id_erp":"3","valor_total":', '{"a":1}}']

    checked = check_ndjson(PEDIDO, "\n".join(lines).encode())

    assert codes(checked) == [("", "row-not-json")] * 3


def test_a_field_with_a_default_is_named_once_or_not_at_all() -> None:
    """A row that leaves it out must not hide another that names it twice."""
    plain = '{"id_erp":"1","razao_social":"A"}'
    twice = '{"id_erp":"2","razao_social":"B","ativo":false,"ativo":true}'
    given = '{"id_erp":"3","razao_social":"C","ativo":null}'

    checked = check_ndjson(EMPRESA, f"{plain}\n{twice}\n{given}".encode())

    ativo = [column.name for column in EMPRESA.columns].index("ativo")
    assert codes(checked) == [("ativo", "field-repeated")]
    assert [(row[0], row[ativo]) for row in checked.rows] == [("1", True), ("3", True)]


@every_way
def test_a_row_is_told_of_so_many_fields_and_how_many_more_are_wrong(check: Check) -> None:
    """Else a megabyte of names becomes a hundred of reasons."""
    checked = check(PEDIDO, [make_pedido(numero=7, **{f"x{n}": n for n in range(1_000)})])

    told = codes(checked)
    assert told[0] == ("numero", "not-text")
    assert told[1:-1] == [(f"x{n}", "unknown-field") for n in range(MOST_REASONS)]
    assert dict(checked.rejections[0].reasons[-1].facts) == {"count": 1_000 - MOST_REASONS}


def test_a_row_is_told_of_so_many_fields_that_it_names_twice() -> None:
    pairs = ",".join(f'"{n}":1,"{n}":2' for n in range(1_000))

    checked = check_json(PEDIDO, f'[{{"id_erp":"1","canal":{{{pairs}}}}}]'.encode())

    assert codes(checked)[1:] == [
        *((f"{n}", "field-repeated") for n in range(MOST_REASONS)),
        ("", "more-reasons"),
    ]


def test_names_are_found_at_any_depth_in_their_order() -> None:
    """By steps that do not grow with the depth: a row may hold many names, all deep inside."""
    row: Any = keep_repeats([("c", [keep_repeats([("a", 1), ("a", 2)])]), ("b", 1), ("b", 2)])
    for _ in range(5_000):
        row = [{"x": row}]

    assert find_repeated(row) == ["b", "a"]


def test_unknown_fields_that_are_too_many_to_keep_are_not_all_named() -> None:
    row = make_pedido(**{f"{n:x>60}": 1 for n in range(1_000)})

    checked = check_rows(PEDIDO, [row], unknown=UnknownFields.KEEP)

    [(field, code)] = codes(checked)
    assert (len(field.split(", ")), code) == (MOST_REASONS, "extras-too-large")


@pytest.mark.parametrize(
    ("check", "body"), [(check_json, b"[1,1,1,1]"), (check_ndjson, b"1\n1\n\n1\n1")]
)
def test_rows_beyond_the_limit_are_counted_and_not_looked_at(
    check: Check, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert check(PEDIDO, body, first_index=6, most_rows=10).received == 4

    monkeypatch.setattr("sindico_provisioning.erp_tables.service.examine_row", None)
    with pytest.raises(PushOfTooManyRows):
        check(PEDIDO, body, first_index=7, most_rows=10)


def test_every_reason_has_a_case_here() -> None:
    proven = {code for _, _, _, code in BAD_VALUES} | {
        "unknown-field",
        "extras-too-large",
        "extras-not-json",
        "not-an-object",
        "row-not-json",
        "row-not-utf8",
        "duplicate-key",
        "field-repeated",
        "more-reasons",
    }

    assert proven >= set(REASONS)


anything = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False, allow_infinity=False),
    st.decimals(allow_nan=True),
    st.text("aZ 09.-/:é😀\x00\ud800", max_size=70),
    st.sampled_from(["12.ABC.345/01DE-35", "11222333000181", "89010025", "SC", "sc", "2026-02-30"]),
    st.dates().map(str),
    st.datetimes(timezones=st.just(UTC)).map(lambda instant: instant.isoformat()),
    st.lists(st.integers(), max_size=2),
)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_the_fast_way_judges_as_the_exact_way(data: st.DataObject) -> None:
    table = data.draw(st.sampled_from(list(queries.TABLES.values())))
    example = queries.build_example(table)
    changed = data.draw(st.dictionaries(st.sampled_from(sorted(example)), anything, max_size=3))
    row = {**example, **changed}

    fast = check_rows(table, [row])
    exact = examine_row(table, row, UnknownFields.REJECT)

    if isinstance(exact, list):
        assert fast.rejections[0].reasons == tuple(exact)
    else:
        assert fast.rows == [exact]


written = st.sampled_from(
    ["1", "-0", "00.5", "+1", ".5", "1.", "1e2", "1E-1", "1_0", "١٢", " 1", "1,5", "", "-", "0.125"]
)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_json_is_judged_as_its_rows_are_one_by_one(data: st.DataObject) -> None:
    """Though numbers that are right as they stand are not read."""
    table = data.draw(st.sampled_from(list(queries.TABLES.values())))
    example = queries.build_example(table)
    names = st.sampled_from(sorted(example))
    changed = data.draw(st.dictionaries(names, st.one_of(anything, written), max_size=3))
    body = json.dumps({**example, **changed}, default=str).encode()

    exact = examine_row(table, parse_row(body), UnknownFields.REJECT)

    for checked in (check_json(table, b"[" + body + b"]"), check_ndjson(table, body)):
        if isinstance(exact, list):
            assert checked.rejections[0].reasons == tuple(exact)
        else:
            assert checked.type_rows() == [exact]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(["id_erp", "numero", "x"]), anything), max_size=5))
def test_every_row_is_either_taken_or_rejected(rows: list[dict[str, Any]]) -> None:
    checked = check_rows(PEDIDO, rows)

    assert checked.received == len(rows)
    assert len(checked.rows) + len(checked.rejections) == len(rows)
    msgspec.json.encode([reason.text() for r in checked.rejections for reason in r.reasons])
