"""One definition per table, and what follows from it."""

import re
from datetime import date

import pytest

from sindico_provisioning.erp_tables import queries, registers, sales
from sindico_provisioning.erp_tables.errors import ErpTableNotFound
from sindico_provisioning.erp_tables.kinds import CNPJ, CPF, NFE_KEY
from sindico_provisioning.erp_tables.rows import Address, ErpRow, Item, OwnedRow
from sindico_provisioning.erp_tables.schemas import ErpTable, earliest_date
from sindico_provisioning.erp_tables.service import check_rows

every_table = pytest.mark.parametrize("table", queries.TABLES.values(), ids=lambda t: t.name)


def test_there_are_exactly_the_twelve_tables_and_the_two_own_resources() -> None:
    assert set(queries.TWELVE) == {
        "contato",
        "cotacao",
        "empresa",
        "empresa_marca",
        "fatura",
        "fornecedor",
        "itens_cotacao",
        "itens_nota",
        "itens_pedido",
        "nota",
        "pedido",
        "vendedor",
    }
    assert set(queries.TABLES) == {*queries.TWELVE, "empresa_propria", "filial"}


@every_table
def test_every_field_is_described_to_integrators(table: ErpTable) -> None:
    for field in queries.describe_table(table).fields:
        assert field.label, field.name
        assert field.description.endswith("."), field.name
        assert field.example is not None, field.name


@every_table
def test_the_example_of_a_table_is_a_valid_row(table: ErpTable) -> None:
    checked = check_rows(table, [queries.build_example(table)])

    assert checked.rejections == []
    assert len(checked.rows) == 1


@every_table
def test_key_comes_first_and_time_of_change_last_in_the_description(table: ErpTable) -> None:
    names = [field.name for field in queries.describe_table(table).fields]

    assert names[0] == "id_erp"
    assert names[-1] == "atualizado_em"
    assert sorted(names) == sorted(table.row.__struct_fields__)


@every_table
def test_sql_and_copy_columns_stand_in_the_order_of_the_tuples(table: ErpTable) -> None:
    names = tuple(column.name for column in queries.list_sql_columns(table))

    assert names == queries.list_copy_columns(table)
    assert names == (*table.row.__struct_fields__, "extras")
    assert names[0] == "id_erp"


def test_sql_types_follow_the_kind_of_the_field() -> None:
    types = {c.name: c.sql_type for c in queries.list_sql_columns(queries.get_table("itens_nota"))}

    assert types["nota_id"] == "text"
    assert types["sequencia"] == "integer"
    assert types["quantidade"] == "numeric(18,6)"
    assert types["valor_unitario"] == "numeric(21,10)"
    assert types["valor_total"] == "numeric(15,2)"
    assert types["atualizado_em"] == "timestamptz"
    assert types["extras"] == "jsonb"


@every_table
def test_only_fields_without_a_default_are_not_null(table: ErpTable) -> None:
    for column in queries.list_sql_columns(table):
        assert column.nullable == (column.name not in _never_null(table)), column.name


def _never_null(table: ErpTable) -> set[str]:
    return {f.name for f in table.fields if f.required or f.default is not None}


def test_a_load_walks_parents_before_children() -> None:
    order = [table.name for table in queries.order_tables()]

    assert len(order) == len(queries.TABLES)
    assert order[:3] == ["empresa_propria", "filial", "vendedor"]
    for table in queries.order_tables():
        for parent in table.references:
            assert order.index(parent) < order.index(table.name), (parent, table.name)


def test_a_load_of_some_tables_keeps_their_order() -> None:
    chosen = queries.order_tables(["itens_pedido", "pedido", "empresa"])

    assert [table.name for table in chosen] == ["empresa", "pedido", "itens_pedido"]


def test_every_reference_names_a_table() -> None:
    for table in queries.TABLES.values():
        assert table.references <= set(queries.TABLES)


@pytest.mark.parametrize("name", ["empresa", "contato", "pedido", "nota", "cotacao", "fatura"])
def test_rows_with_a_scope_carry_own_company_and_branch(name: str) -> None:
    references = {f.name: f.references for f in queries.get_table(name).fields}

    assert references["cod_empresa"] == "empresa_propria"
    assert references["cod_filial"] == "filial"


def test_a_document_field_states_its_bare_length() -> None:
    lengths = {f.format: f.max_length for f in queries.describe_table(_nota()).fields if f.format}

    assert lengths["nfe-key"] == 44


def _nota() -> ErpTable:
    return queries.get_table("nota")


def test_personal_data_are_marked() -> None:
    marked = {f.name for f in queries.get_table("contato").fields if f.personal}

    assert marked >= {"cpf", "nome", "email", "telefone", "celular", "data_nascimento"}


def test_an_unknown_table_is_not_found() -> None:
    with pytest.raises(ErpTableNotFound, match="There is no ERP table produto"):
        queries.get_table("produto")


def test_the_dated_tables_keep_two_years() -> None:
    kept = {t.name for t in queries.TABLES.values() if t.history_years == 2}

    assert kept == {"pedido", "itens_pedido", "nota", "itens_nota"}
    assert earliest_date(_nota(), today=date(2028, 2, 29)) == date(2026, 2, 28)
    assert earliest_date(queries.get_table("fatura"), today=date(2026, 11, 21)) is None


def test_every_declared_row_is_in_the_catalogue() -> None:
    declared = {
        row
        for module in (registers, sales)
        for row in vars(module).values()
        if isinstance(row, type) and issubclass(row, ErpRow)
    }

    assert declared - {ErpRow, OwnedRow, Address, Item} == {t.row for t in queries.TABLES.values()}


def test_table_names_are_their_classes_in_snake_case() -> None:
    for table in queries.TABLES.values():
        assert table.name == re.sub(r"(?<!^)([A-Z])", r"_\1", table.row.__name__).lower()


def test_formats_are_used_where_documents_stand() -> None:
    kinds = {f.name: f.kind for t in queries.TABLES.values() for f in t.fields}

    assert (kinds["cnpj"], kinds["cpf"], kinds["chave_acesso"]) == (CNPJ, CPF, NFE_KEY)
