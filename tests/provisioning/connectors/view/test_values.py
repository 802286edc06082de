"""What databases keep, and what our rows are made of."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import CHAR, String

from sindico_provisioning.connectors.view.drivers.schemas import Reflected
from sindico_provisioning.connectors.view.keyset import decode, encode
from sindico_provisioning.connectors.view.schemas import ViewSource
from sindico_provisioning.connectors.view.statements import lay_out
from sindico_provisioning.connectors.view.values import turn_rows

ZONE = ZoneInfo("America/Sao_Paulo")
NAIVE = datetime(2026, 11, 20, 8)  # noqa: DTZ001 (as databases keep it)


def turn(field: str, value: Any, *, table: str = "empresa", kind: Any = None) -> Any:
    source = ViewSource(table=table, schema=None, view="v", columns={field: "c"})
    layout = lay_out(
        source, [Reflected(name="c", kind=kind or String(), label="")], row_comparison=False
    )
    (row,) = turn_rows(layout, [(value,)], ZONE)
    return row[field]


@pytest.mark.parametrize(
    ("field", "stored", "ours"),
    [
        ("id_erp", 48213, "48213"),
        ("id_erp", Decimal(48213), "48213"),
        ("id_erp", UUID(int=7), "00000000-0000-0000-0000-000000000007"),
        ("cnpj", 191, "00000000000191"),
        ("cnpj", Decimal(11222333000181), "11222333000181"),
        ("id_erp", Decimal("1E+40"), "1" + "0" * 40),
        ("id_erp", Decimal("1E+999999999"), "1E+999999999"),
        ("id_erp", Decimal("NaN"), "NaN"),
        ("id_erp", Decimal("-Infinity"), "-Infinity"),
        ("id_erp", float("inf"), "inf"),
        ("id_erp", 1.5, "1.5"),
        ("razao_social", "Acme ", "Acme "),
        ("ativo", "S", True),
        ("ativo", "Não", False),
        ("ativo", Decimal(1), True),
        ("ativo", b"\x00", False),
        ("ativo", " ", None),
        ("ativo", "talvez", "talvez"),
        ("atualizado_em", NAIVE, datetime(2026, 11, 20, 8, tzinfo=ZONE)),
        ("atualizado_em", datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)),
        ("atualizado_em", date(2026, 11, 20), datetime(2026, 11, 20, tzinfo=ZONE)),
    ],
    ids=str,
)
def test_a_value_of_a_company(field: str, stored: Any, ours: Any) -> None:
    assert turn(field, stored) == ours


@pytest.mark.parametrize(
    ("stored", "ours"),
    [
        (Decimal("2.00"), 2),
        (Decimal("1E+40"), 10**40),
        (Decimal("1E+999999999"), Decimal("1E+999999999")),
        (Decimal("Infinity"), Decimal("Infinity")),
        (Decimal("2.5"), Decimal("2.5")),
        (" 12 ", 12),
        ("9" * 5_000, "9" * 5_000),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_whole_number_of_an_items_line(stored: Any, ours: Any) -> None:
    assert turn("sequencia", stored, table="itens_pedido") == ours


@pytest.mark.parametrize(
    ("field", "stored", "ours"),
    [
        ("data_emissao", NAIVE, date(2026, 11, 20)),
        ("data_emissao", date(2026, 11, 20), date(2026, 11, 20)),
        ("valor_total", Decimal("1.50"), Decimal("1.50")),
        ("valor_total", " 1.50 ", "1.50"),
        ("valor_total", None, None),
    ],
    ids=str,
)
def test_a_value_of_an_order(field: str, stored: Any, ours: Any) -> None:
    assert turn(field, stored, table="pedido") == ours


def test_a_padded_column_loses_its_spaces() -> None:
    assert turn("id_erp", "A1   ", kind=CHAR(5)) == "A1"


@pytest.mark.parametrize(
    "value",
    [
        None,
        "á'\"",
        2**70,
        Decimal("1.50"),
        0.1,
        date(2026, 2, 28),
        NAIVE,
        datetime(2026, 2, 28, tzinfo=UTC),
        UUID(int=9),
    ],
    ids=str,
)
def test_a_cursor_keeps_every_key_exactly(value: Any) -> None:
    kept = decode(encode(value))

    assert (kept, type(kept)) == (value, type(value))
