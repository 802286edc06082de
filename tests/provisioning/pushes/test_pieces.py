"""A body is cut between its rows, whatever stands inside them."""

import json
from typing import Any

import pytest

from sindico_provisioning.erp_tables.errors import BodyNotJson
from sindico_provisioning.erp_tables.queries import get_table
from sindico_provisioning.erp_tables.schemas import UnknownFields
from sindico_provisioning.exchanges.models import BodyFormat
from sindico_provisioning.pushes.pieces import Cut, cut_body

PIECE, PART = 32 * 1024, 4 * 1024
OBJECTS = [{"n": n} for n in range(100)]


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sindico_provisioning.pushes.pieces.PIECE_BYTES", PIECE)
    monkeypatch.setattr("sindico_provisioning.pushes.pieces.MAX_ROW_BYTES", 2 * PIECE)


def cut(body: bytes) -> list[Cut]:
    parts = (body[at : at + PART] for at in range(0, len(body), PART))
    return list(
        cut_body(
            parts,
            table=get_table("pedido"),
            form=BodyFormat.JSON,
            unknown=UnknownFields.KEEP,
        )
    )


@pytest.mark.parametrize(
    "value",
    [
        OBJECTS,
        [[OBJECTS]],
        json.dumps(OBJECTS),
        'a "quoted", {' * 20,
        "{" * 1000,
        "\\" * 99 + '"},{',
    ],
    ids=["objects", "lists", "json", "quoted", "open", "backslashes"],
)
def test_many_objects_inside_a_row_are_no_borders(value: Any) -> None:
    rows = [{"id_erp": f"{n}", "itens": value} for n in range(200)]

    cuts = cut(json.dumps(rows).encode())

    assert len(cuts) > 1
    assert [row[0] for each in cuts for row in each.checked.rows] == [row["id_erp"] for row in rows]


@pytest.mark.parametrize(
    "broken", ['{"id_erp":"x",},', '{"id_erp":"x","itens":"},', '{"id_erp":]},']
)
def test_a_body_that_is_broken_is_told_as_such(broken: str) -> None:
    row = '{"id_erp":"1","itens":"a"},'

    with pytest.raises(BodyNotJson):
        cut(f"[{row * 2_000}{broken}{row * 2_000}{row[:-1]}]".encode())
