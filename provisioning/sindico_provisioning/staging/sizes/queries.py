"""Every SELECT on sizes."""

from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, func, literal_column, select, union_all

from sindico_platform.database.tx import Tx
from sindico_provisioning.staging.models import STAGING


def bytes_of_row(name: str) -> ColumnElement[int]:
    """What a row of an ERP table takes, without indexes."""
    return func.pg_column_size(literal_column(f"staging.{name}.*"))


def measure(tx: Tx, integration_id: UUID) -> Any:
    """One row: how many rows an integration has in all tables, and how many bytes they are."""
    tables = union_all(
        *(
            select(
                func.count().label("rows"),
                func.sum(bytes_of_row(name)).label("bytes"),
            )
            .select_from(table)
            .where(table.c.tenant_id == tx.tenant_id, table.c.integration_id == integration_id)
            for name, table in STAGING.items()
        )
    ).subquery("tables")
    return select(
        func.sum(tables.c.rows).cast(BigInteger).label("rows"),
        func.coalesce(func.sum(tables.c.bytes), 0).cast(BigInteger).label("size_bytes"),
    )
