"""What is copied as text is what the driver would have written value by value."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from uuid_utils.compat import uuid7

from sindico_platform.database.tx import Actor
from sindico_platform.database.uow import UnitOfWork
from sindico_provisioning.erp_tables.queries import TABLES, build_example, get_table
from sindico_provisioning.erp_tables.schemas import ErpTable, UnknownFields, encode_rows
from sindico_provisioning.erp_tables.service import check_ndjson, check_rows
from sindico_provisioning.staging import service
from sindico_provisioning.staging.lines import render_lines
from sindico_provisioning.staging.models import STAGING

NASTY = (
    "plain",
    "",
    "null",
    "NULL",
    "\\N",
    "\\.",
    'a "quoted" word',
    '"',
    "\\",
    '\\"',
    "a\\nb",
    "line\nbreak",
    "\n\\.\n",
    "tab\tand\rreturn\b\f\x01\x1f\x7f",
    "],[",
    "]\n[",
    "comma, semicolon; 'apostrophe'",
    "ação 日本 😀 \u2028",
)


async def copy_and_read(uow: UnitOfWork, table: ErpTable, rows: list[Any]) -> list[tuple[Any, ...]]:
    """Store rows by COPY, in a tenant of their own, and read them back in key order."""
    tenant, integration = uuid7(), uuid7()
    staged = STAGING[table.name]
    names = [*table.row.__struct_fields__, "extras"]
    async with uow.begin(Actor.system(tenant)) as tx:
        await service.open_incoming(tx, table=table)
        await service.copy_incoming(
            tx, table=table, lines=service.in_parts(render_lines(encode_rows(rows)))
        )
        await service.merge_incoming(tx, table=table, integration_id=integration, count=len(rows))
    async with uow.begin(Actor.system(tenant)) as tx:
        found = await tx.session.execute(
            select(*(staged.c[name] for name in names)).order_by(staged.c.id_erp)
        )
        return [tuple(row) for row in found]


@pytest.mark.parametrize("name", TABLES)
async def test_every_table_is_copied_as_it_was_checked(uow: UnitOfWork, name: str) -> None:
    table = get_table(name)
    full = build_example(table) | {"campo_do_erp": {"a": ['"', "\\", "\n"]}}
    least = {f.name: full[f.name] for f in table.fields if f.required} | {"id_erp": "zz"}
    checked = check_rows(table, [full, least], unknown=UnknownFields.KEEP)
    assert not checked.rejections

    found = await copy_and_read(uow, table, checked.rows)

    as_read = [
        (*row[:-1], None if row[-1] is None else {"campo_do_erp": {"a": ['"', "\\", "\n"]}})
        for row in checked.rows
    ]
    assert found == as_read


@pytest.mark.parametrize("text", NASTY, ids=ascii)
async def test_any_text_survives(uow: UnitOfWork, text: str) -> None:
    table = get_table("vendedor")
    checked = check_rows(table, [{"id_erp": f"k{n}", "nome": text} for n in range(3)])

    found = await copy_and_read(uow, table, checked.rows)

    assert found == checked.rows


async def test_numbers_are_stored_as_they_were_written(uow: UnitOfWork) -> None:
    sent = ["0", "-0", "7", "1.5", "-12.3456", '"00.5"', '"-3"', "999.9999", "null", '""', "1e2"]
    lines = [f'{{"id_erp":"k{n:02}","nome":"A","comissao":{each}}}' for n, each in enumerate(sent)]
    checked = check_ndjson(get_table("vendedor"), "\n".join(lines).encode())
    assert not checked.rejections

    assert await copy_and_read(uow, get_table("vendedor"), checked.rows) == checked.type_rows()


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.text(max_size=60), st.decimals(0, 999, places=4)), max_size=8))
async def test_any_row_survives(uow: UnitOfWork, values: list[tuple[str, Decimal]]) -> None:
    table = get_table("vendedor")
    sent = [
        {"id_erp": f"k{n}", "nome": text, "telefone": text[:40], "comissao": number}
        for n, (text, number) in enumerate(values)
    ]
    rows = check_rows(table, sent).rows

    assert await copy_and_read(uow, table, rows) == rows
