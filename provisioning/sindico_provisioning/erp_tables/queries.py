"""What follows from the definitions: lists, columns, the order of load phases, descriptions."""

from collections.abc import Collection, Iterable
from types import MappingProxyType
from typing import Any

from sindico_provisioning.erp_tables import registers, sales
from sindico_provisioning.erp_tables.errors import ErpTableNotFound
from sindico_provisioning.erp_tables.schemas import (
    EXTRAS,
    ErpField,
    ErpTable,
    FieldInfo,
    Parent,
    SqlColumn,
    TableInfo,
)

_HISTORY_YEARS = 2

_DEFINITIONS = (
    ErpTable(
        name="empresa_propria",
        label="Empresa própria",
        description="Empresas do próprio cliente",
        row=registers.EmpresaPropria,
    ),
    ErpTable(
        name="filial",
        label="Filial",
        description="Filiais do próprio cliente",
        row=registers.Filial,
    ),
    ErpTable(name="vendedor", label="Vendedor", description="Vendedores", row=registers.Vendedor),
    ErpTable(
        name="fornecedor",
        label="Fornecedor",
        description="Fornecedores para uso em tarefas de procedimentos",
        row=registers.Fornecedor,
    ),
    ErpTable(
        name="empresa",
        label="Empresa",
        description="Clientes pessoa jurídica interessantes ao CRM",
        row=registers.Empresa,
    ),
    ErpTable(
        name="empresa_marca",
        label="Empresa marca",
        description="View para relacionar a empresa à situação comercial com as marcas",
        row=registers.EmpresaMarca,
    ),
    ErpTable(
        name="contato",
        label="Contato",
        description="Clientes pessoa física interessantes ao CRM",
        row=registers.Contato,
    ),
    ErpTable(
        name="cotacao",
        label="Cotacao",
        description="Cotações feitas para os clientes",
        row=sales.Cotacao,
        date_field="data_emissao",
    ),
    ErpTable(
        name="itens_cotacao",
        label="Itens cotacao",
        description="Itens incluídos nas cotações geradas",
        row=sales.ItensCotacao,
    ),
    ErpTable(
        name="pedido",
        label="Pedido",
        description="Pedidos dos clientes interessantes ao CRM nos últimos 2 anos",
        row=sales.Pedido,
        history_years=_HISTORY_YEARS,
        date_field="data_emissao",
    ),
    ErpTable(
        name="itens_pedido",
        label="Itens pedido",
        description="Itens de pedidos dos clientes interessantes ao CRM nos últimos 2 anos",
        row=sales.ItensPedido,
        history_years=_HISTORY_YEARS,
    ),
    ErpTable(
        name="nota",
        label="Nota",
        description="Notas fiscais dos clientes interessantes ao CRM nos últimos 2 anos",
        row=sales.Nota,
        history_years=_HISTORY_YEARS,
        date_field="data_emissao",
    ),
    ErpTable(
        name="itens_nota",
        label="Itens nota",
        description="Itens das notas fiscais dos clientes interessantes ao CRM nos últimos 2 anos",
        row=sales.ItensNota,
        history_years=_HISTORY_YEARS,
    ),
    ErpTable(
        name="fatura",
        label="Fatura",
        description="Duplicatas abertas dos clientes",
        row=sales.Fatura,
        date_field="data_vencimento",
        closed_when_zero="saldo",
    ),
)

TABLES = MappingProxyType({table.name: table for table in _DEFINITIONS})
"""All fourteen resources by name, parents before children."""

OWN_TABLES = ("empresa_propria", "filial")
"""The two further load resources: the customer's own companies and branches."""

TWELVE = tuple(name for name in TABLES if name not in OWN_TABLES)
"""The twelve tables of the intermediate database (R-384)."""


def get_table(name: str) -> ErpTable:
    """Look a table up by its name.

    Raises:
        ErpTableNotFound: no ERP table has that name.
    """
    table = TABLES.get(name)
    if table is None:
        raise ErpTableNotFound(table=name)
    return table


def order_tables(names: Collection[str] | None = None) -> tuple[ErpTable, ...]:
    """Put tables in the order a load must walk them: each after those it refers to.

    Args:
        names: which tables; None means all.

    Raises:
        ErpTableNotFound: a name is no table's.
    """
    wanted = {get_table(name).name for name in (TABLES if names is None else names)}
    done: dict[str, ErpTable] = {}
    for table in TABLES.values():
        _place_after_parents(table, done)
    return tuple(table for name, table in done.items() if name in wanted)


def _place_after_parents(table: ErpTable, done: dict[str, ErpTable]) -> None:
    if table.name in done:
        return
    for parent in sorted(table.references, key=list(TABLES).index):
        _place_after_parents(TABLES[parent], done)
    done[table.name] = table


def list_copy_columns(table: ErpTable) -> tuple[str, ...]:
    """Name the columns of the tuples in `Checked.rows`, in their order."""
    return (*(column.name for column in table.columns), EXTRAS)


def list_sql_columns(table: ErpTable) -> tuple[SqlColumn, ...]:
    """Name and type the staging columns, in COPY order.

    The staging itself adds tenant, integration and bookkeeping, and keys the table by
    ``(tenant_id, integration_id, id_erp)``.
    """
    extras = SqlColumn(name=EXTRAS, sql_type="jsonb", nullable=True)
    return (*(_sql_column(column) for column in table.columns), extras)


def _sql_column(field: ErpField) -> SqlColumn:
    return SqlColumn(name=field.name, sql_type=field.kind.sql_type, nullable=field.nullable)


def describe_table(table: ErpTable) -> TableInfo:
    """Tell an integrator everything about a table."""
    return TableInfo(
        table=table.name,
        label=table.label,
        description=table.description,
        key="id_erp",
        history_years=table.history_years,
        fields=[_describe_field(field) for field in table.fields],
    )


def _describe_field(field: ErpField) -> FieldInfo:
    return FieldInfo(
        name=field.name,
        label=field.label,
        description=field.description,
        type=field.kind.type,
        format=field.kind.format,
        required=field.required,
        max_length=field.kind.length or field.max_length,
        decimal_places=field.kind.decimal_places,
        personal=field.personal,
        references=field.references,
        example=field.example,
    )


def build_example(table: ErpTable, *, only: Iterable[str] | None = None) -> dict[str, Any]:
    """Build one valid row from the fields' examples, as it stands on the wire."""
    names = None if only is None else set(only)
    return {f.name: f.example for f in table.fields if names is None or f.name in names}


def parent_of(table: ErpTable) -> Parent | None:
    """The dated table whose row tells how old a row of `table` is; None if it has its own date."""
    if table.date_field is not None:
        return None
    parents = [
        Parent(table=field.references, field=field.name)
        for field in table.fields
        if field.references and TABLES[field.references].date_field
    ]
    return parents[0] if parents else None
