"""Every SELECT on what is linked to a company or branch.

The tables are found by their foreign keys, so that a new one cannot be forgotten.
"""

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import Column, ForeignKeyConstraint, Table, func, or_, select

from sindico_platform.database.base import Base, table_of
from sindico_platform.database.tx import Tx
from sindico_tenants.companies.linked.schemas import LinkedOut

RESOURCES = {
    "crm.branch": "branches",
    "crm.account": "accounts",
    "crm.contact": "contacts",
    "crm.sales_order": "sales_orders",
    "crm.fiscal_note": "fiscal_notes",
    "crm.trade_bill": "trade_bills",
    "crm.abc_settings": "abc_settings",
    "crm.document": "documents",
    "crm.ftp_settings": "ftp_settings",
    "crm.smtp_settings": "smtp_settings",
}
"""The grid's resource of each table that refers to companies or branches."""


def referrers_of(model: type[Base]) -> dict[Table, list[Column[UUID]]]:
    """The tables with a foreign key to the model's, each with the columns that hold its id."""
    target = table_of(model)
    found: dict[Table, list[Column[UUID]]] = {}
    for table in Base.metadata.sorted_tables:
        if columns := list(_columns_to(target, table)):
            found[table] = columns
    return found


def _columns_to(target: Table, table: Table) -> Iterator[Column[UUID]]:
    for key in table.foreign_key_constraints:
        if key.referred_table is target:
            yield _id_column(key)


def _id_column(key: ForeignKeyConstraint) -> Column[UUID]:
    """The column that names the row; the key's other one is the tenant."""
    return next(element.parent for element in key.elements if element.column.name == "id")


def resource_of(table: Table) -> str:
    """What a table's rows are called; a table nobody named goes by its own name."""
    return RESOURCES.get(table.fullname, table.name)


async def count_linked(tx: Tx, model: type[Base], row_id: UUID) -> list[LinkedOut]:
    """Count what is linked to one company or branch, by kind, in one statement; no kind is 0."""
    counts = {
        resource_of(table): select(func.count())
        .select_from(table)
        .where(table.c.tenant_id == tx.tenant_id, or_(*(column == row_id for column in columns)))
        .scalar_subquery()
        for table, columns in referrers_of(model).items()
    }
    row = (await tx.session.execute(select(*counts.values()))).one()
    return [
        LinkedOut(resource=resource, count=count)
        for resource, count in zip(counts, row, strict=True)
        if count
    ]
