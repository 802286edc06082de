"""ERPX's rows become ours."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sindico_provisioning.connectors.erpx.wire import FIELDS, Way, turn_rows
from sindico_provisioning.erp_tables.queries import TABLES

WAY = Way(zone=ZoneInfo("America/Sao_Paulo"))
COMMA = Way(zone=WAY.zone, decimal_comma=True)


def test_every_field_read_is_one_of_the_definition() -> None:
    for table, fields in FIELDS.items():
        known = {field.name for field in TABLES[table].fields}
        required = {field.name for field in TABLES[table].fields if field.required}
        assert required <= fields.keys() <= known, table


def turn(table: str, row: Any, way: Way = WAY) -> Any:
    (turned,) = turn_rows(table, [row], way)
    return turned


def test_codes_stand_beside_or_in_what_they_refer_to() -> None:
    nested = turn("pedido", {"e070emp": {"codEmp": 1}, "e070fil": {"codFil": 2}, "numPed": 7})
    flat = turn("pedido", {"codEmp": 1, "codFil": 2, "numPed": 7})

    assert nested == flat
    assert (flat["id_erp"], flat["cod_filial"]) == ("1-2-7", "1-2")
    assert turn("pedido", {"codFil": 2, "numPed": 7})["id_erp"] is None


@pytest.mark.parametrize(
    ("sort", "field"),
    [("VF", "contato_id"), ("F", "contato_id"), ("VJ", "empresa_id"), (None, "empresa_id")],
)
def test_a_buyer_is_a_person_or_a_company(sort: str | None, field: str) -> None:
    row = turn("pedido", {"e001pescli": {"codPes": 7, "tipPes": sort}})

    assert {name for name in ("contato_id", "empresa_id") if row[name] == "7"} == {field}


def test_persons_of_the_other_sort_and_deleted_ones_are_left_out() -> None:
    rows = [{"tipPes": "VF"}, {"tipPes": "VJ"}, {"tipPes": "VJ", "excluido": True}, {}, 7]

    assert len(turn_rows("empresa", rows, WAY)) == 3
    assert len(turn_rows("contato", rows, WAY)) == 3
    assert turn_rows("empresa", rows, WAY)[-1] == 7


def test_texts_are_turned_as_the_site_writes_them() -> None:
    bill = {
        "vctOri": "05/12/2026",
        "vctPro": "2026-12-10",
        "vlrOri": "350,20",
        "vlrAbe": 0,
        "lastModifiedDate": "2019-01-15T10:00:00",
    }
    row = turn("fatura", bill, COMMA)

    assert (row["data_vencimento"], row["data_prorrogada"]) == ("2026-12-05", "2026-12-10")
    assert (row["valor"], row["situacao"]) == ("350.20", "Paga")
    assert turn("fatura", bill)["valor"] == "350,20"
    assert row["atualizado_em"] == "2019-01-15T10:00:00-02:00"


def test_states_and_the_head_office_are_told() -> None:
    assert turn("empresa", {"sitPes": "VA"})["ativo"] is True
    assert turn("empresa", {"sitPes": "I"})["ativo"] is False
    assert turn("empresa", {})["ativo"] is None
    assert turn("filial", {"numCgc": "12ABC34500019X"})["matriz"] is True
    assert turn("filial", {"numCgc": "12ABC345000269"})["matriz"] is False
