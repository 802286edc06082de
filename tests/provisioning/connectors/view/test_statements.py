"""The SQL that each dialect gets, compiled by SQLAlchemy."""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import DateTime, Dialect, String
from sqlalchemy.dialects.mssql.pymssql import MSDialect_pymssql
from sqlalchemy.dialects.mysql.pymysql import MySQLDialect_pymysql
from sqlalchemy.dialects.oracle.oracledb import OracleDialect_oracledb
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg

from sindico_provisioning.connectors.view.drivers.schemas import Reflected
from sindico_provisioning.connectors.view.keyset import Place, Step
from sindico_provisioning.connectors.view.schemas import ViewSource
from sindico_provisioning.connectors.view.statements import (
    Layout,
    lay_out,
    select_few,
    select_highest_mark,
    select_page,
)

SOURCE = ViewSource(
    table="pedido",
    schema="erp",
    view="v_pedidos",
    columns={"id_erp": "codigo", "numero": "Número"},
    watermark="alterado",
)
COLUMNS = [
    Reflected(name="codigo", kind=String(20), label="varchar(20)"),
    Reflected(name="Número", kind=String(20), label="varchar(20)"),
    Reflected(name="alterado", kind=DateTime(), label="timestamp"),
]
DIALECTS: dict[str, Any] = {
    "postgresql": PGDialect_asyncpg,
    "sqlserver": MSDialect_pymssql,
    "oracle": OracleDialect_oracledb,
    "mysql": MySQLDialect_pymysql,
}
MARK = datetime(2026, 11, 20, 8)  # noqa: DTZ001 (as databases keep it)
FROM_KEY = Place(print="x", step=Step.KEYS, key="A9")
FROM_MARK = Place(print="x", step=Step.CHANGES, key="A9", mark=MARK)


def dialect_of(name: str) -> Dialect:
    made: Dialect = DIALECTS[name]()
    if name == "oracle":
        made.server_version_info = (19, 0)
    if name == "sqlserver":
        made._supports_offset_fetch = True  # type: ignore[attr-defined]  # as from 2012 on
    return made


def written(name: str, statement: Any) -> str:
    """The statement on one line, its parameters written out."""
    compiled = statement.compile(
        dialect=dialect_of(name), compile_kwargs={"literal_binds": True, "render_postcompile": True}
    )
    return " ".join(str(compiled).split())


def layout_for(name: str) -> Layout:
    return lay_out(SOURCE, COLUMNS, row_comparison=name == "postgresql")


LIMITS = {
    "postgresql": 'SELECT erp.v_pedidos.codigo, erp.v_pedidos."Número", erp.v_pedidos.alterado',
    "sqlserver": "SELECT TOP 11 erp.v_pedidos.codigo",
    "oracle": "FETCH FIRST 11 ROWS ONLY",
    "mysql": "LIMIT 11",
}


@pytest.mark.parametrize("name", DIALECTS)
def test_everything_goes_by_key_and_stops_at_the_page(name: str) -> None:
    found = written(name, select_page(layout_for(name), FROM_KEY, rows=11))

    assert LIMITS[name] in found
    assert "WHERE codigo IS NOT NULL AND codigo >= 'A9' ORDER BY codigo" in found


CHANGES = {
    "postgresql": "WHERE (alterado, codigo) >= ('2026-11-20 08:00:00', 'A9')",
    "sqlserver": "alterado > '2026-11-20 08:00:00' OR codigo >= 'A9'",
    "oracle": "OR codigo >= 'A9')",
    "mysql": "alterado > '2026-11-20 08:00:00' OR codigo >= 'A9'",
}


@pytest.mark.parametrize("name", DIALECTS)
def test_changes_go_by_watermark_and_key(name: str) -> None:
    found = written(name, select_page(layout_for(name), FROM_MARK, rows=11))

    assert CHANGES[name] in found
    assert "ORDER BY alterado, codigo" in found


@pytest.mark.parametrize("name", DIALECTS)
def test_a_number_beside_the_rows_is_asked_for(name: str) -> None:
    layout = layout_for(name)

    assert "max(alterado)" in written(name, select_highest_mark(layout))
    keyless = Place(print="x", step=Step.KEYLESS)
    assert "WHERE codigo IS NULL" in written(name, select_page(layout, keyless, rows=5))
    assert "WHERE" not in written(name, select_few(layout, rows=5))


@pytest.mark.parametrize(
    ("name", "quoted"),
    [
        ("postgresql", '"Número; DROP TABLE x --"'),
        ("sqlserver", "[Número; DROP TABLE x --]"),
        ("oracle", '"Número; DROP TABLE x --"'),
        ("mysql", "`Número; DROP TABLE x --`"),
    ],
)
def test_a_name_is_a_name_whatever_stands_in_it(name: str, quoted: str) -> None:
    strange = Reflected(name="Número; DROP TABLE x --", kind=String(9), label="varchar(9)")
    source = ViewSource(table="pedido", schema=None, view="v", columns={"id_erp": strange.name})

    found = written(name, select_few(lay_out(source, [strange], row_comparison=False), rows=1))

    assert quoted in found
