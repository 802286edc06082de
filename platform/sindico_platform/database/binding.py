"""One statement that binds a tenant and reads its rows."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Text, Uuid, bindparam, cast, func, select, text, true
from sqlalchemy.dialects.postgresql import asyncpg as asyncpg_dialect
from sqlalchemy.orm import InstrumentedAttribute

from sindico_platform.database.driver import Row
from sindico_platform.database.plain import PlainPool

DIALECT: Any = asyncpg_dialect.dialect()  # type: ignore[no-untyped-call]  # has no annotation


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """Reads in the name of one tenant; every statement stands alone and binds the tenant itself."""

    pool: PlainPool
    tenant_id: UUID

    async def fetch(self, statement: str, *values: Any) -> list[Row]:
        """Run one statement, made by `bind_first`."""
        return await self.pool.fetch(statement, *values)


def bind_first(rows: Select[Any], tenant: InstrumentedAttribute[UUID]) -> Select[Any]:
    """Put the binding of a tenant and a reading of its rows into one statement.

    The rows are asked for with the tenant that the binding gives back, so no plan can read them
    before; and if one could, row-level security would show it nothing. What stands under a single
    row keeps its order.

    Args:
        rows: what to read.
        tenant: the column that names the tenant in it.

    Returns:
        The statement; its parameter ``tenant_id`` is text.
    """
    parameter = bindparam("tenant_id", type_=Text)
    binding = func.set_config(text("'sindico.tenant_id'"), parameter, true())
    bound = select(cast(binding, Uuid).label("tenant_id")).subquery("bound")
    found = rows.where(tenant == bound.c.tenant_id).lateral("found")
    return select(found).select_from(bound.join(found, true()))


def in_driver_form(statement: Select[Any]) -> tuple[str, tuple[str, ...]]:
    """SQL with ``$1`` and on, and the names of the parameters in that order."""
    compiled: Any = statement.compile(dialect=DIALECT)
    return str(compiled), tuple(compiled.positiontup or ())
