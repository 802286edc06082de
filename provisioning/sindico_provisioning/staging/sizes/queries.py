"""Every SELECT on sizes."""

from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, func, literal_column, select, union_all

from sindico_platform.database.tx import Tx
from sindico_provisioning.staging.models import STAGING


def measure(tx: Tx, integration_id: UUID) -> Any:
    """One row: how many rows an integration has in all tables, and how many bytes they are."""
    tables = union_all(
        *(
            select(
                func.count().label("rows"),
                func.sum(func.pg_column_size(literal_column(f"staging.{name}.*"))).label("bytes"),
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
