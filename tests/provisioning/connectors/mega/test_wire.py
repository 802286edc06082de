from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sindico_platform.errors import Terminal, Transient
from sindico_provisioning.connectors.answers import MAX_VALUES
from sindico_provisioning.connectors.mega.connector import parse_page
from sindico_provisioning.connectors.mega.schemas import ROUTES
from sindico_provisioning.connectors.mega.wire import FIELDS, turn_rows
from sindico_provisioning.connectors.turning import turn_instants
from sindico_provisioning.erp_tables.queries import TABLES

ZONE = ZoneInfo("America/Sao_Paulo")
BILL = {
    "Filial": {"Id": 2},
    "Agente": {"Codigo": 6924, "Nome": None, "Cnpj": None},
    "NumeroAP": 771,
    "TipoDocumento": "NF",
    "NumeroDocumento": "10277",
    "NumeroParcela": "1/3",
    "DataVencimento": "03/12/2026",
    "DataProrrogado": "03/12/2026",
    "ValorParcela": Decimal("1403.58"),
    "SaldoAtual": Decimal("1403.58"),
}


def turn(table: str, row: dict[str, Any]) -> dict[str, Any]:
    turned: dict[str, Any] = turn_rows(table, [row], ZONE)[0]
    return turned


def lower(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {name[0].lower() + name[1:]: lower(part) for name, part in value.items()}


def test_every_table_has_a_route_and_only_fields_it_knows() -> None:
    assert set(FIELDS) == set(ROUTES) == set(TABLES)
    for name, fields in FIELDS.items():
        assert set(fields) <= set(TABLES[name].row.__struct_fields__), name


def test_a_bill_is_turned_in_either_case() -> None:
    expected = {
        "id_erp": "2-NF-771-1/3",
        "cod_filial": "2",
        "numero": "10277",
        "parcela": "1/3",
        "empresa_id": "6924",
        "contato_id": None,
        "data_vencimento": "2026-12-03",
        "data_prorrogada": None,
        "valor": Decimal("1403.58"),
        "saldo": Decimal("1403.58"),
        "situacao": "Aberta",
    }

    assert turn("fatura", BILL) == expected
    assert turn("fatura", lower(BILL)) == expected
    assert turn_rows("fatura", [BILL, lower(BILL), 5], ZONE) == [expected, expected, 5]


@pytest.mark.parametrize("balance", [0, Decimal("0.00")])
def test_a_bill_without_balance_is_paid(balance: Any) -> None:
    assert turn("fatura", {**BILL, "SaldoAtual": balance})["situacao"] == "Paga"


def test_a_postponed_bill_keeps_its_new_date() -> None:
    row = turn("fatura", {**BILL, "DataProrrogado": "10/12/2026"})

    assert row["data_prorrogada"] == "2026-12-10"


def test_a_customer_with_a_cpf_is_a_person() -> None:
    row = turn("fatura", {**BILL, "Agente": {"Codigo": 55, "Cnpj": "52998224725"}})

    assert (row["empresa_id"], row["contato_id"]) == (None, "55")


def test_a_key_with_a_missing_part_is_no_key() -> None:
    assert turn("fatura", {**BILL, "NumeroParcela": None})["id_erp"] is None
    assert turn("fatura", {**BILL, "Filial": None})["id_erp"] is None


@pytest.mark.parametrize(
    ("cnpj", "taken"),
    [
        ("11222333000181", "11222333000181"),
        ("00000000006924", None),
        ("6924", None),
        ("11222333000182", "11222333000182"),
        (None, None),
    ],
)
def test_a_padded_code_is_no_cnpj(cnpj: str | None, taken: str | None) -> None:
    assert turn("empresa", {"codigoSistema": 6924, "cnpj": cnpj})["cnpj"] == taken


def test_persons_are_left_out_of_the_companies() -> None:
    rows = [{"codigoSistema": 1, "tipoPessoa": "J"}, {"codigoSistema": 2, "tipoPessoa": "F"}]

    assert [row["id_erp"] for row in turn_rows("empresa", rows, ZONE)] == ["1"]


def test_phones_are_told_apart_by_their_kind() -> None:
    phones = [
        {"numero": "47 33261234", "tipo": "Comercial"},
        {"numero": "47 991", "tipo": "Celular"},
    ]

    row = turn("contato", {"codigo": "C1", "telefone": phones})

    assert (row["telefone"], row["celular"]) == ("47 33261234", "47 991")
    assert turn("vendedor", {"codigo": 1, "telefone": " 47 1 "})["telefone"] == "47 1"


@pytest.mark.parametrize(
    ("value", "turned"),
    [
        ("21/11/2026 10:05:09", "2026-11-21T10:05:09-03:00"),
        ("15/01/2019 10:00:00", "2019-01-15T10:00:00-02:00"),
        ("21/11/2026", "2026-11-21T00:00:00-03:00"),
        ("2026-11-21T10:05:09", "2026-11-21T10:05:09-03:00"),
        ("2026-11-21T10:05:09.1234567", "2026-11-21T10:05:09.1234567-03:00"),
        ("2026-11-21T10:05:09Z", "2026-11-21T10:05:09Z"),
        ("2026-11-21T10:05:09-04:00", "2026-11-21T10:05:09-04:00"),
        ("01/01/0001 00:00:00", None),
        ("0001-01-01T00:00:00", None),
        ("31/02/2026 10:00:00", "2026-02-31T10:00:00"),
        (None, None),
        (5, 5),
    ],
)
def test_instants_get_the_zone_of_the_erp(value: Any, turned: Any) -> None:
    assert turn_instants([value], ZONE) == [turned]


def test_codes_come_as_text_whatever_they_were() -> None:
    codes = [6924, "6924 ", Decimal("6924.0"), Decimal("1.5"), "", None, True]

    rows = turn_rows("vendedor", [{"codigo": code} for code in codes], ZONE)

    assert [row["id_erp"] for row in rows] == ["6924", "6924", "6924", "1.5", None, None, True]


def test_numbers_of_a_page_stay_exact() -> None:
    assert parse_page(b'[{"ValorParcela": 0.1000000000000000055}]', "/x") == [
        {"ValorParcela": Decimal("0.1000000000000000055")}
    ]


def test_half_a_surrogate_pair_does_not_cost_the_page() -> None:
    assert parse_page(rb'[{"a":"\ud800"}, {"a":"b"}]', "/x") == [{"a": "\ud800"}, {"a": "b"}]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'[{"a":1},', "erp-page-malformed"),
        (b"[\xff]", "erp-page-malformed"),
        (b"[" * 100_000, "erp-page-malformed"),
        (b'{"message":"erro"}', "erp-page-unexpected"),
    ],
)
def test_a_broken_page_says_how(body: bytes, code: str) -> None:
    with pytest.raises(Transient) as raised:
        parse_page(body, "/x")

    assert raised.value.code == code


@pytest.mark.parametrize("value", [b"{}", b"[]", b"0"])
def test_a_page_of_values_without_end_is_not_taken_in(value: bytes) -> None:
    body = b"[" + b",".join([value] * (MAX_VALUES + 1)) + b"]"

    with pytest.raises(Terminal) as raised:
        parse_page(body, "/x")

    assert raised.value.code == "erp-page-too-large"
